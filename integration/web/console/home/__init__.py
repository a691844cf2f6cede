"""The first page of the console: is it working, and what needs a person now."""
