"""Translates CRM records to canonical fields and back, and reads the values of webhooks, all of it pure."""
