"""The settings of an installation, from its environment: read once, checked, with secrets never shown."""
