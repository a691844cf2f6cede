"""Commands that copy the store and put a copy back."""
