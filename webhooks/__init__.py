"""Webhooks: verify over raw bytes, store, answer; parsers turn stored bytes into facts later."""
