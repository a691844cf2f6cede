"""`coldframe doctor` on webhooks that were not let in, with the likely cause of each kind."""

from collections.abc import Iterator, Mapping
from typing import cast

from connectors.base.port import Finding
from integration.store.db.session import Store
from integration.store.progress import refused_webhooks
from integration.store.queues import inbox
from mappings.values.instant import Instant, show_second
from webhooks.refusal_causes import SAID, Cause

_PROVED: frozenset[Cause] = frozenset({"public_url", "timestamp"})
"""Causes that only somebody with our secret can bring about."""
_REMEDIES: Mapping[Cause, str] = {
    "unsigned": "Nothing, where they are not yours: somebody tries addresses, or a tool does not sign.",
    "public_url": "Set COLDFRAME_PUBLIC_URL to the address that the sender has (docs/monitoring.md).",
    "secret": "If they are yours, compare the secret with the sender's (docs/connecting.md).",
    "timestamp": "Set this machine's clock, or the sender's.",
    "portal": "Compare the client secrets of the apps.",
    "organization": "Compare its id with the one in the settings, 18 characters.",
    "not_connected": "Connect the portal, or take the app off it.",
    "origin": "If the website is yours, list its origin and key in COLDFRAME_SITES (docs/sending.md).",
    "machine": "Nothing: crawlers and tests are left out.",
    "too_many": "Nothing, where it is a flood; limit connections by address at the proxy (docs/operations.md).",
    "not_examined": "Limit connections by address at the proxy (docs/operations.md).",
}


def examined(store: Store, now: Instant) -> Iterator[Finding]:
    """A line for each source and cause of the last day; amiss where a sender of ours is kept out.

    Anybody may send what is not signed or not ours: that is amiss only where nothing genuine has come since.
    """
    with store.read() as conn:
        found = refused_webhooks.known(conn, now)
        came = {each.source: inbox.newest(conn, each.source) for each in found}
    for each in found:
        cause = cast("Cause", each.cause)
        newest = came[each.source]
        silent = cause in {"secret", "organization", "portal"} and (newest is None or newest < each.first)
        times = f"{each.count:,} refused since {show_second(each.first)}, last {show_second(each.last)}"
        yield Finding(
            subject=f"webhooks: {each.source}",
            ok=not (silent or cause in _PROVED),
            detail=f"{times}: they {SAID[cause]}",
            remedy=_REMEDIES[cause],
        )
