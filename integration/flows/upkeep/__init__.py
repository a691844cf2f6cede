"""What the service does for itself: work that Redis forgot, drift, tokens, letters and warming up."""
