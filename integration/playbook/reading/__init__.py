"""From bytes on disk to a playbook of the right shape, or every mistake of shape at once."""
