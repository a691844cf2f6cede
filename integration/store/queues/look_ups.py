"""Look-ups: everything that a CRM is to be asked for, records by id and people by e-mail alike."""

from collections.abc import Iterable, Sequence
from typing import TypeAlias

from sqlalchemy import Connection, bindparam, exists, or_, select

from integration.store.db.dialects import elements
from integration.store.db.json_codec import listed
from integration.store.queues import people_to_find, records_to_read
from integration.store.queues.people_to_find import Sought
from integration.store.queues.records_to_read import Wanted
from integration.store.schema.tables import people_to_find as people_sought
from integration.store.schema.tables import refresh
from mappings.values.identifiers import ConnectionName
from mappings.values.instant import Instant

LookUp: TypeAlias = Wanted | Sought

_named = elements("names")
_WANTED = select(_named.c.value).where(
    or_(
        exists().where(people_sought.c.connection == _named.c.value, people_sought.c.not_before <= bindparam("now")),
        exists().where(refresh.c.connection == _named.c.value, refresh.c.not_before <= bindparam("now")),
    )
)


def want(conn: Connection, rows: Iterable[LookUp]) -> None:
    """All this is to be asked for (again), at once."""
    records, people = _parted(rows)
    records_to_read.want(conn, records)
    for name in sorted({row.connection for row in people}):
        people_to_find.seek(conn, [name], [row.email for row in people if row.connection == name])


def take(conn: Connection, connection: ConnectionName, now: Instant, limit: int) -> list[LookUp]:
    """What is to be asked for next, people first; it stays wanted until `done`."""
    people = people_to_find.take(conn, connection, now, limit)
    left = limit - len(people)
    return [*people, *(records_to_read.take(conn, connection, now, left) if left else ())]


def wanted(conn: Connection, connections: Iterable[ConnectionName], now: Instant) -> list[ConnectionName]:
    """Those of these connections that have something to ask their CRM for now."""
    return list(conn.execute(_WANTED, {"names": listed(connections), "now": now}).scalars())


def done(conn: Connection, rows: Sequence[LookUp]) -> None:
    """These were answered; one that was wanted again since `take` stays."""
    records, people = _parted(rows)
    records_to_read.done(conn, records)
    people_to_find.done(conn, people)


def postpone(conn: Connection, rows: Sequence[LookUp], not_before: Instant) -> None:
    """These failed: try again then. One that was wanted again since `take` stays due at once."""
    records, people = _parted(rows)
    records_to_read.postpone(conn, records, not_before)
    people_to_find.postpone(conn, people, not_before)


def _parted(rows: Iterable[LookUp]) -> tuple[list[Wanted], list[Sought]]:
    given = list(rows)
    return [row for row in given if isinstance(row, Wanted)], [row for row in given if isinstance(row, Sought)]
