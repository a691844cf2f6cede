"""The state of a HubSpot portal: records, properties, associations, owners, and the webhooks about changes."""
