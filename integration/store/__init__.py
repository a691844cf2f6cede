"""The store: tables and the statements over them, on SQLite and PostgreSQL."""
