"""Reading: bytes on disk become a playbook of the right shape, or a list of every mistake of shape."""
