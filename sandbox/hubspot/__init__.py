"""A HubSpot portal in memory: its records, the endpoints an app calls, and a handle for tests."""
