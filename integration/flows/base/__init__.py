"""What every flow works with: the service, lanes, calls and pauses."""
