"""The service: webhooks in, decisions, writes out."""

from connectors import vendors

__all__ = ["vendors"]
