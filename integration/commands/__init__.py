"""The commands of `coldframe`, one module each."""
