"""Upkeep: what the service does for itself: work that Redis forgot, drift, tokens, sync errors and warming up."""
