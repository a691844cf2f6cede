"""What happened to leads, and what was decided because of it, each once."""
