"""From CRM records to canonical fields and back, and what webhooks' values mean. Pure."""
