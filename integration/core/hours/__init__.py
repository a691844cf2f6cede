"""Whose working hours a clock counts by, and how time passes by them."""
