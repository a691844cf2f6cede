"""Answers to questions of people, which change nothing: explain, preview, shadow, unrecognised words."""
