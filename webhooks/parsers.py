"""Parsers: a stored delivery becomes facts. Pure, and never raising: whatever was stored gives a result."""

from collections.abc import Callable, Mapping
from types import MappingProxyType

from mappings.values.instant import Instant
from webhooks import lenient
from webhooks.facts import Heard, Noticed, Oversized, Parsed, Rejected, Unreadable
from webhooks.sources import activity_deliveries, hubspot, salesforce

__all__ = ["ACTIVITIES", "HUBSPOT", "SALESFORCE", "Heard", "Noticed", "Parsed", "Rejected", "parse"]

HUBSPOT = hubspot.SYSTEM
ACTIVITIES = "activities"
SALESFORCE = salesforce.SOURCE

_PARSERS: Mapping[str, Callable[[bytes, Instant], Parsed]] = MappingProxyType(
    {HUBSPOT: hubspot.parse, ACTIVITIES: activity_deliveries.parse, SALESFORCE: salesforce.parse}
)


def parse(source: str, body: bytes, received_at: Instant) -> Parsed:
    """What a delivery from `source` (`hubspot`, `activities`, `salesforce_outbound`) says that came in at that time.

    A bad item is in `rejected`, the others are not. A body that cannot be read as a whole, or whose source is not
    known, is rejected as one item.
    """
    parser = _PARSERS.get(source)
    if parser is None:
        return _whole(f"no such source: {source}", body)
    try:
        return parser(body, received_at)
    except (Unreadable, Oversized) as error:
        return _whole(str(error), body)


def _whole(reason: str, body: bytes) -> Parsed:
    return Parsed(rejected=(Rejected(index=0, reason=reason, item=lenient.text(body.decode("utf-8", "replace"))),))
