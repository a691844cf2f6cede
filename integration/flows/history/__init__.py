"""History: what happened to leads, as the events of the core in the order of the core."""
