"""The console over a large installation: how long each of its pages takes, and how much memory the web process has."""
