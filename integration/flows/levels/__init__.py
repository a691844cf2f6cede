"""Service levels: which clocks ran, who was late, and how the time to an answer splits."""
