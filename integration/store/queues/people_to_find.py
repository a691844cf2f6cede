"""People to find: those whom a CRM is to be asked for by e-mail, since no reference leads to their record yet."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, bindparam, delete, select, update

from integration.store.db.dialects import among, upsert
from integration.store.db.json_codec import listed
from integration.store.schema.tables import people_to_find
from mappings.values.identifiers import ConnectionName
from mappings.values.instant import Instant


@dataclass(frozen=True, slots=True, kw_only=True)
class Sought:
    """Somebody whom a CRM is to be asked for."""

    connection: ConnectionName
    email: str
    seq: int = 0
    """Filled in by `take`; by which `done` knows whether they were sought again meanwhile."""
    attempts: int = 0


_c = people_to_find.c
_KEY = ["connection", "email"]
_SEEK = upsert(people_to_find, _KEY, lambda _new: {"seq": _c.seq + 1, "not_before": 0, "attempts": 0})
_TAKE = (
    select(_c.connection, _c.email, _c.seq, _c.attempts)
    .where(_c.connection == bindparam("lane"), _c.not_before <= bindparam("now"))
    .order_by(_c.not_before, _c.email)
    .limit(bindparam("n"))
)
_SOUGHT = select(_c.email).where(among(_c.email, "emails"))
_SAME = (_c.connection == bindparam("c"), _c.email == bindparam("e"), _c.seq == bindparam("s"))
_DONE = delete(people_to_find).where(*_SAME)
_POSTPONE = update(people_to_find).where(*_SAME).values(not_before=bindparam("later"), attempts=_c.attempts + 1)


def seek(conn: Connection, connections: Iterable[ConnectionName], emails: Iterable[str]) -> None:
    """Each of these CRMs is to be asked for each of these people, at once."""
    wanted = sorted(set(emails))
    rows = [{"connection": name, "email": email} for name in sorted(set(connections)) for email in wanted]
    if rows:
        conn.execute(_SEEK.on(conn), rows)


def take(conn: Connection, connection: ConnectionName, now: Instant, limit: int) -> list[Sought]:
    """The next people to ask for; they stay sought until `done`."""
    return [
        Sought(connection=lane, email=email, seq=seq, attempts=attempts)
        for lane, email, seq, attempts in conn.execute(_TAKE, {"lane": connection, "now": now, "n": limit})
    ]


def sought(conn: Connection, emails: Iterable[str]) -> set[str]:
    """Those of the e-mails that some CRM has still to be asked for."""
    wanted = list(emails)
    return set(conn.execute(_SOUGHT, {"emails": listed(wanted)}).scalars()) if wanted else set()


def done(conn: Connection, rows: Sequence[Sought]) -> None:
    """These were asked for; one that was sought again since `take` stays."""
    if rows:
        conn.execute(_DONE, [_same(row) for row in rows])


def postpone(conn: Connection, rows: Sequence[Sought], not_before: Instant) -> None:
    """Asking for these failed: try again then. One that was sought again since `take` stays due at once."""
    if rows:
        conn.execute(_POSTPONE, [_same(row) | {"later": not_before} for row in rows])


def _same(row: Sought) -> dict[str, object]:
    return {"c": row.connection, "e": row.email, "s": row.seq}
