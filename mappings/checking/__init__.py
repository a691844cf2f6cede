"""A mapping held against the fields that a CRM really has. Pure."""
