"""Intake: raw deliveries become activities and field changes, each once."""
