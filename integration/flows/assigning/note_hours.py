"""Note hours: whose working hours a lead's clocks count by becomes a fact of its history when a task is given out.

The engine knows no person: it counts by what such a fact (`task_given`) says, so that deriving the lead anew gives the
same. It is noted where the hours are others than those that count by now, and where somebody takes a task over, in the
transaction that gives the task out.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta
from typing import Protocol

from sqlalchemy import Connection as Sql

from integration.core.hours import working_hours
from integration.core.model import effect_keys
from integration.flows.base.running_routing import HasRouting
from integration.flows.base.service import HasRules, HasStore
from integration.flows.history import load_events
from integration.routing.pool_turns import with_absences
from integration.routing.read_people import absence
from integration.routing.routing_rules import Person, Routing
from integration.store.assigning import absences
from integration.store.events import activities
from integration.store.events.activities import NewActivity
from integration.store.outgoing.outgoing_rows import Outgoing
from integration.store.outgoing.unassigned import Assigned
from integration.store.queues import dirty
from mappings.values.identifiers import LeadId
from mappings.values.instant import Instant, day_in

_AHEAD = timedelta(days=120)
"""Holidays and absences that begin within this time are noted: longer than a shipped playbook's clock counts."""
_SOURCE = "coldframe"


class Noting(HasStore, HasRules, HasRouting, Protocol):
    """The store, and whose hours are known."""


def mark(conn: Sql, service: Noting, rows: Iterable[Outgoing], now: Instant) -> None:
    """Before anything else of the transaction: something may be stored about the leads of these tasks."""
    hours = _anybody(service.routing)
    dirty.mark(conn, sorted({LeadId(row.lead_id) for row in rows if _over(row) or (hours and _counts(row))}), now)


def note(
    conn: Sql, service: Noting, rows: Sequence[Outgoing], people: Mapping[int, Assigned], now: Instant
) -> dict[int, str]:
    """Store by whose hours the clocks of these leads count from now on; the hours, by the tasks' outbox ids."""
    there = [row for row in rows if row.id in people]
    over = {row.id for row in there if _over(row)}
    if not over and not _anybody(service.routing):
        return {}
    hours = hours_of(conn, service, people, now)
    given = {row.lead_id: row for row in there if _counts(row)}
    states = load_events.states_of(conn, [LeadId(lead) for lead in given])
    others = {
        row.id
        for lead, row in given.items()
        if (state := states.get(LeadId(lead))) is not None and state.hours != hours[row.id]
    }
    new = [_fact(row, people[row.id], hours[row.id], now) for row in there if row.id in over | others]
    activities.add(conn, new)
    return hours if _anybody(service.routing) else {}


def hours_of(conn: Sql, service: HasRouting, people: Mapping[int, Assigned], now: Instant) -> dict[int, str]:
    """The working hours of these people as they are noted; "" where routing.yaml has none."""
    reported = {who: tuple(map(absence, each)) for who, each in absences.reported(conn).items()}
    routing = with_absences(service.routing, reported)
    return {number: _written(routing.person(each.email), now) for number, each in people.items()}


def _anybody(routing: Routing) -> bool:
    return any(person.hours for person in routing.people.values())


def _over(row: Outgoing) -> bool:
    """Whether this task takes the place of another, which the engine may know as closed; not one for a manager."""
    return row.key.endswith(effect_keys.AGAIN) and _counts(row)


def _counts(row: Outgoing) -> bool:
    """Whether whoever gets this task has the lead from then on, as a manager with an escalation has not."""
    return row.payload.get("kind") != "escalation" and row.payload.get("assignee") != "manager"


def _fact(row: Outgoing, person: Assigned, hours: str, now: Instant) -> NewActivity:
    who = person.email or f"{person.connection}:{person.user}"
    return NewActivity(
        key=f"given:{row.key}:{who}",
        lead_id=LeadId(row.lead_id),
        at=now,
        type="task_given",
        properties={"task": effect_keys.cause(row.key), "to": who, "hours": hours},
        source=_SOURCE,
    )


def _written(person: Person, now: Instant) -> str:
    if not person.hours:
        return ""
    today = day_in(now, person.hours[0].timezone)
    first, last = today.isoformat(), (today + _AHEAD).isoformat()
    free = {day for each in person.hours for day in each.holidays if first <= day <= last}
    away = [(max(each.first, first), each.last) for each in person.away if each.last >= first and each.first <= last]
    return working_hours.written(person.hours, free, away)
