"""The flows: load, call the core, save, in one transaction each."""
