"""A Salesforce org in memory: what it holds, its query language, the endpoints an app calls, and a handle for tests."""
