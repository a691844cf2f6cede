"""The door to the database: sessions, dialects, errors, JSON columns and the SQLite writer lock."""
