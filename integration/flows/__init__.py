"""Load, call the core, save: one transaction each."""
