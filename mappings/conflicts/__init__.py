"""Decides what counts when several systems give different values for one field or one activity, all of it pure."""
