"""The addresses of HubSpot's API. Pure.

HubSpot publishes a version of its whole API each March and September and keeps each for 18 months; the numbered
versions before them end in 2027 [hubspot: versions]. `VERSION` is the one place that says which is asked.
"""

from urllib.parse import quote

VERSION = "2026-09"
"""The newest stable one. From it on administrators' rules for records hold for writes by API too."""

TOKEN = f"/oauth/{VERSION}/token"
ACCOUNT = f"/account-info/{VERSION}/details"
OWNERS = f"/crm/owners/{VERSION}"
CALL_OUTCOMES = "/calling/v1/dispositions"
"""The outcomes of calls that a portal has: no dated version that is out of its beta lists them."""
UNSUBSCRIBE = f"/communication-preferences/{VERSION}/statuses/batch/unsubscribe-all"


def objects(kind: str, action: str = "") -> str:
    """The records of an object type, and what may be done with them: `batch/read`, `search`."""
    whole = f"/crm/objects/{VERSION}/{_part(kind)}"
    return f"{whole}/{action}" if action else whole


def associations(kind: str, to: str) -> str:
    """The batch read of which records of type `to` those of type `kind` belong to."""
    return f"/crm/associations/{VERSION}/{_part(kind)}/{_part(to)}/batch/read"


def properties(kind: str, name: str = "") -> str:
    """The property definitions of an object type, or one of them."""
    return _under(f"/crm/properties/{VERSION}/{_part(kind)}", name)


def property_groups(kind: str, name: str = "") -> str:
    """The groups that an object type's properties stand in, or one of them."""
    return _under(f"/crm/properties/{VERSION}/{_part(kind)}/groups", name)


def lists(list_id: str = "", action: str = "") -> str:
    """The lists (segments), one of them, and what may be done with it: `update-list-filters`."""
    whole = _under(f"/crm/lists/{VERSION}", list_id)
    return f"{whole}/{action}" if action else whole


def list_named(type_id: str, name: str) -> str:
    """The list of an object type by its name, which no other list of that type has."""
    return f"/crm/lists/{VERSION}/object-type-id/{_part(type_id)}/name/{_part(name)}"


def app_webhooks(app: int, what: str) -> str:
    """An app's webhook `settings` or `subscriptions`: of legacy public apps, which alone have them here."""
    return f"/app-webhooks/{VERSION}/{app}/{what}"


def _under(collection: str, name: str) -> str:
    return f"{collection}/{_part(name)}" if name else collection


def _part(name: str) -> str:
    return quote(name, safe="")
