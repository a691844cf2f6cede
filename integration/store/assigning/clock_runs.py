"""Clock runs: every run of every clock (service level), from its start to its answer, as the last decision had it.

Written by decisions, read by whoever measures: how the time of a run splits is derived (see flows/levels).
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, and_, bindparam, delete, func, not_, or_, select

from integration.store.db.dialects import among, upsert
from integration.store.db.json_codec import decode, encode, listed
from integration.store.schema.tables import clock_runs
from mappings.values.identifiers import LeadId
from mappings.values.instant import Instant


@dataclass(frozen=True, slots=True, kw_only=True)
class ClockRun:
    """One run of a clock. `received_at` is when we received what started it; `hours`: whose, since when.

    `answer` is the type of the activity that answered it; "" while it runs (`ended_at` is None), and where it ended
    without one. `withheld` says why nobody was to answer it: its start was history, say.
    """

    key: str
    lead_id: LeadId
    clock: str
    times: int
    started_at: Instant
    received_at: Instant
    due_at: Instant
    breached: bool
    ended_at: Instant | None = None
    answer: str = ""
    hours: tuple[tuple[Instant, str], ...] = ()
    withheld: str | None = None


_c = clock_runs.c
_COLUMNS = (
    _c.key,
    _c.lead_id,
    _c.clock,
    _c.times,
    _c.started_at,
    _c.received_at,
    _c.due_at,
    _c.breached,
    _c.ended_at,
    _c.answer,
    _c.hours,
    _c.withheld,
)
_MOVING = ("clock", "started_at", "due_at", "breached", "ended_at", "answer", "hours")
_PUT = upsert(clock_runs, ["key"], lambda new: {name: getattr(new, name) for name in _MOVING})
_DROP = delete(clock_runs).where(among(_c.lead_id, "ids"), not_(among(_c.key, "keys")))
_GONE = delete(clock_runs).where(among(_c.key, "keys"))
_OF_LEADS = select(*_COLUMNS).where(among(_c.lead_id, "ids")).order_by(_c.started_at, _c.key)
_OF_KEYS = select(*_COLUMNS).where(among(_c.key, "keys"))
_STARTED = (
    select(*_COLUMNS)
    .where(
        _c.withheld.is_(None),
        _c.started_at < bindparam("before"),
        or_(_c.started_at > bindparam("since"), and_(_c.started_at == bindparam("since"), _c.key > bindparam("after"))),
    )
    .order_by(_c.started_at, _c.key)
    .limit(bindparam("n"))
)
_OVERDUE = (
    select(_c.clock, func.count())
    .where(_c.ended_at.is_(None), _c.breached.is_(True), _c.withheld.is_(None))
    .group_by(_c.clock)
)


def put(conn: Connection, rows: Sequence[ClockRun]) -> None:
    """Store these runs as they are now. When we were sent one, and why it is withheld, stays as it was first stored."""
    if rows:
        conn.execute(
            _PUT.on(conn),
            [
                {
                    "key": row.key,
                    "lead_id": row.lead_id,
                    "clock": row.clock,
                    "times": row.times,
                    "started_at": row.started_at,
                    "received_at": row.received_at,
                    "due_at": row.due_at,
                    "breached": row.breached,
                    "ended_at": row.ended_at,
                    "answer": row.answer,
                    "hours": encode(row.hours),
                    "withheld": row.withheld,
                }
                for row in sorted(rows, key=lambda row: row.key)
            ],
        )


def keep_only(conn: Connection, lead_ids: Iterable[LeadId], keys: Collection[str]) -> None:
    """These leads' whole histories lead to these runs and to no others."""
    conn.execute(_DROP, {"ids": listed(sorted(lead_ids)), "keys": listed(sorted(keys))})


def drop(conn: Connection, keys: Collection[str]) -> None:
    """No history leads to these runs any more."""
    if keys:
        conn.execute(_GONE, {"keys": listed(sorted(keys))})


def of_leads(conn: Connection, lead_ids: Iterable[LeadId]) -> list[ClockRun]:
    """Every run of these leads, by when they began."""
    return [_run(row) for row in conn.execute(_OF_LEADS, {"ids": listed(sorted(lead_ids))})]


def of_keys(conn: Connection, keys: Iterable[str]) -> dict[str, ClockRun]:
    """The runs of these keys; those that are not stored are absent."""
    return {row.key: _run(row) for row in conn.execute(_OF_KEYS, {"keys": listed(sorted(keys))})}


def started(conn: Connection, since: Instant, before: Instant, limit: int) -> Iterator[list[ClockRun]]:
    """The runs that began in this time and that somebody was to answer, in batches."""
    place = {"since": since, "after": "", "before": before, "n": limit}
    while rows := [_run(row) for row in conn.execute(_STARTED, place)]:
        yield rows
        place |= {"since": rows[-1].started_at, "after": rows[-1].key}


def overdue(conn: Connection) -> Mapping[str, int]:
    """How many runs are over and not answered, by clock."""
    return dict(conn.execute(_OVERDUE).all())


def _run(row: object) -> ClockRun:
    values = dict(row._mapping)  # type: ignore[attr-defined]  # noqa: SLF001 - SQLAlchemy's own name for it
    return ClockRun(**values | {"hours": decode(values["hours"], tuple[tuple[int, str], ...])})
