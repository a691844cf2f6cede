"""Assigned tasks: which task was given to whom, and until when it was open. How full somebody is follows from it.

A row is written in the transaction that marks a task as about to be sent; a task that was never sent has none. It is
closed when the CRM shows the task closed or gone, when we close it there, and when the CRM refuses it for good.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    Connection,
    and_,
    bindparam,
    case,
    exists,
    func,
    literal,
    null,
    or_,
    select,
    union_all,
    update,
)

from integration.core.model.effect_keys import AGAIN, BREACH
from integration.store.db.dialects import among, upsert
from integration.store.db.json_codec import decode, listed
from integration.store.schema.tables import assignments, effects, leads, outbox
from mappings.values.identifiers import ConnectionName, LeadId
from mappings.values.instant import Instant


@dataclass(frozen=True, slots=True, kw_only=True)
class AssignedTask:
    """One task by its key in the outbox. `person` is known in all connections, `pool` "" where it was nobody's turn."""

    key: str
    lead_id: LeadId
    connection: ConnectionName
    user: str
    person: str
    pool: str = ""


_a = assignments.c
_PUT = upsert(
    assignments,
    ["key"],
    lambda new: {
        "at": case((and_(_a.person == new.person, _a.closed_at.is_(None)), _a.at), else_=new.at),
        **{name: getattr(new, name) for name in ("lead_id", "connection", "user_id", "person", "pool")},
        "closed_at": null(),
    },
)
_CLOSE = update(assignments).where(among(_a.key, "keys"), _a.closed_at.is_(None)).values(closed_at=bindparam("now"))
_STAND = update(assignments).where(among(_a.key, "keys"), _a.stands_at.is_(None)).values(stands_at=bindparam("now"))
_OPEN = select(_a.person, func.count()).where(among(_a.person, "people"), _a.closed_at.is_(None)).group_by(_a.person)
_SINCE = select(_a.person, _a.at).where(among(_a.person, "people"), _a.at >= bindparam("since"))
_OF_LEADS = (
    select(_a.lead_id, _a.key, _a.connection, _a.user_id, _a.person, _a.pool)
    .where(among(_a.lead_id, "ids"), _a.closed_at.is_(None))
    .order_by(_a.at.desc(), _a.key)
)
_OF_KEYS = select(_a.lead_id, _a.key, _a.connection, _a.user_id, _a.person, _a.pool).where(
    among(_a.key, "keys"), _a.closed_at.is_(None)
)
_breach, _next, _o = effects.alias("breach"), effects.alias("next"), outbox.c
_of_mql = assignments.alias("of_mql")
_AT_WORK = union_all(
    select(_a.key).where(_a.closed_at.is_(None)),
    select(_of_mql.c.key).join(leads, leads.c.id == _of_mql.c.lead_id).where(leads.c.stage == "mql"),
)
"""The tasks that may be overdue: of these alone is asked what follows, and not of all that was ever sent."""
_open, _later, _handoff = assignments.alias("open"), assignments.alias("later"), outbox.alias("handoff")
_CARRIES = exists().where(
    _handoff.c.lead_id == _a.lead_id,
    _handoff.c.kind == "task",
    _handoff.c.key.like(bindparam("handoffs")),
    _handoff.c.payload.contains(literal('"carried_by":"') + _a.key + literal('"')),
)
"""Of a task that a handoff has joined."""
_FORGOTTEN = and_(
    _a.closed_at.is_not(None),
    or_(_a.key.like(bindparam("handoffs")), _CARRIES),
    exists().where(leads.c.id == _a.lead_id, leads.c.stage == "mql"),
    ~exists().where(_open.c.lead_id == _a.lead_id, _open.c.closed_at.is_(None)),
    ~exists().where(_later.c.lead_id == _a.lead_id, _later.c.at > _a.at, _later.c.key.like(bindparam("handoffs"))),
)
"""The last handoff of a lead that is still to be answered, or the task that it joined: closed, and nothing is open."""
_OVERDUE = (
    select(
        *(_a.lead_id, _a.key, _a.connection, _a.user_id, _a.person, _a.pool),
        *(_a.at, _a.stands_at, _a.closed_at, _o.payload),
    )
    .join(outbox, _o.key == _a.key)
    .where(
        _a.key.in_(_AT_WORK),
        or_(_a.at > bindparam("at"), and_(_a.at == bindparam("at"), _a.key > bindparam("behind"))),
        or_(_a.closed_at.is_(None), _FORGOTTEN),
        _o.state == "sent",
        exists().where(
            _breach.c.lead_id == _a.lead_id,
            _breach.c.kind == "alert",
            _breach.c.key.like(f"%/{BREACH}"),
            _breach.c.withheld.is_(None),
        ),
        ~exists().where(_next.c.key == _a.key + AGAIN),
        ~_a.key.like(f"%{AGAIN}"),
    )
    .order_by(_a.at, _a.key)
    .limit(bindparam("n"))
)
_OPEN_BY = select(_a.person, _a.pool, func.count()).where(_a.closed_at.is_(None)).group_by(_a.person, _a.pool)


@dataclass(frozen=True, slots=True, kw_only=True)
class OverdueTask:
    """A task about a lead whose service level was broken, what it says, and since when it is somebody's.

    `stands_at` is since when it is in the CRM. `closed`: it is open no more; whether sales said what came of it, its
    lead's clocks know.
    """

    task: AssignedTask
    payload: Mapping[str, Any]
    at: Instant
    stands_at: Instant | None = None
    closed: bool = False


def put(conn: Connection, rows: Sequence[AssignedTask], now: Instant) -> None:
    """These tasks are theirs and open. Who had one before has it no longer; whoever keeps one, since they got it."""
    if rows:
        conn.execute(
            _PUT.on(conn),
            [
                {
                    "key": row.key,
                    "lead_id": row.lead_id,
                    "connection": row.connection,
                    "user_id": row.user,
                    "person": row.person,
                    "pool": row.pool,
                    "at": now,
                }
                for row in sorted(rows, key=lambda row: row.key)
            ],
        )


def close(conn: Connection, keys: Iterable[str], now: Instant) -> None:
    """Nobody works on these any more; a key that is not known is passed over."""
    gone = sorted(set(keys))
    if gone:
        conn.execute(_CLOSE, {"keys": listed(gone), "now": now})


def stand(conn: Connection, keys: Iterable[str], now: Instant) -> None:
    """These stand in the CRM from now on; a key that is not known is passed over."""
    there = sorted(set(keys))
    if there:
        conn.execute(_STAND, {"keys": listed(there), "now": now})


def open_counts(conn: Connection, people: Iterable[str]) -> dict[str, int]:
    """How many open tasks each of these people has."""
    return dict(conn.execute(_OPEN, {"people": listed(sorted(people))}).all())


def given_since(conn: Connection, people: Iterable[str], since: Instant) -> Mapping[str, Sequence[Instant]]:
    """When each of these people was given tasks, from `since` on."""
    found: defaultdict[str, list[Instant]] = defaultdict(list)
    for person, at in conn.execute(_SINCE, {"people": listed(sorted(people)), "since": since}):
        found[person].append(at)
    return found


def open_of_leads(conn: Connection, lead_ids: Iterable[LeadId]) -> Mapping[LeadId, Sequence[AssignedTask]]:
    """The open tasks about these leads, the latest first."""
    found: defaultdict[LeadId, list[AssignedTask]] = defaultdict(list)
    for each in _tasks(conn.execute(_OF_LEADS, {"ids": listed(sorted(set(lead_ids)))})):
        found[each.lead_id].append(each)
    return found


def open_of_keys(conn: Connection, keys: Iterable[str]) -> list[AssignedTask]:
    """Those of these tasks that are open, in any order."""
    return list(_tasks(conn.execute(_OF_KEYS, {"keys": listed(sorted(set(keys)))})))


def _tasks(rows: Iterable[Any]) -> Iterator[AssignedTask]:
    for lead, key, connection, user, person, pool in rows:
        yield AssignedTask(key=key, lead_id=lead, connection=connection, user=user, person=person, pool=pool)


def overdue(conn: Connection, limit: int, *, handoff: str, behind: tuple[Instant, str] = (0, "")) -> list[OverdueTask]:
    """Tasks about leads of whom a breach was reported, the oldest first; none that somebody took over.

    Open ones, and closed ones of the play `handoff` (by the name that keys call it) where nothing is open about a lead
    that is still to be answered. `behind` is the place (`at`, key) of the last one that was seen.
    """
    at, key = behind
    given = {"n": limit, "at": at, "behind": key, "handoffs": f"%/play/{handoff}/%"}
    return [
        OverdueTask(
            task=AssignedTask(key=key, lead_id=lead, connection=connection, user=user, person=person, pool=pool),
            payload=decode(payload, dict[str, Any]),
            at=since,
            stands_at=stands,
            closed=closed is not None,
        )
        for lead, key, connection, user, person, pool, since, stands, closed, payload in conn.execute(_OVERDUE, given)
    ]


def open_by_pool(conn: Connection) -> Mapping[tuple[str, str], int]:
    """How many tasks are open by (person, pool)."""
    return {(person, pool): count for person, pool, count in conn.execute(_OPEN_BY)}
