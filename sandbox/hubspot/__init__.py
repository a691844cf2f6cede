"""A HubSpot portal in memory: what it holds, the endpoints an app calls, and a handle for tests."""
