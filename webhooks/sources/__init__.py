"""The senders of webhooks, one module each: what their deliveries say."""
