"""The vocabulary in the console: what came in and was not recognised, to be ticked with what it means."""
