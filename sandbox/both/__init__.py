"""Both vendors side by side: the pair of systems, and the invented people and past that fill them."""
