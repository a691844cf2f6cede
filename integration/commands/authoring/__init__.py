"""Commands for who writes playbooks, mappings and vocabularies, and asks why a lead stands where it stands."""
