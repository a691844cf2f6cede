"""Outages: when a connection could not be used, as intervals. What a pause was stays known when it is over.

A pause that begins within a minute after the one before ended is the same outage. `connection_pauses` writes them.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal, TypeAlias

from sqlalchemy import BigInteger, Connection, bindparam, delete, insert, or_, select, update

from integration.store.db.dialects import among
from integration.store.db.json_codec import listed
from integration.store.schema.tables import outages
from mappings.values.identifiers import ConnectionName
from mappings.values.instant import DAY, MINUTE, Instant, Span

Kind: TypeAlias = Literal["outage", "limit", "signed_out", "person"]
"""The CRM was away; it limited our calls; it has signed us out; a person had paused the connection."""
KEPT: Span = 400 * DAY
"""For how long they are kept: a year can be compared with the one before."""
_APART: Span = MINUTE


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordedOutage:
    """One interval; `ends` is None as long as nobody knows when it will be over."""

    connection: ConnectionName
    kind: Kind
    begins: Instant
    ends: Instant | None


_t = outages.c
_SAME = (_t.connection == bindparam("which"), _t.kind == bindparam("sort"))
_EXTEND = (
    update(outages)
    .where(*_SAME, or_(_t.ends_at.is_(None), _t.ends_at >= bindparam("lately")), _t.begins_at <= bindparam("now"))
    .values(ends_at=bindparam("until", type_=BigInteger), reason=bindparam("why"))
)
_END = (
    update(outages)
    .where(_t.connection == bindparam("which"), among(_t.kind, "kinds"))
    .where(or_(_t.ends_at.is_(None), _t.ends_at > bindparam("now")))
    .values(ends_at=bindparam("now"))
)
_BETWEEN = (
    select(_t.connection, _t.kind, _t.begins_at, _t.ends_at)
    .where(or_(_t.ends_at.is_(None), _t.ends_at > bindparam("since")), _t.begins_at < bindparam("before"))
    .order_by(_t.begins_at, _t.connection, _t.kind)
)
_PRUNE = delete(outages).where(_t.ends_at < bindparam("before"))
_OLD = select(_t.begins_at).where(_t.ends_at < bindparam("before")).limit(1)


def note(  # noqa: PLR0913, PLR0917 - the parts of an outage
    conn: Connection, connection: ConnectionName, kind: Kind, now: Instant, until: Instant | None, reason: str
) -> None:
    """A connection cannot be used from now until then (None: until somebody ends it)."""
    found = {"which": connection, "sort": kind, "now": now, "lately": now - _APART, "until": until, "why": reason}
    if not conn.execute(_EXTEND, found).rowcount:
        row = {"connection": connection, "kind": kind, "begins_at": now, "ends_at": until, "reason": reason}
        conn.execute(insert(outages), row)


def end(conn: Connection, connection: ConnectionName, kinds: Iterable[Kind], now: Instant) -> None:
    """Outages of these kinds are over now, sooner than was expected."""
    conn.execute(_END, {"which": connection, "kinds": listed(sorted(kinds)), "now": now})


def between(conn: Connection, since: Instant, before: Instant) -> list[RecordedOutage]:
    """The outages of every connection that reach into this time, by when they began."""
    return [
        RecordedOutage(connection=connection, kind=kind, begins=begins, ends=ends)
        for connection, kind, begins, ends in conn.execute(_BETWEEN, {"since": since, "before": before})
    ]


def prunable(conn: Connection, now: Instant) -> bool:
    """Whether there are any that have been kept for long enough."""
    return conn.execute(_OLD, {"before": now - KEPT}).first() is not None


def prune(conn: Connection, now: Instant) -> None:
    """Delete what has been kept for long enough."""
    conn.execute(_PRUNE, {"before": now - KEPT})
