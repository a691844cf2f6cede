"""The language of playbook files: their shape, their vocabulary, and mistakes with their places."""
