"""The rules of an installation in the console: read, edit, try, publish, put back; one way for all kinds of files."""
