"""The service: webhooks in, decisions, writes out."""
