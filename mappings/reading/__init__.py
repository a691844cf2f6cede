"""Single values: transforms, readings of what was sent, and whether two values are the same, all of it pure."""
