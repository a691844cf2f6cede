"""The decision engine: what must happen to a lead. Pure functions: no clock, no I/O, no randomness."""
