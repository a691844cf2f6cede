"""A first sync that is killed again and again, and a count of what was doubled."""
