"""A playbook made fast: checks as closures, dispatch tables, and the working copy of one lead."""
