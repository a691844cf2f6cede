"""From the shape of a playbook to the core's values, or to every mistake at once."""
