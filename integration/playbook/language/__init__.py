"""The language of playbook files: their shape, their words, and mistakes with their places."""
