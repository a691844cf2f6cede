"""How a task that joins an open one is carried out: by rewriting that, or as a task of its own."""
