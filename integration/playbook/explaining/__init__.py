"""Explains why a lead has its score, stage and track, as values for a page or a program."""
