"""Ramp-up: in its first week a connection gets a limited number of tasks an hour and records a minute.

What is over waits in the outbox, the oldest first; the sweep wakes the lane, so nothing is lost. Counted in SQL, for
all workers together. A part of the tasks is kept for people who ask for a demo: they need not wait for the next hour.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import Connection as Sql

from integration.flows.base.history_or_live import GOING_LIVE
from integration.flows.base.service import GoingLive
from integration.store.crm import call_rates
from integration.store.outgoing import outbox_backlog
from integration.store.overall import live_values
from integration.store.overall.live_values import LiveValues
from mappings.values.identifiers import ConnectionName
from mappings.values.instant import HOUR, MINUTE, Instant, Span

KEPT = 5
"""One of so many tasks is kept for people who ask for a demo."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limit:
    """How many of one kind may go in a span; `most` 0 for any number."""

    connection: ConnectionName
    what: call_rates.What
    most: int
    span: Span


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """What waits for a limit of going live: how much, and when the next may go."""

    connection: ConnectionName
    what: str
    waiting: int
    until: Instant


def tasks(limits: GoingLive, connection: ConnectionName) -> Limit:
    """New tasks in an hour."""
    return Limit(connection=connection, what="tasks", most=limits.tasks_per_hour, span=HOUR)


def records(limits: GoingLive, connection: ConnectionName) -> Limit:
    """Records written in a minute."""
    return Limit(connection=connection, what="records", most=limits.writes_per_minute, span=MINUTE)


def allowed(conn: Sql, limit: Limit, wanted: int, now: Instant, values: LiveValues | None = None) -> int:
    """How many of so many may go now; `values` are those that the same transaction has read already."""
    if not limit.most or not _going(conn, now, values):
        return wanted
    return min(wanted, call_rates.left(conn, limit.connection, limit.what, limit.most, limit.span, now)[0])


def unasked(conn: Sql, limit: Limit, wanted: int, now: Instant, values: LiveValues) -> int:
    """How many of so many may go about people who did not ask for a demo: less, by what is kept for those who do."""
    if not limit.most or not _going(conn, now, values):
        return wanted
    left = call_rates.left(conn, limit.connection, limit.what, limit.most, limit.span, now)[0]
    return max(0, min(wanted, left - limit.most // KEPT))


def spent(conn: Sql, limit: Limit, count: int, now: Instant) -> None:
    """So many go now; in the caller's write transaction."""
    if limit.most and count and _going(conn, now):
        call_rates.spend(conn, limit.connection, limit.what, count, limit.span, now)


def waiting(conn: Sql, limits: GoingLive, connections: Iterable[ConnectionName], now: Instant) -> list[Waiting]:
    """What waits for a limit now."""
    found: list[Waiting] = []
    if not _going(conn, now):
        return found
    for name in connections:
        for what, limit in (("task", tasks(limits, name)), ("fields", records(limits, name))):
            left, until = call_rates.left(conn, limit.connection, limit.what, limit.most, limit.span, now)
            waiting = outbox_backlog.waiting(conn, name, what) if limit.most and not left else 0
            if waiting:
                found.append(Waiting(connection=name, what=what, waiting=waiting, until=until))
    return found


def _going(conn: Sql, now: Instant, values: LiveValues | None = None) -> bool:
    """Whether the service has gone live only lately, or history was read only lately."""
    kept = values if values is not None else live_values.load(conn)
    latest = max(kept.live.since if kept.live else 0, kept.permission.at if kept.permission else 0)
    return now < latest + GOING_LIVE
