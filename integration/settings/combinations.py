"""Checks of combinations: what one variable of the environment requires of another."""

from collections.abc import Iterator, Mapping
from urllib.parse import urlsplit

from connectors.salesforce.hosts import salesforces

_NEEDS = (
    ("HUBSPOT_ACCESS_TOKEN", "HUBSPOT_CLIENT_SECRET", "HubSpot's webhooks cannot be verified without it"),
    ("HUBSPOT_CLIENT_SECRET", "COLDFRAME_PUBLIC_URL", "HubSpot signs the address it posts to"),
    ("HUBSPOT_API_URL", "HUBSPOT_ACCESS_TOKEN", "HUBSPOT_API_URL is set"),
    ("HUBSPOT_APP_ID", "HUBSPOT_DEVELOPER_API_KEY", "an app's webhooks cannot be subscribed without it"),
    ("HUBSPOT_DEVELOPER_API_KEY", "HUBSPOT_APP_ID", "HUBSPOT_DEVELOPER_API_KEY is set"),
    ("SALESFORCE_ACCESS_TOKEN", "SALESFORCE_INSTANCE_URL", "Salesforce has no common address"),
    ("SALESFORCE_INSTANCE_URL", "SALESFORCE_ACCESS_TOKEN", "SALESFORCE_INSTANCE_URL is set"),
    ("SALESFORCE_API_URL", "SALESFORCE_ACCESS_TOKEN", "SALESFORCE_API_URL is set"),
    ("COLDFRAME_ALERT_URL", "COLDFRAME_ALERT_SECRET", "alerts are not sent unsigned"),
    ("COLDFRAME_ALERT_SECRET", "COLDFRAME_ALERT_URL", "COLDFRAME_ALERT_SECRET is set"),
    ("COLDFRAME_OUTBOUND_SECRET", "SALESFORCE_ORGANIZATION_ID", "outbound messages are known by it"),
)
"""(variable that is set, variable it asks for, why)"""


def unmet(given: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """(variable, problem) wherever the variables that are set ask for others, or do not go together."""
    missing: dict[str, str] = {}
    for holder, needed, reason in _NEEDS:
        if holder in given and needed not in given:
            missing.setdefault(needed, reason)
    yield from ((name, f"is not set, but {reason}") for name, reason in missing.items())
    if "COLDFRAME_REHEARSAL" in given and not _sandboxed(given):
        yield ("COLDFRAME_REHEARSAL", "is set, but a CRM is connected that is not a sandbox on this machine")
    instance = given.get("SALESFORCE_INSTANCE_URL")
    if instance is not None and not salesforces(instance) and "SALESFORCE_API_URL" not in given:
        yield ("SALESFORCE_INSTANCE_URL", "not a Salesforce domain, and no SALESFORCE_API_URL names a sandbox")


def _sandboxed(given: Mapping[str, str]) -> bool:
    """Whether every connected CRM is a sandbox on this machine."""
    return all(
        urlsplit(given.get(f"{system}_API_URL", "")).hostname == "127.0.0.1"
        for system in ("HUBSPOT", "SALESFORCE")
        if f"{system}_ACCESS_TOKEN" in given
    )
