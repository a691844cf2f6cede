"""Join by person: a call or an e-mail for somebody who has one about the lead open is written into that one.

The engine says what joins what by roles, and by the answers that it was told. That a task stands open in the CRM, and
whose it is, the service alone knows: sales has answered in a call of its own and left the task open, a lead has come
back from sales whose task nobody closed, or the owner is by now whoever a pool had given the lead to. Such a task is
decided as one of its own and joins the open one all the same, as what is made late does; two facts tell the history so.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from sqlalchemy import Connection as Sql

from integration.core.funnel.gate import FORGOTTEN
from integration.core.handoff.conversations import TALKING
from integration.core.model import effect_keys
from integration.flows.assigning import assign_tasks
from integration.flows.assigning.assign_tasks import Assigning
from integration.flows.base.isolation import Try, calling
from integration.flows.base.service import Connection, HasRules
from integration.flows.history import load_events
from integration.store.assigning import assigned_tasks, carried_tasks
from integration.store.assigning.carried_tasks import APART_FROM, LeadTask
from integration.store.events import activities
from integration.store.events.activities import NewActivity
from integration.store.outgoing import outbox
from integration.store.outgoing.outgoing_rows import Outgoing
from integration.store.outgoing.unassigned import Assigned
from integration.store.queues import dirty, leases
from integration.store.queues.leases import Lease
from mappings.values.identifiers import LeadId
from mappings.values.instant import Instant


@dataclass(frozen=True, slots=True, kw_only=True)
class _Open:
    """A task that stands open, and who has it: an e-mail address, or a connection and the CRM's id of a user."""

    task: LeadTask
    person: str


def parted(service: Assigning, lease: Lease, connection: Connection, these: Try[Outgoing]) -> Try[Outgoing]:
    """Those of these tasks that are made; the others join, next, what their person has open about the lead already.

    Of several of one lead one is made at a time: the next one then finds the first. Raises Unavailable where the CRM
    cannot be asked who there is.
    """
    rows = _first_of_each(service, these.items)
    open_, own = _open_for(service, [row for row in rows if _talks(service, row.payload)])
    asked = [row for row in rows if row.id in open_]
    if not asked:
        return replace(these, items=rows)
    with calling():
        given = assign_tasks.assigned(service, connection, asked)
    joining = {row: there for row in asked if (there := _theirs(given[row.id], open_[row.id])) is not None}
    if not joining:
        return replace(these, items=rows)
    left, now = [row for row in rows if row not in joining], service.now()
    with service.store.write() as conn:
        leases.extend(conn, lease)
        dirty.mark(conn, sorted({LeadId(row.lead_id) for row in joining}), now)
        free = outbox.still_wanted(conn, [row.id for row in joining])
        pairs = [(row, there) for row, there in joining.items() if row.id in free and row.id in own]
        activities.add(conn, [_stands(row, there, now) for row, there in pairs])
        carried_tasks.join_too(conn, [(own[row.id], there.key) for row, there in pairs], now)
        if not left:
            these.done(conn)
    return replace(these, items=left)


def _first_of_each(service: HasRules, rows: Sequence[Outgoing]) -> list[Outgoing]:
    """Without the calls and e-mails of further openings, where one of the lead's goes now."""
    goes: dict[str, str] = {}
    found = []
    for row in rows:
        if _talks(service, row.payload) and goes.setdefault(row.lead_id, _opening(row.key)) != _opening(row.key):
            continue
        found.append(row)
    return found


def _open_for(
    service: Assigning, rows: Sequence[Outgoing]
) -> tuple[Mapping[int, Sequence[_Open]], Mapping[int, LeadTask]]:
    """For each of these, by outbox id, the open tasks that it could join; and each of them as the store has it."""
    asking = [row for row in rows if not row.attempted and APART_FROM not in row.payload]
    with service.store.read() as conn:
        there = dict(_open_talks(conn, service, {LeadId(row.lead_id) for row in asking})) if asking else {}
        if not there:
            return {}, {}
        states = load_events.states_of(conn, there)
        handed = {lead: state.handed for lead, state in states.items()}
        handoff = service.rules.compiled.dispatch.root("play", service.rules.playbook.handoff.play)
        could = {row.id: _could(row, there.get(row.lead_id, ()), handoff, handed.get(row.lead_id)) for row in asking}
        found = {number: those for number, those in could.items() if those}
        tasks = carried_tasks.of_leads(conn, {row.lead_id for row in asking if row.id in found})
    own = {each.id: each for those in tasks.values() for each in those if each.id in found}
    return found, own


def _open_talks(conn: Sql, service: HasRules, leads: set[LeadId]) -> Iterator[tuple[LeadId, Sequence[_Open]]]:
    """By lead, the calls and e-mails that somebody has open in a CRM, the oldest first."""
    who = {each.key: each.person for those in assigned_tasks.open_of_leads(conn, leads).values() for each in those}
    tasks = carried_tasks.of_leads(conn, leads) if who else {}
    for lead, those in tasks.items():
        open_ = [
            _Open(task=each, person=who[each.key])
            for each in those
            if each.key in who and each.stands and _talks(service, each.payload)
        ]
        if open_:
            yield lead, open_


def _could(row: Outgoing, open_: Sequence[_Open], handoff: str, handed: Instant | None) -> list[_Open]:
    """What a task could join: no step of its own opening, and no forgotten handoff in whose place it is made.

    `handoff` is what keys call the play of the handoff.
    """
    own, at = effect_keys.play_step(effect_keys.origin(row.key)), _at(row)
    found = []
    for each in open_:
        step = effect_keys.play_step(effect_keys.origin(each.task.key))
        same = own is not None and step is not None and own.play == step.play == handoff
        anew = same and at != handed and at - _at(each.task) > FORGOTTEN  # asked again [rules: stages]
        if _opening(each.task.key) != _opening(row.key) and not anew:
            found.append(each)
    return found


def _at(task: Outgoing | LeadTask) -> Instant:
    """When a task was decided."""
    return int(task.payload.get("at", task.created_at))


def _theirs(given: Assigned, open_: Sequence[_Open]) -> LeadTask | None:
    """The open task of whoever would get this one."""
    person = given.email or f"{given.connection}:{given.user}"
    return next((each.task for each in open_ if given.user and each.person == person), None)


def _talks(service: HasRules, task: Mapping[str, object]) -> bool:
    """Whether this is a call or an e-mail that does not stand alone, and was not taken from somebody."""
    plan = service.rules.compiled.dispatch.plays.get(str(task.get("play") or ""))
    alone = plan is not None and plan.play.separate
    return task.get("kind") != "escalation" and task.get("channel") in TALKING and not alone


def _opening(key: str) -> str:
    """What tasks are of that are made together: the steps of one play's opening."""
    step = effect_keys.play_step(effect_keys.origin(key))
    return effect_keys.origin(key) if step is None else f"{step.play}/{step.times}"


def _stands(row: Outgoing, there: LeadTask, now: Instant) -> NewActivity:
    """That the task which this one joins stands by itself, as note_carriers.py says it; before what joins it."""
    task = effect_keys.origin(there.key)
    return NewActivity(
        key=f"carried:{row.key}",
        lead_id=LeadId(row.lead_id),
        at=now,
        type="task_carried",
        properties={"task": task, "by": task},
        source="coldframe",
    )
