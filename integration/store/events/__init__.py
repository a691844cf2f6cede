"""What happened and what was decided because of it, each once."""
