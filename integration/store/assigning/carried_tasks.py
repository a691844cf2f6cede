"""Carried tasks: a task that joined another is carried out by it, and these are all tasks of a lead that may do so."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from sqlalchemy import Connection, bindparam, exists, literal, null, select, update

from integration.store.db.dialects import among, run_many
from integration.store.db.json_codec import decode, encode, listed
from integration.store.schema.tables import NEW, outbox
from mappings.values.identifiers import ConnectionName, ExternalId, LeadId
from mappings.values.instant import Instant

CARRIED_BY = "carried_by"
"""In what is stored of a task that joined another: the key of the one that carries it out."""
APART_FROM = "apart_from"
"""In what is stored of one that could not join: the key of the one that it was to join."""
WHY_APART = "why_apart"
"""And why it could not."""


STOOD = "stood"
"""In what is stored of one that is to join another since two leads became one: where it stands, if a CRM has it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Joined:
    """What became of a task that joined another: the key of the task that carried it out, or why none did.

    `late`: it was decided as a task of its own, and is to join another since.
    """

    by: str = ""
    why_apart: str = ""
    late: bool = False


@dataclass(frozen=True, kw_only=True)
class LeadTask:
    """A task of a lead as the outbox has it; `closing` says that it is to be closed in the CRM."""

    id: int
    key: str
    lead_id: LeadId
    connection: ConnectionName
    state: str
    attempted: bool
    external_id: ExternalId | None
    closing: bool
    payload_text: str
    created_at: Instant

    @cached_property
    def payload(self) -> Mapping[str, Any]:
        """What it says."""
        return decode(self.payload_text, dict[str, Any])

    @property
    def stands(self) -> bool:
        """Whether a CRM has it, and nobody has asked for its closing."""
        return self.state == "sent" and self.external_id is not None and not self.closing

    @property
    def waits(self) -> bool:
        """Whether it has yet to be made, as a task of its own."""
        return self.state == "new" and "joins" not in self.payload


_o = outbox.c
_closing = outbox.alias("closing")
_OF_LEADS = (
    select(
        _o.id,
        _o.key,
        _o.lead_id,
        _o.connection,
        _o.state,
        _o.attempted,
        _o.external_id,
        exists().where(_closing.c.key == literal("closing:") + _o.key).label("closing"),
        _o.payload.label("payload_text"),
        _o.created_at,
    )
    .where(among(_o.lead_id, "ids"), _o.kind == "task", _o.payload.is_not(None))
    .order_by(_o.id)
)
_OF_KEYS = select(_o.key, _o.payload).where(among(_o.key, "keys"), _o.kind == "task", _o.payload.is_not(None))
_SOONER = (
    update(outbox)
    .where(among(_o.id, "ids"), _o.state == NEW, _o.waits.is_(None), _o.not_before > bindparam("now"))
    .values(not_before=bindparam("now"))
)
_CARRIED = (
    update(outbox)
    .where(_o.id == bindparam("row"), _o.state == NEW)
    .values(state="sent", external_id=null(), error=null(), attempts=0, payload=bindparam("said"))
)
_REJOIN = (
    update(outbox)
    .where(_o.id == bindparam("row"), _o.state.in_([NEW, "sent"]))
    .values(state=NEW, payload=bindparam("said"), not_before=0, attempts=0, error=null(), since=bindparam("now"))
)
_RESTORE = (
    update(outbox)
    .where(_o.id == bindparam("row"), _o.state == NEW)
    .values(state="sent", connection=bindparam("to"), external_id=bindparam("record"), payload=bindparam("said"))
)
_MOVE = update(outbox).where(_o.id == bindparam("row"), _o.state == NEW).values(connection=bindparam("to"))


def of_leads(conn: Connection, lead_ids: Iterable[LeadId]) -> Mapping[LeadId, Sequence[LeadTask]]:
    """Every task that was ever wanted about these leads, in the order in which they came."""
    found: defaultdict[LeadId, list[LeadTask]] = defaultdict(list)
    for row in conn.execute(_OF_LEADS, {"ids": listed(sorted(set(lead_ids)))}):
        found[row.lead_id].append(LeadTask(**row._mapping))  # noqa: SLF001 - SQLAlchemy's public way to a row's names
    return found


def joined(conn: Connection, keys: Iterable[str]) -> dict[str, Joined]:
    """By its key, what became of each of these that joined another; those that still wait are absent."""
    found: dict[str, Joined] = {}
    for key, text in conn.execute(_OF_KEYS, {"keys": listed(sorted(set(keys)))}):
        payload = decode(text, dict[str, Any])
        if not payload.keys().isdisjoint({CARRIED_BY, APART_FROM, STOOD}):
            by, why_apart = payload.get(CARRIED_BY, ""), payload.get(WHY_APART, "")
            found[key] = Joined(by=by, why_apart=why_apart, late=STOOD in payload)
    return found


def sooner(conn: Connection, ids: Iterable[int], now: Instant) -> None:
    """These waited for their turn; somebody in sales is to have them now."""
    conn.execute(_SOONER, {"ids": listed(sorted(ids)), "now": now})


def carried(conn: Connection, rows: Sequence[tuple[int, Mapping[str, Any], str]]) -> None:
    """(outbox id, what it said, key of the task that carries it out) of tasks that need not be made."""
    if rows:
        run_many(
            conn,
            _CARRIED,
            [{"row": row_id, "said": encode({**payload, CARRIED_BY: by})} for row_id, payload, by in sorted(rows)],
        )


def apart(payload: Mapping[str, Any], why: str) -> Mapping[str, Any]:
    """What a task says that is made after all, as a task of its own, since it could not join another."""
    return {**_without(payload, "joins", STOOD), APART_FROM: payload["joins"], WHY_APART: why}


def move(conn: Connection, rows: Sequence[tuple[int, ConnectionName]]) -> None:
    """(outbox id, connection) of tasks that join one in another connection than their own."""
    if rows:
        run_many(conn, _MOVE, [{"row": row_id, "to": to} for row_id, to in sorted(rows)])


def rejoin(conn: Connection, rows: Iterable[tuple[LeadTask, str]], now: Instant) -> None:
    """(task, key of another) of what is to join another than the one that carried it until now."""
    _again(conn, [(task.id, {**_without(task.payload, CARRIED_BY), "joins": joins}) for task, joins in rows], now)


def join_too(conn: Connection, rows: Iterable[tuple[LeadTask, str]], now: Instant) -> None:
    """(task, key of another) of tasks of their own that are to join another."""
    told = []
    for task, joins in rows:
        stood = {"connection": task.connection, "id": task.external_id}
        told.append((task.id, {**_without(task.payload, APART_FROM, WHY_APART), "joins": joins, STOOD: stood}))
    _again(conn, told, now)


def restore(conn: Connection, rows: Iterable[tuple[int, Mapping[str, Any], str]]) -> None:
    """(outbox id, payload, why) of tasks that a CRM has and that cannot join another: they stand where they stood."""
    told = []
    for row_id, payload, why in rows:
        stood, said = payload[STOOD], encode(apart(payload, why))
        told.append({"row": row_id, "to": stood["connection"], "record": stood["id"], "said": said})
    if told:
        run_many(conn, _RESTORE, sorted(told, key=lambda each: each["row"]))


def _again(conn: Connection, rows: Sequence[tuple[int, Mapping[str, Any]]], now: Instant) -> None:
    if rows:
        run_many(
            conn, _REJOIN, [{"row": row_id, "said": encode(payload), "now": now} for row_id, payload in sorted(rows)]
        )


def _without(payload: Mapping[str, Any], *names: str) -> Mapping[str, Any]:
    return {name: value for name, value in payload.items() if name not in names}
