"""The tables, defined once, and what brings a database to them."""
