"""What a HubSpot portal holds: records, properties, associations, owners, and the webhooks it sends of changes."""
