"""Assign tasks: finds, for a batch of tasks, the person each goes to, and why.

This is the one place where a role becomes a person. What the CRMs name for each lead, and which route it takes, is
looked up before; whose turn it is in a pool is decided in the transaction that stores it, one batch at a time among all
workers. What survives a crash: to whom a task goes, or that it waits, and the pool's credit are stored with the mark
that the task is about to be sent.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from sqlalchemy import Connection as Sql

from integration.core.compiled.context import Context, Unfoldable
from integration.core.model import effect_keys
from integration.core.run.standing import placed
from integration.flows.assigning import pool_state
from integration.flows.assigning.assignee_case import Candidate, Case, Directory
from integration.flows.assigning.assignee_rules import resolved
from integration.flows.assigning.named_people import Named, known, named_for
from integration.flows.base.running_routing import HasRouting
from integration.flows.base.service import Connection, Derived, HasAlerts
from integration.flows.history import load_events
from integration.flows.people_in_sales import user_directory
from integration.flows.people_in_sales.raise_alerts import raise_alert
from integration.routing.pool_turns import PoolTurns
from integration.routing.routes import route_of
from integration.routing.routing_rules import Route
from integration.store.assigning.carried_tasks import STOOD
from integration.store.audit import audit_trail
from integration.store.audit.audit_trail import Entry
from integration.store.crm import crm_users
from integration.store.outgoing import outbox, unassigned
from integration.store.outgoing.outgoing_rows import Outgoing
from integration.store.outgoing.unassigned import Assigned
from integration.store.people import leads
from mappings.model.canonical import Value
from mappings.values.identifiers import LeadId
from mappings.values.instant import HOUR, MINUTE, Span

AGAIN: Span = 5 * MINUTE
"""How long a task that has nobody to go to waits before it is looked at again."""


class Assigning(Derived, HasRouting, Protocol):
    """What it takes to find out to whom tasks go."""


class Keeping(Assigning, HasAlerts, Protocol):
    """What it takes to store it, with alerts where nobody is found."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepared:
    """What tasks are given out by: each one's case by its outbox id, and who is known."""

    cases: Mapping[int, Case]
    directory: Directory


def assigned(service: Assigning, connection: Connection, rows: Sequence[Outgoing]) -> dict[int, Assigned]:
    """For each task, by its outbox id, the person it would go to now or why it would wait. Stores nothing.

    Of one that stands in a CRM and is to join another, who got it counts no longer: it is about another lead by now.
    Raises Unavailable where the connection is away.
    """
    found = prepared(service, connection, rows)
    with service.store.read() as conn:
        turns = pool_state.load(conn, service)
        return _given_out(conn, rows, found, turns, _kept(conn, [row for row in rows if STOOD not in row.payload]))


def prepared(service: Assigning, connection: Connection, rows: Sequence[Outgoing]) -> Prepared:
    """What these tasks are given out by; the store keeps who there is.

    Asks the CRMs for those who may get one and are not known yet. Raises Unavailable where the connection is away.
    """
    user_directory.fresh(service, connection)
    user_directory.fresh_elsewhere(service, connection)
    with service.store.read() as conn:
        named = named_for(conn, service, connection, rows)
        routes = _routes(conn, service, {row.lead_id for row in rows})
    wanted = {address for each in named.values() for address in each.users()}
    user_directory.look_up(service, wanted)
    with service.store.read() as conn:
        managers = {(name, user.manager) for (name, _), user in crm_users.by_id(conn, wanted).items() if user.manager}
    user_directory.look_up(service, managers)
    with service.store.read() as conn:
        directory = known(conn, service, wanted, service.routing.mentioned())
    again = service.routing.same_person
    cases = {row.id: _case(connection, row, named[row.lead_id], routes.get(row.lead_id), again=again) for row in rows}
    return Prepared(cases=cases, directory=directory)


def keep(
    conn: Sql, service: Keeping, connection: Connection, rows: Sequence[Outgoing], found: Prepared
) -> dict[int, Assigned]:
    """Give out the tasks and store to whom each goes; those that have nobody wait, and an alert says so.

    In the caller's write transaction. The answer has only the tasks that go to somebody, none that was taken back.
    """
    pool_state.alone(conn, service)
    wanted = outbox.still_wanted(conn, [row.id for row in rows])
    there = [row for row in rows if row.id in wanted]
    turns = pool_state.load(conn, service)
    kept = _kept(conn, there)
    given = _given_out(conn, there, found, turns, kept)
    new = {key: given[row.id] for row in there for key in _keys(row) if kept.get(key) != given[row.id]}
    unassigned.assign(conn, new)
    waiting = [(row.id, given[row.id].waits, words(given[row.id])) for row in there if not given[row.id].user]
    unassigned.wait(conn, waiting, service.now() + AGAIN)
    unassigned.found(conn, [row.id for row in there if given[row.id].user])
    pool_state.keep(conn, turns, [(row, given[row.id]) for row in there if given[row.id].user])
    _record(conn, service, connection, {key: each for key, each in new.items() if each.pool})
    _tell(conn, service, connection, [(row, given[row.id]) for row in there if not given[row.id].user])
    return {row_id: each for row_id, each in given.items() if each.user}


def _kept(conn: Sql, rows: Sequence[Outgoing]) -> Mapping[str, Assigned]:
    """What earlier tries to send these have kept with their effects."""
    return unassigned.of_effects(conn, {key for row in rows for key in _keys(row)})


def _given_out(
    conn: Sql, rows: Sequence[Outgoing], found: Prepared, turns: PoolTurns, kept: Mapping[str, Assigned]
) -> dict[int, Assigned]:
    """Each task to somebody, or nobody, one after the other: what one gets counts for the next."""
    holders = pool_state.holders(conn, turns, {row.lead_id for row in rows})
    given: dict[int, Assigned] = {}
    for row in rows:
        case = found.cases[row.id]
        before = next((kept[key] for key in _keys(row) if key in kept), None)
        case = replace(case, kept=before, holders=(*holders.get(row.lead_id, ()), *case.holders))
        one = given[row.id] = resolved(case, found.directory, turns)
        if one.pool:
            holder = Candidate(connection=one.connection, user=one.user, respect=pool_state.HAS_LEAD)
            holders[row.lead_id] = [holder, *holders.get(row.lead_id, ())]
    return given


def had_by(found: Prepared, rows: Iterable[Outgoing]) -> dict[int, str]:
    """Of escalations and of tasks taken over, by outbox id, the name of whoever had the task before."""
    names = {}
    for row in rows:
        case = found.cases[row.id]
        if case.escalation and case.late:
            user = found.directory.user(case.late[0])
            names[row.id] = user.name or user.email
    return {row_id: name for row_id, name in names.items() if name}


def words(told: Assigned) -> str:
    """Why a task waits, in one line."""
    return f"nobody to give it to: {'; '.join(f'{who} {why}' for who, why in told.passed_over)}"


def _record(conn: Sql, service: Keeping, connection: Connection, new: Mapping[str, Assigned]) -> None:
    """The audit trail says to whom pools gave tasks."""
    if new:
        tasks = {key: {"user": each.user, "pool": each.pool, "because": each.because} for key, each in new.items()}
        subject = f"tasks in {connection.name}"
        entry = Entry(at=service.now(), actor="coldframe", action="assign", subject=subject, detail={"tasks": tasks})
        audit_trail.add(conn, [entry])


def _tell(conn: Sql, service: Keeping, connection: Connection, waiting: Sequence[tuple[Outgoing, Assigned]]) -> None:
    """An alert says at once that tasks have nobody to go to, and again every hour as long as they have not.

    What is for a manager whom nobody has is told by itself, once, to whoever gets the alerts: no manager is waited for.
    """
    hour = service.now() // HOUR
    for reason in sorted({each.waits for _, each in waiting}):
        one = next(each for _, each in waiting if each.waits == reason)
        raise_alert(
            conn,
            service,
            key=f"nobody/{connection.name}/{reason}/{hour}",
            alert="nobody_available",
            text=f"tasks in {connection.name} wait, since there is nobody to give them to ({reason.replace('_', ' ')})",
            remedy=f"{one.remedy}; coldframe doctor counts them",
            because=[f"role {one.role}"],
        )
    for row, one in waiting:
        if one.role == "manager":
            raise_alert(
                conn,
                service,
                key=f"no_manager/{row.key}",
                alert="no_manager",
                text=f"nobody is the manager for this: {row.payload.get('subject', '')}",
                lead=LeadId(row.lead_id),
                remedy=one.remedy,
                because=[words(one)],
            )


def _keys(row: Outgoing) -> tuple[str, ...]:
    """The keys under which a task's effect may stand: after a merge it is the surviving lead's."""
    return tuple(dict.fromkeys((row.key, effect_keys.moved(row.key, LeadId(row.lead_id)))))


def _case(connection: Connection, row: Outgoing, named: Named, route: Route | None, *, again: bool) -> Case:
    due = row.payload.get("due_at")
    return Case(
        role=str(row.payload.get("assignee") or "owner"),
        home=connection.name,
        owner=named.owner,
        account_owner=named.account_owner,
        worked=named.worked,
        late=_late(row, named),
        late_pool=named.worked_pool,
        holders=[replace(each, respect="had the lead before") for each in named.worked[:1]] if again else (),
        escalation=row.payload.get("kind") == "escalation" or "taken_over" in row.payload,
        route=route,
        due=due if isinstance(due, int) else 0,
    )


def _late(row: Outgoing, named: Named) -> Sequence[Candidate]:
    """Whom a task is about: who had it before or has left, else who had the lead's last task, and who owns the lead."""
    before = row.payload.get("taken_over") or row.payload.get("left")
    if before:
        return [Candidate(connection=before["connection"], user=before["user"], respect="had the task before")]
    return (*named.worked[:1], *named.owner[:1])


def _routes(conn: Sql, service: Assigning, lead_ids: Iterable[LeadId]) -> dict[LeadId, Route | None]:
    """The route that each lead takes, as it stands now."""
    if not service.routing.routes:
        return {}
    rows = leads.get(conn, sorted(lead_ids))
    states = load_events.states_of(conn, [row.id for row in rows])
    found: dict[LeadId, Route | None] = {}
    for row in rows:
        read: Callable[[str], Value] = row.fields.get
        if row.id in states:
            try:
                read = placed(service.rules.compiled, states[row.id], service.now()).read
            except Unfoldable:  # its own letter says so; it is routed by what is known of it
                read = Context(service.rules.compiled, states[row.id]).read
        found[row.id] = route_of(service.routing, read)
    return found
