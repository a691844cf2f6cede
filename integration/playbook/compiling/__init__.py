"""Compiling: a playbook file of the right shape becomes the core's values, or a list of every mistake."""
