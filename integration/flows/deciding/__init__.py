"""Deciding: load leads, call the core, save states, standings and effects; under which playbook."""
