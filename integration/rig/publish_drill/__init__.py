"""Rules that are published again and again on a living installation, and a comparison with what was predicted."""
