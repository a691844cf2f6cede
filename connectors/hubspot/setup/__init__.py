"""What Coldframe sets up in HubSpot: properties, webhooks, and signing in."""
