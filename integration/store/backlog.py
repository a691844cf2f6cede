"""Backlog: what lies in the outbox and has not been sent, to be counted and shown."""

from dataclasses import dataclass

from sqlalchemy import Connection, and_, bindparam, exists, func, select

from integration.store.outbox import Outgoing, met_there, outgoing, shown, still_new
from integration.store.tables import outbox
from mappings.instant import Instant

_o = outbox.c
_after = (
    select(outbox)
    .where(
        still_new,
        _o.connection == bindparam("lane"),
        _o.kind == bindparam("sort"),
        _o.id > bindparam("after"),
        exists().where(met_there),
    )
    .order_by(_o.id)
    .limit(bindparam("n"))
    .cte("due")
)
_AFTER = shown(_after)
_recordless = and_(
    still_new,
    _o.connection == bindparam("lane"),
    _o.kind == "task",
    _o.since <= bindparam("before"),
    ~exists().where(met_there),
)
_RECORDLESS = select(func.count(), func.min(_o.id), func.min(_o.since)).where(_recordless)
_WHOSE = select(_o.lead_id).where(_recordless).order_by(_o.id).limit(10)
_SENDABLE = (
    select(func.count())
    .select_from(outbox)
    .where(still_new, _o.connection == bindparam("lane"), exists().where(met_there))
)
_WAITING = _SENDABLE.where(_o.kind == bindparam("sort"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Recordless:
    """Tasks whose leads have no record where they are to go: how many, the oldest's outbox id and time, some leads."""

    count: int
    oldest: int
    at: Instant
    leads: tuple[str, ...]


def without_record(conn: Connection, connection: str, before: Instant) -> Recordless | None:
    """Tasks that have waited since before then for a record of their lead; None where there are none."""
    asked = {"lane": connection, "before": before}
    count, oldest, at = conn.execute(_RECORDLESS, asked).one()
    if not count:
        return None
    leads = tuple(conn.execute(_WHOSE, asked).scalars())
    return Recordless(count=count, oldest=oldest, at=at, leads=leads)


def after(conn: Connection, connection: str, kind: str, row_id: int, limit: int) -> list[Outgoing]:
    """What waits behind a row, in the order in which it was first wanted, whether it may go now or not."""
    found: dict[int, Outgoing] = {}
    for row in conn.execute(_AFTER, {"lane": connection, "sort": kind, "after": row_id, "n": limit}):
        if row.id not in found:
            found[row.id] = outgoing(row)
    return list(found.values())


def sendable(conn: Connection, connection: str) -> int:
    """How many rows of a connection wait whose lead has a record there."""
    return int(conn.execute(_SENDABLE, {"lane": connection}).scalar_one())


def waiting(conn: Connection, connection: str, kind: str) -> int:
    """How many rows of one kind wait whose lead has a record there."""
    return int(conn.execute(_WAITING, {"lane": connection, "sort": kind}).scalar_one())
