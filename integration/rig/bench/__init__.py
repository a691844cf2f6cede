"""Benches: a crowd, the floors of the machine, and the figures beside them."""
