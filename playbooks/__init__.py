"""The playbooks that ship, as data."""
