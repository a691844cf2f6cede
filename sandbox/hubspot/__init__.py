"""A HubSpot portal in memory: records, properties, search, associations, webhooks."""
