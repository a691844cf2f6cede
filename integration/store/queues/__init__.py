"""Work that waits: inbox, leads to decide, records to read, alerts, sync errors, and who drains which lane."""
