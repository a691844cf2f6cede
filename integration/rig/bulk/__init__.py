"""Bulk: an invented past of any size, everybody scored from it, and DuckDB's pass over the same."""
