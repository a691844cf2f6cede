"""What the store knows of the connected CRMs: tokens, limits, pauses, users, and the state of their own fields."""
