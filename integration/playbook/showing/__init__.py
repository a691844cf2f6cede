"""Playbooks for people: the shipped ones, a page to read, a comparison, and help for editors."""
