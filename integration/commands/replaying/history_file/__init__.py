"""A file of history: its lines read, divided by group, sorted and kept in temporary files."""
