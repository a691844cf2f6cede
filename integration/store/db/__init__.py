"""The database layer: sessions, dialects, errors, JSON columns and the SQLite writer lock."""
