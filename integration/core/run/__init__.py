"""The engine's run: decide on events, work that falls due, and the standing that results."""
