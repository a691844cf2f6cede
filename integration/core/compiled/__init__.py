"""A playbook compiled for speed: conditions as closures, dispatch tables, and the working copy of one lead."""
