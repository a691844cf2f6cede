"""Checks a mapping against the fields that a CRM really has, all of it pure."""
