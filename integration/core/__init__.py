"""What must happen to a lead: pure functions over frozen values. No clock, no I/O, no randomness."""
