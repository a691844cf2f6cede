"""People without records: their tasks and touches wait, since the CRM these go to does not know them."""

from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import Connection, and_, bindparam, case, distinct, exists, func, select, update

from integration.store.db.dialects import among
from integration.store.db.json_codec import listed
from integration.store.outgoing.outbox import still_new
from integration.store.outgoing.outgoing_rows import met_there
from integration.store.people.record_references import PEOPLE
from integration.store.schema.tables import leads, outbox, references
from mappings.values.identifiers import ConnectionName, LeadId
from mappings.values.instant import Instant


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """Somebody without a record: what waits for it, in which connections, and since when."""

    lead_id: LeadId
    email: str | None
    connections: tuple[ConnectionName, ...]
    since: Instant
    tasks: int
    touches: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Totals:
    """How many people wait for a record, how many of them with tasks, and since when; None where nobody does."""

    people: int = 0
    with_tasks: int = 0
    tasks: int = 0
    touches: int = 0
    since: Instant | None = None
    tasks_since: Instant | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Overdue:
    """Tasks of one connection that have waited for long: of how many people, since when, and the newest's outbox id."""

    tasks: int
    people: int
    since: Instant
    newest: int
    newest_since: Instant
    leads: tuple[str, ...]


_o, _r = outbox.c, references.c
_task, _touch = _o.kind == "task", _o.kind == "touch"
_without = and_(still_new, _o.kind.in_(["task", "touch"]), ~exists().where(met_there))
_tasks = func.sum(case((_task, 1), else_=0))
_touches = func.sum(case((_touch, 1), else_=0))
_since = func.min(_o.since)
_homes = func.min(case((_task, _o.connection))), func.min(case((_touch, _o.connection)))
_WAITING = (
    select(_o.lead_id, leads.c.email, *_homes, _since, _tasks, _touches)
    .select_from(outbox.join(leads, leads.c.id == _o.lead_id))
    .where(_without)
    .group_by(_o.lead_id, leads.c.email)
    .order_by(case((_tasks > 0, 0), else_=1), _since, _o.lead_id)
    .limit(bindparam("n"))
)
_TOTALS = select(
    func.count(distinct(_o.lead_id)),
    func.count(distinct(case((_task, _o.lead_id)))),
    _tasks,
    _touches,
    _since,
    func.min(case((_task, _o.since))),
).where(_without)
_overdue = and_(_without, _task, _o.connection == bindparam("lane"), _o.since <= bindparam("before"))
_OVERDUE = select(func.count(), func.count(distinct(_o.lead_id)), _since, func.max(_o.id)).where(_overdue)
_NEWEST = select(_o.lead_id, _o.since).where(_overdue).order_by(_o.id.desc()).limit(10)
_UNKNOWN = select(func.count()).where(
    leads.c.merged_into.is_(None),
    leads.c.standing.is_not(None),
    ~exists().where(_r.lead_id == leads.c.id, _r.object.in_(PEOPLE)),
)
_elsewhere = and_(
    _r.lead_id == _o.lead_id, _r.connection == bindparam("home"), _r.object.in_(PEOPLE), _r.deleted.is_(False)
)
_REHOME = (
    update(outbox)
    .where(
        among(_o.lead_id, "ids"),
        still_new,
        _o.kind.in_(["task", "touch"]),
        _o.attempted.is_(False),
        _o.connection != bindparam("home"),
        ~exists().where(met_there),
        exists().where(_elsewhere),
    )
    .values(connection=bindparam("home"))
)
_HOMES = select(_o.connection).distinct().where(among(_o.lead_id, "ids"), still_new, _task)


def waiting(conn: Connection, limit: int) -> list[Waiting]:
    """Who waits for a record, those with tasks first, then the longest waiting."""
    return [
        Waiting(
            lead_id=lead,
            email=email,
            connections=tuple(dict.fromkeys(each for each in (sales, marketing) if each)),
            since=since,
            tasks=int(tasks),
            touches=int(touches),
        )
        for lead, email, sales, marketing, since, tasks, touches in conn.execute(_WAITING, {"n": limit})
    ]


def totals(conn: Connection) -> Totals:
    """How many people wait for a record, and since when."""
    people, with_tasks, tasks, touches, since, tasks_since = conn.execute(_TOTALS).one()
    return Totals(
        people=people,
        with_tasks=with_tasks,
        tasks=int(tasks or 0),
        touches=int(touches or 0),
        since=since,
        tasks_since=tasks_since,
    )


def overdue(conn: Connection, connection: ConnectionName, before: Instant) -> Overdue | None:
    """Tasks that have waited since before then for a record in this connection; None where there are none."""
    asked = {"lane": connection, "before": before}
    tasks, people, since, newest = conn.execute(_OVERDUE, asked).one()
    if not tasks:
        return None
    rows = conn.execute(_NEWEST, asked).all()
    named = tuple(dict.fromkeys(lead for lead, _ in rows))
    return Overdue(
        tasks=tasks, people=people, since=since, newest=newest, newest_since=max(at for _, at in rows), leads=named
    )


def unknown(conn: Connection) -> int:
    """How many people no CRM knows, whether anything waits for them or not; one pass over the leads."""
    return int(conn.execute(_UNKNOWN).scalar_one())


def rehome(conn: Connection, connection: ConnectionName, lead_ids: Iterable[LeadId]) -> None:
    """Tasks and touches of these leads that wait for a record elsewhere go to this CRM, where there is one."""
    conn.execute(_REHOME, {"ids": listed(lead_ids), "home": connection})


def homes(conn: Connection, lead_ids: Iterable[LeadId]) -> set[str]:
    """The connections for which tasks of these leads wait, for whatever reason."""
    return set(conn.execute(_HOMES, {"ids": listed(lead_ids)}).scalars())
