"""Work that waits: inbox, leads to decide, records to read, alerts, letters, and who drains what."""
