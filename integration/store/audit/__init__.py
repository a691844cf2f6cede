"""The audit trail, sealed secrets, and where somebody is mentioned."""
