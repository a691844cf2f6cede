"""What must still stand in a CRM: the outbox, and what waits for a record or an owner."""
