"""The backlog of the outbox: what has not been sent yet, to be counted and shown."""

from dataclasses import dataclass
from typing import get_args

from sqlalchemy import Connection, bindparam, exists, func, literal_column, select

from integration.store.outgoing.outbox import Kind, still_new
from integration.store.outgoing.outgoing_rows import Outgoing, met_there, outgoing, shown
from integration.store.schema.tables import NEW, dirty, inbox, outbox, suspects
from mappings.values.identifiers import ConnectionName
from mappings.values.instant import Instant


@dataclass(frozen=True, slots=True, kw_only=True)
class Backlog:
    """What waits to be sent to one connection, or by one way of alerts, of one kind: how much, and since when."""

    connection: ConnectionName
    kind: str
    count: int
    since: Instant


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """What a connection's lane has to look at: of these kinds something waits that may go now, as far as its row says.

    `coming`: a delivery is still to be read, or a lead to be decided about. `suspected`: the lane has suspects.
    """

    kinds: frozenset[Kind]
    coming: bool
    suspected: bool


_o = outbox.c
_KINDS: tuple[Kind, ...] = get_args(Kind)
_WAITING_NOW = select(
    exists().where(dirty.c.since <= bindparam("now")),
    exists().where(inbox.c.state == NEW),
    exists().where(suspects.c.lane == bindparam("drain")),
    *(
        exists().where(
            still_new,
            _o.connection == bindparam("lane"),
            _o.kind == literal_column(f"'{kind}'"),
            _o.not_before <= bindparam("now"),
        )
        for kind in _KINDS
    ),
)
_BACKLOGS = (
    select(_o.connection, _o.kind, func.count().label("count"), func.min(_o.since).label("since"))
    .where(still_new)
    .group_by(_o.connection, _o.kind)
    .order_by(_o.connection, _o.kind)
)
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
_SENDABLE = (
    select(func.count())
    .select_from(outbox)
    .where(still_new, _o.connection == bindparam("lane"), _o.waits.is_(None), exists().where(met_there))
)
_COUNTS = select(_o.connection, _o.kind, _o.state, func.count()).group_by(_o.connection, _o.kind, _o.state)
_WAITING = _SENDABLE.where(_o.kind == bindparam("sort"))


def waiting_now(conn: Connection, connection: ConnectionName, lane: str, now: Instant) -> Waiting:
    """What there is to look at for a connection, whose lane is called `lane`; one statement, some steps of an index."""
    asked = {"lane": connection, "drain": lane, "now": now}
    undecided, unread, suspected, *kinds = conn.execute(_WAITING_NOW, asked).one()
    there = frozenset(kind for kind, waits in zip(_KINDS, kinds, strict=True) if waits)
    return Waiting(kinds=there, coming=bool(undecided or unread), suspected=bool(suspected))


def after(conn: Connection, connection: ConnectionName, kind: str, row_id: int, limit: int) -> list[Outgoing]:
    """What waits behind a row, in the order in which it was first wanted, whether it may go now or not."""
    found: dict[int, Outgoing] = {}
    for row in conn.execute(_AFTER, {"lane": connection, "sort": kind, "after": row_id, "n": limit}):
        if row.id not in found:
            found[row.id] = outgoing(row)
    return list(found.values())


def backlogs(conn: Connection) -> list[Backlog]:
    """Everything that waits, by connection and kind, whether it may go now or not."""
    return [Backlog(**row) for row in map(dict, conn.execute(_BACKLOGS).mappings())]


def sendable(conn: Connection, connection: ConnectionName) -> int:
    """How many rows of a connection wait whose lead has a record there, tasks that have nobody to go to left out."""
    return int(conn.execute(_SENDABLE, {"lane": connection}).scalar_one())


def waiting(conn: Connection, connection: ConnectionName, kind: str) -> int:
    """How many rows of one kind wait whose lead has a record there."""
    return int(conn.execute(_WAITING, {"lane": connection, "sort": kind}).scalar_one())


def counts(conn: Connection) -> dict[tuple[str, str, str], int]:
    """How many rows there are, by (connection, kind, state)."""
    return {(connection, kind, state): n for connection, kind, state, n in conn.execute(_COUNTS)}
