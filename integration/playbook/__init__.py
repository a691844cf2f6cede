"""Playbooks: YAML in, compiled values or problems with positions out."""
