"""What two playbooks make of the same history: counted, compared and drawn, all of it pure."""
