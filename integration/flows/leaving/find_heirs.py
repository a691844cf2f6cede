"""Find heirs: who is to own each lead of somebody who has left, by the rules that give out tasks.

That is the owner of the account, else whoever's turn it is in the pool of the lead's route. A lead is no task: nobody
is passed over since they have as many tasks as they take. A lead that somebody who is there owns in another CRM is
left out; where `routing.yaml` lets owners be, nobody is found, and the manager gets a task.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from sqlalchemy import Connection as Sql

from integration.core.model import effect_keys
from integration.flows.assigning import assign_tasks, pool_state
from integration.flows.assigning.assign_tasks import Assigning, Prepared
from integration.flows.assigning.assignee_case import Candidate, Case, Directory
from integration.flows.assigning.assignee_rules import resolved
from integration.flows.base.service import Connection
from integration.flows.delivering.write_decisions import home
from integration.routing.pool_turns import PoolTurns
from integration.store.assigning import pool_credit
from integration.store.assigning.left_behind import LeftLead
from integration.store.db.json_codec import encode
from integration.store.outgoing.outgoing_rows import Outgoing
from integration.store.outgoing.unassigned import Assigned
from integration.store.people import record_references
from integration.store.people.record_references import PEOPLE, Reference
from mappings.values.identifiers import ConnectionName, LeadId
from mappings.values.instant import Instant


@dataclass(frozen=True, slots=True, kw_only=True)
class Orphan:
    """A lead whose owner has left: the record that a task about it goes to, and all its records of a person."""

    lead: LeftLead
    row: Outgoing
    home: Connection
    records: Sequence[Reference]


@dataclass(frozen=True, slots=True, kw_only=True)
class Heir:
    """Who owns a lead from now on, with their user's id in each CRM; `given` is None where it is its manager's."""

    orphan: Orphan
    given: Assigned | None
    users: Mapping[ConnectionName, str]


def orphans(conn: Sql, service: Assigning, leads: Sequence[LeftLead], due: Instant) -> list[Orphan]:
    """These leads with their records, as far as a CRM knows them."""
    known = record_references.of_leads(conn, [each.id for each in leads])
    found: list[Orphan] = []
    for number, lead in enumerate(leads):
        records = [
            each for each in known.get(lead.id, ()) if each.object in PEOPLE and each.connection in service.connections
        ]
        name = home(service.connections, {each.connection for each in records})
        first = next((each for each in records if each.connection == name), None)
        if first is not None:
            row = _row(number, lead.id, first, due, service.now())
            found.append(Orphan(lead=lead, row=row, home=service.connections[first.connection], records=records))
    return found


def prepared(service: Assigning, those: Iterable[Orphan]) -> dict[ConnectionName, Prepared]:
    """What they are given out by, by the connection of their tasks. Raises Unavailable where one is away."""
    by_home: dict[ConnectionName, list[Orphan]] = {}
    for each in those:
        by_home.setdefault(each.home.name, []).append(each)
    return {
        name: assign_tasks.prepared(service, service.connections[name], [each.row for each in group])
        for name, group in by_home.items()
    }


def heirs(
    conn: Sql, service: Assigning, those: Sequence[Orphan], found: Mapping[ConnectionName, Prepared]
) -> list[Heir]:
    """Who owns each of these from now on; those are left out whom somebody who is there owns already.

    In the caller's write transaction, in which turns in pools are counted.
    """
    pool_state.alone(conn, service)
    turns = pool_state.load(conn, service)
    heirs: list[Heir] = []
    for each in those:
        case, directory = found[each.home.name].cases[each.row.id], found[each.home.name].directory
        if any(_there(directory, owner) for owner in case.owner):
            continue
        given = _given(case, directory, turns) if service.routing.set_owner else None
        heirs.append(Heir(orphan=each, given=given, users=_users(directory, given) if given else {}))
    pool_credit.put(conn, {name: turns.credit[name] for name in turns.turned})
    return heirs


def _given(case: Case, directory: Directory, turns: PoolTurns) -> Assigned | None:
    turns.loads.clear()
    given = resolved(replace(case, kept=None), directory, turns)
    return given if given.user else None


def _there(directory: Directory, owner: Candidate) -> bool:
    """Whether an owner is a person who can work in the CRM that names them."""
    user = directory.user(owner)
    return user.active and user.kind == "person" and user.id != directory.own.get(owner.connection, "")


def _users(directory: Directory, given: Assigned) -> dict[ConnectionName, str]:
    """The ids of whoever was found, in each CRM in which they are."""
    here = Candidate(connection=given.connection, user=given.user, respect="")
    people = directory.people(directory.user(here), given.connection)
    return {connection: user.id for connection, user in reversed(people) if user.active and user.kind == "person"}


def _row(number: int, lead: LeadId, record: Reference, due: Instant, now: Instant) -> Outgoing:
    return Outgoing(
        id=number,
        kind="task",
        key=effect_keys.key(lead, "left"),
        seq=1,
        lead_id=lead,
        payload_text=encode({"assignee": "owner", "due_at": due}),
        attempted=False,
        attempts=0,
        since=now,
        created_at=now,
        object=record.object,
        external_id=record.external_id,
        written_text=None,
        standing_text=None,
        place=1,
        owner=None,
    )
