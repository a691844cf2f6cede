"""HubSpot, through hubspot-api-client."""

from mappings.values.identifiers import System

SYSTEM = System("hubspot")
"""What this CRM is called everywhere."""
