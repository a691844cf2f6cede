"""Commands about alerts: what was raised, where it went, and a test message."""
