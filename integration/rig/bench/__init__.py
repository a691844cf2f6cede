"""Benches: a crowd of people, what the machine can do by itself, and the figures beside that."""
