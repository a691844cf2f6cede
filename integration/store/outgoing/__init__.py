"""What must still reach a CRM: the outbox, and what waits for a record or an owner."""
