"""From raw deliveries to activities and field changes, each once."""
