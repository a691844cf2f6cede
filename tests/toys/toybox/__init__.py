"""A CRM and a source of webhooks that no file of the product knows: what docs/howto/ describes, at its smallest."""
