"""Signing in to CRMs: from a person's answer to a stored connection that works, and keys that are rotated."""
