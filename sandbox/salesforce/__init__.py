"""A Salesforce org in memory: its records, its query language, the endpoints an app calls, and a handle for tests."""
