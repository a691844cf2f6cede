"""Both vendors side by side: who holds them, and the invented people and their past that fill them."""
