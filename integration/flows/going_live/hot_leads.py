"""Hot leads: those who would be handed to sales today, and of whom the handoff was withheld before going live.

That is an MQL whom sales has not answered about, and whose gate holds now or who asked for a demo lately, as for a
changed playbook (see playbook_changes.py). Their tasks go out so many in an hour, due from then on, once by their
keys. What survives a crash: each page of leads is a transaction of its own, and who was handed over is not found again.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from sqlalchemy import Connection as Sql

from integration.core.model.effects import TaskWanted
from integration.core.model.state import LeadState
from integration.core.run.playbook_change import passes
from integration.flows.base import running_playbook, write_access
from integration.flows.base.service import Derived, HasGoingLive, HasWake
from integration.flows.deciding.handover_pace import Pace
from integration.flows.deciding.kept_handoffs import Due, carry_out, of_open_handoff
from integration.flows.history import load_events
from integration.store.audit import audit_trail
from integration.store.audit.audit_trail import Entry
from integration.store.events import withheld_handoffs
from integration.store.events.withheld_handoffs import OVER, Shadow, Withheld
from integration.store.people import leads
from integration.store.progress import next_handover
from mappings.values.identifiers import LeadId
from mappings.values.instant import Instant

PAGE = 200
"""Leads in one transaction."""


class HandingOverHot(Derived, HasGoingLive, HasWake, Protocol):
    """What it takes to hand hot leads over."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Hot:
    """A lead to hand over: where it stands, and its tasks as they were decided."""

    state: LeadState
    tasks: tuple[TaskWanted, ...]


def count(service: Derived, shadow: Shadow = OVER) -> int:
    """How many leads would be handed over now, if this shadow mode ended now."""
    service, now, after, found = running_playbook.published(service), service.now(), "", 0
    while True:
        with service.store.read() as conn:
            page = withheld_handoffs.leads_after(conn, after, PAGE, shadow)
            found += sum(1 for _ in _hot(conn, service, page, now, shadow))
        if len(page) < PAGE:
            return found
        after = page[-1]


def hand_over(service: HandingOverHot, actor: str = "command line") -> int:
    """Hand them over; how many. `actor` stands in the audit trail."""
    service, now, after, found = running_playbook.published(service), service.now(), "", 0
    while True:
        with service.store.write() as conn:
            page = withheld_handoffs.leads_after(conn, after, PAGE)
            hot = list(_hot(conn, service, page, now))
            _carry_out(conn, service, hot, now, actor)
        found += len(hot)
        if len(page) < PAGE:
            break
        after = page[-1]
    for name in service.connections:
        service.wake(f"deliver:{name}")
    return found


def _hot(conn: Sql, service: Derived, lead_ids: Sequence[LeadId], now: Instant, shadow: Shadow = OVER) -> Iterator[Hot]:
    """Those of these leads who are to be handed over."""
    states = load_events.states(conn, lead_ids, service.rules.number)
    tasks: defaultdict[LeadId, list[Withheld]] = defaultdict(list)
    for each in withheld_handoffs.of_leads(conn, states, shadow):
        tasks[each.lead_id].append(each)
    waiting = {
        lead: found
        for lead, state in states.items()
        if (found := of_open_handoff(service.rules.compiled, state, tasks.get(lead, ())))
    }
    rows = leads.get(conn, waiting)
    events = load_events.whole(conn, rows, service.ownership, service.rules.vocabulary)
    for lead, mine in sorted(waiting.items()):
        if passes(service.rules.compiled, states[lead], events.get(lead, ()), now):
            yield Hot(state=states[lead], tasks=mine)


def _carry_out(conn: Sql, service: HandingOverHot, hot: Sequence[Hot], now: Instant, actor: str) -> None:
    if not hot:
        return
    pace = Pace(next_handover.earliest(conn, now), write_access.limits(conn, service.going_live).tasks_per_hour)
    turns = [(each, pace.take()) for each in hot]
    carry_out(conn, service, [Due(each.state, each.tasks, at, at) for each, at in turns], now)
    pace.keep(conn, now)
    detail: Mapping[str, int] = {"leads": len(hot)}
    audit_trail.add(
        conn, [Entry(at=now, actor=actor, action="handed over hot leads", subject="service", detail=detail)]
    )
