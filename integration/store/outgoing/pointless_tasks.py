"""Pointless tasks: what nobody is to work on any more is dropped where it waits, and closed where a CRM has it."""

from collections import defaultdict
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, bindparam, delete, exists, literal, select, update

from integration.core.model import effect_keys
from integration.store.assigning import assigned_tasks
from integration.store.audit import audit_trail
from integration.store.audit.audit_trail import Entry
from integration.store.db.dialects import among
from integration.store.db.json_codec import decode, listed
from integration.store.outgoing.outbox import NewOnce, want_once
from integration.store.schema.tables import NEW, effects, outbox
from mappings.values.identifiers import ConnectionName, LeadId
from mappings.values.instant import Instant

ANSWERED = "Answered"
"""What stands before the subject of a task about a lead who waits, once sales has answered."""
OVERTAKEN = "a newer task of the same play has taken its place"
"""Why a task is not made that still waited when its play was opened anew."""
OF_LEAVER = "of_leaver"
"""In what is stored of a task that takes another's place: whether that is since somebody has left."""
_o = outbox.c
_closed = outbox.alias("closed")
_STANDING = (
    select(_o.connection, _o.key, _o.lead_id, _o.payload, _o.external_id)
    .where(
        among(_o.lead_id, "ids"),
        _o.kind == "task",
        _o.state == "sent",
        _o.external_id.is_not(None),
        ~exists().where(_closed.c.key == literal("closing:") + _o.key),
    )
    .order_by(_o.id)
)
_WAITING = select(_o.id, _o.key, _o.lead_id).where(
    among(_o.lead_id, "ids"), _o.kind == "task", _o.state == NEW, _o.attempted.is_(False)
)
_DROP = delete(outbox).where(among(_o.id, "ids"), _o.state == NEW, _o.attempted.is_(False))
_TAKEN_OVER = (
    select(_o.id, _o.key, _o.lead_id)
    .where(
        _o.kind == "task",
        _o.state == NEW,
        _o.attempted.is_(False),
        _o.key.like(f"%{effect_keys.AGAIN}"),
        _o.payload.not_like(f'%"{OF_LEAVER}":true%'),
    )
    .order_by(_o.since, _o.key)  # not by id alone, which would have SQLite look through what was ever sent
    .limit(bindparam("n"))
)
_NOT_MADE = (
    update(effects).where(among(effects.c.key, "keys"), effects.c.withheld.is_(None)).values(withheld=bindparam("why"))
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Closed:
    """What is to be closed: the connections that have something to do, and the keys of the tasks."""

    connections: set[ConnectionName]
    keys: Sequence[str]


def close(
    conn: Connection,
    lead_ids: Collection[LeadId],
    because: str,
    at: Instant,
    which: Callable[[LeadId, str], bool] = lambda _lead, _key: True,
) -> Closed:
    """Have the tasks of these leads closed that stand in a CRM, `which` of them, each once and with the reason."""
    rows = conn.execute(_STANDING, {"ids": listed(sorted(lead_ids))}).all()
    closings: defaultdict[ConnectionName, list[NewOnce]] = defaultdict(list)
    keys: list[str] = []
    for connection, key, lead, payload, task in rows:
        if which(lead, key):
            subject = decode(payload or "{}", dict[str, Any]).get("subject", "")
            told = {"id": task, "because": because, "subject": subject}
            closings[connection].append(NewOnce(key=f"closing:{key}", lead_id=lead, payload=told))
            keys.append(key)
    for connection, wanted in closings.items():
        want_once(conn, connection, "closing", wanted, at)
    assigned_tasks.close(conn, keys, at)
    return Closed(connections=set(closings), keys=keys)


def taken_over(conn: Connection, limit: int) -> Sequence[tuple[int, str, LeadId]]:
    """(outbox id, key, lead) of tasks that take another's place, since nobody answered, and were not sent yet."""
    return [(row, key, lead) for row, key, lead in conn.execute(_TAKEN_OVER, {"n": limit})]


def drop(conn: Connection, rows: Sequence[tuple[int, str, LeadId]], why: str = "answered") -> None:
    """These are not made after all, since sales has answered, say; one that is being sent now is."""
    conn.execute(_DROP, {"ids": listed([row for row, _, _ in rows])})
    keys = {each for _, key, lead in rows for each in (key, effect_keys.moved(key, lead))}
    conn.execute(_NOT_MADE, {"keys": listed(sorted(keys)), "why": why})


def drop_overtaken(conn: Connection, openings: Mapping[LeadId, tuple[str, int]]) -> None:
    """Nobody gets the tasks of former openings of these plays (what keys call them, how often it was opened by now)."""
    rows = conn.execute(_WAITING, {"ids": listed(sorted(openings))}).all() if openings else ()
    gone = []
    for row, key, lead in rows:
        step, (play, times) = effect_keys.play_step(effect_keys.origin(key)), openings[lead]
        if step is not None and step.play == play and step.times < times:
            gone.append((row, key, lead))
    if gone:
        drop(conn, gone, OVERTAKEN)


def answered(conn: Connection, escalations: Mapping[LeadId, Collection[str]], at: Instant) -> set[ConnectionName]:
    """Sales has answered these leads, later than promised: nobody has to see to the escalations (their keys).

    What was not sent is dropped, what stands in a CRM is to be closed there; the audit trail says so. The connections
    that have something to close. One that is being sent now is seen to by calling this once it is.
    """
    causes = {lead: {effect_keys.cause(key) for key in keys} for lead, keys in escalations.items() if keys}
    if not causes:
        return set()

    def which(lead: LeadId, key: str) -> bool:
        return effect_keys.given_first(effect_keys.cause(key)) in causes[lead]

    waiting = conn.execute(_WAITING, {"ids": listed(sorted(causes))}).all()
    gone = [(row, key, lead) for row, key, lead in waiting if which(lead, key)]
    if gone:
        drop(conn, gone)
    closed = close(conn, causes, ANSWERED, at, which)
    if gone or closed.keys:
        detail = {"leads": sorted(causes), "dropped": len(gone), "closed": closed.keys}
        entry = Entry(at=at, actor="coldframe", action="answered", subject="overdue leads", detail=detail)
        audit_trail.add(conn, [entry])
    return closed.connections
