"""Unassigned tasks: those that have nobody to go to, why each of them waits, and to whom the others were given."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, bindparam, func, select, update

from integration.store.db.dialects import among
from integration.store.db.json_codec import decode, encode, listed
from integration.store.schema.tables import NEW, effects, outbox
from mappings.values.identifiers import ConnectionName, LeadId
from mappings.values.instant import Instant


@dataclass(frozen=True, slots=True, kw_only=True)
class Assigned:
    """To whom a task goes, as it is kept with its effect: `user` is "" where nobody is found, and `waits` says why.

    `passed_over` are (who, why) of those who were looked at before. `connection` and `user` are the CRM's own ids.
    """

    role: str
    because: str = ""
    connection: ConnectionName = ConnectionName("")
    user: str = ""
    name: str = ""
    email: str = ""
    timezone: str = ""
    pool: str = ""
    """The pool that gave it, "" where it was nobody's to give."""
    passed_over: tuple[tuple[str, str], ...] = ()
    waits: str = ""
    remedy: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Unassigned:
    """Tasks of one connection that wait for one reason: how many, since when, and the oldest's own words."""

    connection: ConnectionName
    reason: str
    count: int
    since: Instant
    said: str = ""
    leads: tuple[str, ...] = field(default=())


_o, _e = outbox.c, effects.c
_WAIT = (
    update(outbox)
    .where(_o.id == bindparam("row"), _o.state == NEW)
    .values(waits=bindparam("why"), error=bindparam("words"), not_before=bindparam("until"))
)
_FOUND = update(outbox).where(among(_o.id, "ids"), _o.waits.is_not(None)).values(waits=None, error=None)
_COUNTS = (
    select(_o.connection, _o.waits, func.count(), func.min(_o.since), func.min(_o.id))
    .where(_o.state == NEW, _o.waits.is_not(None))
    .group_by(_o.connection, _o.waits)
    .order_by(_o.connection, _o.waits)
)
_SAID = select(_o.id, _o.error).where(among(_o.id, "ids"))
_ASSIGN = update(effects).where(_e.key == bindparam("which")).values(assigned=bindparam("told"))
_GIVEN = (
    select(_e.lead_id, _e.assigned)
    .where(among(_e.lead_id, "ids"), _e.assigned.is_not(None))
    .order_by(_e.decided_at, _e.at, _e.key)
)
_OF_KEYS = select(_e.key, _e.assigned).where(among(_e.key, "keys"))


def wait(conn: Connection, rows: Sequence[tuple[int, str, str]], until: Instant) -> None:
    """(outbox id, reason, words) of tasks that have nobody to go to; they are looked at again then."""
    if rows:
        conn.execute(
            _WAIT,
            [{"row": row_id, "why": reason, "words": words, "until": until} for row_id, reason, words in sorted(rows)],
        )


def found(conn: Connection, ids: Iterable[int]) -> None:
    """These wait no longer: there is somebody."""
    conn.execute(_FOUND, {"ids": listed(sorted(ids))})


def counts(conn: Connection) -> list[Unassigned]:
    """What waits, by connection and reason."""
    rows = conn.execute(_COUNTS).all()
    said = dict(conn.execute(_SAID, {"ids": listed(oldest for *_, oldest in rows)}).all())
    return [
        Unassigned(connection=connection, reason=reason, count=count, since=since, said=said.get(oldest) or "")
        for connection, reason, count, since, oldest in rows
    ]


def assign(conn: Connection, rows: Mapping[str, Assigned]) -> None:
    """Keep with each effect, by its key, to whom it goes."""
    if rows:
        conn.execute(_ASSIGN, [{"which": key, "told": encode(told)} for key, told in sorted(rows.items())])


def of_effects(conn: Connection, keys: Iterable[str]) -> dict[str, Assigned]:
    """What is kept with these effects."""
    rows = conn.execute(_OF_KEYS, {"keys": listed(sorted(keys))})
    return {key: decode(told, Assigned) for key, told in rows if told is not None}


def given(conn: Connection, lead_ids: Iterable[LeadId]) -> dict[str, list[Assigned]]:
    """To whom tasks about these leads were given, the oldest first."""
    told: dict[str, list[Assigned]] = {}
    for lead, text in conn.execute(_GIVEN, {"ids": listed(sorted(lead_ids))}):
        one = decode(text, Assigned)
        if one.user:
            told.setdefault(lead, []).append(one)
    return told


def shown(text: str | None) -> Mapping[str, Any] | None:
    """What is kept with an effect, as plain values."""
    return None if text is None else decode(text, dict[str, Any])
