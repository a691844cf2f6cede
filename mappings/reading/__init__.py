"""What a single value means: transforms, readings of what was sent, and whether two values say the same. Pure."""
