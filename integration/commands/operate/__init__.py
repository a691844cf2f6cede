"""Commands that run and operate an installation."""
