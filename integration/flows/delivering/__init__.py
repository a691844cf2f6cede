"""Delivering: carries what was decided to a CRM until it has arrived, once."""
