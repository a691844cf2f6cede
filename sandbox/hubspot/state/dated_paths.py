"""HubSpot's paths, with the date of the version that the sandbox is a sandbox of.

Nothing answers to the numbered versions (v1 to v4), which HubSpot ends in 2027.
"""

VERSION = "2026-09"

OBJECTS = f"/crm/objects/{VERSION}"
ASSOCIATIONS = f"/crm/associations/{VERSION}"
PROPERTIES = f"/crm/properties/{VERSION}"
LISTS = f"/crm/lists/{VERSION}"
OWNERS = f"/crm/owners/{VERSION}"
PIPELINES = f"/crm/pipelines/{VERSION}"
PREFERENCES = f"/communication-preferences/{VERSION}"
ACCOUNT = f"/account-info/{VERSION}/details"
TOKEN = f"/oauth/{VERSION}/token"
APP_WEBHOOKS = f"/app-webhooks/{VERSION}/"
