"""The whole product on one machine against the sandbox, and the people who use it."""
