"""The tables, said once, and what brings a database to them."""
