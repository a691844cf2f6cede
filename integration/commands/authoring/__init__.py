"""Commands for authors of playbooks, mappings and vocabularies, and for questions about one lead."""
