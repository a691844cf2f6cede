"""Processes killed under load, and a count of what was lost."""
