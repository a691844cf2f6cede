"""Refused webhooks: how many were refused lately, by source and likely cause. Nothing of what was sent."""

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any, Final

from sqlalchemy import Connection

from integration.store.db import kept_values
from integration.store.db.json_codec import decode, encode
from integration.store.db.session import serialise
from mappings.values.instant import DAY, Instant, Span

LATELY: Span = DAY
"""What has not come for so long is counted from the beginning when it comes again."""

_PURPOSE: Final = "refused_webhooks"


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    """Refused webhooks of one source and cause: how many, when first and when last."""

    source: str
    cause: str
    count: int
    first: Instant
    last: Instant


def known(conn: Connection, now: Instant) -> list[Refused]:
    """What was refused lately, the most frequent first."""
    text = kept_values.of_service(conn, _PURPOSE)
    rows = [Refused(**row) for row in decode(text, list[dict[str, Any]])] if text else []
    return sorted((each for each in rows if now - each.last < LATELY), key=lambda each: -each.count)


def add(conn: Connection, counts: Iterable[tuple[str, str, int]], now: Instant) -> None:
    """Add what was refused just now, by source and cause; as many rows as there are sources and causes."""
    serialise(conn, _PURPOSE)
    found = {(each.source, each.cause): each for each in known(conn, now)}
    for source, cause, count in counts:
        before = found.get((source, cause))
        total, first = (count, now) if before is None else (before.count + count, before.first)
        found[source, cause] = Refused(source=source, cause=cause, count=total, first=first, last=now)
    kept_values.put_of_service(conn, _PURPOSE, encode([asdict(each) for each in found.values()]), now)
