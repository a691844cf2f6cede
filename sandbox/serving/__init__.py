"""The HTTP server around both vendors, and the handles over HTTP for tests in other processes."""
