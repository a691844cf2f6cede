"""People and companies: who they are, their fields, and their CRM records."""
