"""Routing: who may get a task, whose turn it is, why others are passed over, and the file that says so; pure."""
