"""People and companies: who they are, what is known of them, and which CRM records they have."""
