"""What is known of the connected CRMs: tokens, limits, pauses, users, and their own fields."""
