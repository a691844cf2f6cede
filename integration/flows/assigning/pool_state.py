"""Pool state: what the next turns in a pool follow from, read and stored in one transaction with the tasks.

Batches that pools give out wait for each other, all pools together: somebody may be in several, and is full in all of
them at once. What survives a crash: nothing of a batch, or all of it.
"""

from collections.abc import Iterable, Sequence
from typing import Protocol

from sqlalchemy import Connection as Sql

from integration.flows.assigning.assignee_case import Candidate
from integration.flows.base.running_routing import HasRouting
from integration.flows.base.service import HasRules, HasStore
from integration.routing.availability import Load, day_began
from integration.routing.pool_turns import PoolTurns, with_absences
from integration.routing.read_people import absence
from integration.store.assigning import absences, assigned_tasks, pool_credit
from integration.store.assigning.assigned_tasks import AssignedTask
from integration.store.db.session import serialise
from integration.store.outgoing.outgoing_rows import Outgoing
from integration.store.outgoing.unassigned import Assigned
from mappings.values.identifiers import LeadId

HAS_LEAD = "has an open task about the lead"
_LOCK = "assigning"


class Routed(HasStore, HasRules, HasRouting, Protocol):
    """The store, the playbook's calendar, and who may get a task."""


def alone(conn: Sql, service: HasRouting) -> None:
    """Until this transaction ends, nobody else gives out tasks of pools."""
    if service.routing.pools:
        serialise(conn, _LOCK)


def load(conn: Sql, service: Routed) -> PoolTurns:
    """Who is away, how much everybody has, and their credit; nothing where there are no pools."""
    now, usual = service.now(), service.rules.playbook.calendar
    if not service.routing.pools:
        return PoolTurns(routing=service.routing, usual=usual, now=now)
    reported = {who: tuple(map(absence, each)) for who, each in absences.reported(conn).items()}
    routing = with_absences(service.routing, reported)
    began = {each: day_began(routing.person(each), usual, now) for each in routing.mentioned()}
    open_now = assigned_tasks.open_counts(conn, began)
    given = assigned_tasks.given_since(conn, began, min(began.values(), default=now))
    loads = {
        each: Load(open=open_now.get(each, 0), today=sum(at >= day for at in given.get(each, ())))
        for each, day in began.items()
    }
    credit = pool_credit.of_pools(conn, routing.pools)
    return PoolTurns(routing=routing, usual=usual, now=now, loads=loads, credit=dict(credit))


def holders(conn: Sql, turns: PoolTurns, lead_ids: Iterable[LeadId]) -> dict[LeadId, Sequence[Candidate]]:
    """Who has open tasks of a pool about these leads, the latest first."""
    if not turns.routing.pools:
        return {}
    return {
        lead: [Candidate(connection=each.connection, user=each.user, respect=HAS_LEAD) for each in those if each.pool]
        for lead, those in assigned_tasks.open_of_leads(conn, lead_ids).items()
    }


def keep(conn: Sql, turns: PoolTurns, given: Sequence[tuple[Outgoing, Assigned]]) -> None:
    """Store who has these tasks now, and the credit of the pools that had a turn."""
    rows = [
        AssignedTask(
            key=row.key,
            lead_id=LeadId(row.lead_id),
            connection=one.connection,
            user=one.user,
            person=one.email or f"{one.connection}:{one.user}",
            pool=one.pool,
        )
        for row, one in given
    ]
    assigned_tasks.put(conn, rows, turns.now)
    pool_credit.put(conn, {name: turns.credit[name] for name in turns.turned})
