"""Checks of combinations: what one variable of the environment requires of another."""

import re
from collections.abc import Iterator, Mapping
from urllib.parse import urlsplit

from connectors import vendors
from integration.settings import declared_settings
from integration.settings.value_types import parted
from mappings.declared.variables import Need

_ISSUER = "COLDFRAME_OIDC_ISSUER"
_NEEDS = (
    Need(variable="COLDFRAME_ALERT_URL", needed="COLDFRAME_ALERT_SECRET", why="alerts are not sent unsigned"),
    Need(variable="COLDFRAME_ALERT_WEBHOOKS", needed="COLDFRAME_ALERT_SECRET", why="alerts are not sent unsigned"),
    Need(variable="COLDFRAME_ALERT_EMAILS", needed="COLDFRAME_SMTP_URL", why="COLDFRAME_ALERT_EMAILS is set"),
    Need(variable="COLDFRAME_SMTP_URL", needed="COLDFRAME_SMTP_FROM", why="COLDFRAME_SMTP_URL is set"),
    Need(variable=_ISSUER, needed="COLDFRAME_OIDC_CLIENT_ID", why=f"{_ISSUER} is set"),
    Need(variable=_ISSUER, needed="COLDFRAME_OIDC_CLIENT_SECRET", why=f"{_ISSUER} is set"),
    Need(variable=_ISSUER, needed="COLDFRAME_CONSOLE_ROLES", why="nobody who signs in would have a role"),
    Need(variable=_ISSUER, needed="COLDFRAME_PUBLIC_URL", why="the provider sends people back to it"),
)
_CHANNEL_ID = re.compile(r"=[CGD][A-Z0-9]+$")


def unmet(given: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """(variable, problem) wherever the variables that are set ask for others, or do not go together."""
    missing: dict[str, str] = {}
    polled = set(parted(given.get("COLDFRAME_POLLED", "")))
    for need in (*declared_settings.needs(), *_NEEDS):
        if need.variable in given and need.needed not in given and need.webhooks_of not in polled:
            missing.setdefault(need.needed, need.why)
    yield from ((name, f"is not set, but {reason}") for name, reason in missing.items())
    yield from _of_alerts(given)
    if "COLDFRAME_REHEARSAL" in given and not _sandboxed(given):
        yield ("COLDFRAME_REHEARSAL", "is set, but a CRM is connected that is not a sandbox on this machine")
    for each in vendors.every():
        yield from each.unfit(given)


def _of_alerts(given: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """What alerts need that is not for every channel alike."""
    if "COLDFRAME_ALERT_SECRET" in given and not {"COLDFRAME_ALERT_URL", "COLDFRAME_ALERT_WEBHOOKS"} & given.keys():
        yield ("COLDFRAME_ALERT_URL", "is not set, but COLDFRAME_ALERT_SECRET is set")
    ids = [each for each in parted(given.get("COLDFRAME_SLACK_CHANNELS", "")) if _CHANNEL_ID.search(each)]
    if ids and "COLDFRAME_SLACK_TOKEN" not in given:
        yield ("COLDFRAME_SLACK_TOKEN", "is not set, but COLDFRAME_SLACK_CHANNELS names a channel by its id")


def _sandboxed(given: Mapping[str, str]) -> bool:
    """Whether every connected CRM is a sandbox on this machine."""
    return all(
        urlsplit(given.get(each.api_url, "")).hostname == "127.0.0.1" for each in vendors.every() if each.token in given
    )
