"""Salesforce, through simple-salesforce."""

from mappings.values.identifiers import System

SYSTEM = System("salesforce")
"""What this CRM is called everywhere."""
