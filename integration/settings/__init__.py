"""What the environment says of an installation: read once, checked, with secrets never shown."""
