"""Records to read: those that a webhook or another record only names."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, bindparam, delete, func, select, update

from integration.store.db.dialects import insert_new, upsert
from integration.store.schema.tables import refresh
from mappings.values.identifiers import ConnectionName, ExternalId
from mappings.values.instant import Instant


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """A record to read."""

    connection: ConnectionName
    object: str
    external_id: ExternalId
    seq: int = 0
    """Filled in by `take`; `done` knows by it whether the record was wanted again meanwhile."""
    attempts: int = 0


_KEY = ["connection", "object", "external_id"]
_WANT = upsert(refresh, _KEY, lambda _new: {"seq": refresh.c.seq + 1, "not_before": 0, "attempts": 0})
_WANT_LATER = insert_new(refresh, _KEY)
_WAITING = select(func.count()).select_from(refresh)
_TAKE = (
    select(refresh.c.connection, refresh.c.object, refresh.c.external_id, refresh.c.seq, refresh.c.attempts)
    .where(refresh.c.connection == bindparam("lane"), refresh.c.not_before <= bindparam("now"))
    .order_by(refresh.c.not_before, refresh.c.object, refresh.c.external_id)
    .limit(bindparam("n"))
)
_SAME = (
    refresh.c.connection == bindparam("c"),
    refresh.c.object == bindparam("o"),
    refresh.c.external_id == bindparam("e"),
    refresh.c.seq == bindparam("s"),
)
_DONE = delete(refresh).where(*_SAME)
_POSTPONE = update(refresh).where(*_SAME).values(not_before=bindparam("later"), attempts=refresh.c.attempts + 1)


def want(conn: Connection, rows: Iterable[Wanted]) -> None:
    """These records must be read (again), at once; `seq` and `attempts` of the rows are ignored."""
    keys = sorted({(row.connection, row.object, row.external_id) for row in rows})
    if keys:
        conn.execute(_WANT.on(conn), [dict(zip(_KEY, key, strict=True)) for key in keys])


def want_later(conn: Connection, rows: Iterable[Wanted], at: Instant) -> None:
    """These records are to be read as well, after whatever is wanted at once; one that is wanted already stays so."""
    keys = sorted({(row.connection, row.object, row.external_id) for row in rows})
    if keys:
        conn.execute(_WANT_LATER.on(conn), [dict(zip(_KEY, key, strict=True), not_before=at) for key in keys])


def waiting(conn: Connection) -> int:
    """How many records are still to be read."""
    return int(conn.execute(_WAITING).scalar_one())


def take(conn: Connection, connection: ConnectionName, now: Instant, limit: int) -> list[Wanted]:
    """The next records to read; they stay wanted until `done`."""
    return [
        Wanted(connection=lane, object=name, external_id=external_id, seq=seq, attempts=attempts)
        for lane, name, external_id, seq, attempts in conn.execute(_TAKE, {"lane": connection, "now": now, "n": limit})
    ]


def done(conn: Connection, rows: Sequence[Wanted]) -> None:
    """These were read; one that was wanted again since `take` stays."""
    if rows:
        conn.execute(_DONE, [_same(row) for row in rows])


def postpone(conn: Connection, rows: Sequence[Wanted], not_before: Instant) -> None:
    """Reading these failed: try again then. One that was wanted again since `take` stays due at once."""
    if rows:
        conn.execute(_POSTPONE, [_same(row) | {"later": not_before} for row in rows])


def _same(row: Wanted) -> dict[str, object]:
    return {"c": row.connection, "o": row.object, "e": row.external_id, "s": row.seq}
