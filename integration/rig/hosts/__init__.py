"""Several worker hosts over one PostgreSQL and one Redis: how they share the work, and what a cut connection loses."""
