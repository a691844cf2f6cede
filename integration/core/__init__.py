"""The decision engine: what must happen to a lead, in pure functions without clock, I/O or randomness."""
