"""Parsers: a stored delivery becomes facts. Pure, and never raising: whatever was stored gives a result."""

from mappings.values.instant import Instant
from webhooks import lenient, registry
from webhooks.facts import Noticed, Oversized, Parsed, Rejected, SentActivity, Unreadable

__all__ = ["Noticed", "Parsed", "Rejected", "SentActivity", "parse"]


def parse(source: str, body: bytes, received_at: Instant) -> Parsed:
    """What a delivery from a source (`activities` …) says that came in at that time.

    A bad item is in `rejected`, the others are not. A body that cannot be read as a whole, or whose source is not
    known, is rejected as one item.
    """
    found = registry.by_name().get(source)
    if found is None:
        return _whole(f"no such source: {source}", body)
    try:
        return found.parse(body, received_at)
    except (Unreadable, Oversized) as error:
        return _whole(str(error), body)


def _whole(reason: str, body: bytes) -> Parsed:
    return Parsed(rejected=(Rejected(index=0, reason=reason, item=lenient.text(body.decode("utf-8", "replace"))),))
