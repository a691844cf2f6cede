"""Examining an installation: what is amiss and what to do about it, found without calling a CRM."""
