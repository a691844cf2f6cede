"""Connections in the console: which CRMs are connected, how they are, and signing in to one in the browser."""
