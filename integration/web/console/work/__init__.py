"""What waits and what failed: queues, sync errors, people without a record, alerts, the audit trail, pauses."""
