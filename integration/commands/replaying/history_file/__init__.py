"""A file of history: its lines read, dealt out by group, sorted and kept in temporary files."""
