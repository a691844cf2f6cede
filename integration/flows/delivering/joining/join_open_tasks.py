"""Join open tasks: carries out what joins a task that is open, by rewriting that task; of a closed one, by a task.

What joins a task that has yet to be made is written with it. Where the CRM has the task, it is read first: one that
somebody has closed or deleted in the meantime, or that is another person's than the lead's by now, is left as it is,
and what was to join it becomes a task of its own. The same holds for one that is found closed right after it was
rewritten: whoever closed it has not seen it. What survives a crash: the row that joins stays pending until it is stored
that another task carries it out; a rewriting that goes again writes the same.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from typing import Protocol

import structlog
from sqlalchemy import Connection as Sql

from connectors.base.port import Receipt, Verdict
from integration.core.model import effect_keys
from integration.flows.assigning import assign_tasks, lead_records, reassign
from integration.flows.assigning.assign_tasks import Assigning
from integration.flows.assigning.lead_records import Stands
from integration.flows.base.isolation import Try, calling
from integration.flows.base.service import Connection, HasWake
from integration.flows.crm_calls.crm_task_words import task_words
from integration.flows.crm_calls.pause_connection import ended
from integration.flows.crm_calls.retrying import refused, stopping
from integration.flows.delivering.close_tasks import tasks_of
from integration.flows.delivering.joining import carriers, standing_tasks
from integration.flows.delivering.joining.carriers import NOTHING_OPEN, Sorted
from integration.flows.delivering.joining.note_carriers import Carrier, concerned, note, without_call
from integration.flows.delivering.joining.shared_wording import shared
from integration.flows.delivering.joining.task_rewriting import Rewriting, rewritings
from integration.store.assigning import carried_tasks
from integration.store.assigning.carried_tasks import LeadTask
from integration.store.audit import audit_trail
from integration.store.audit.audit_trail import Entry
from integration.store.crm import crm_users
from integration.store.outgoing import outbox, unassigned
from integration.store.outgoing.outgoing_rows import Outgoing
from integration.store.queues import dirty, leases
from integration.store.queues.leases import Lease
from mappings.translate.record_answers import holds
from mappings.values.identifiers import ExternalId, LeadId
from mappings.values.instant import MINUTE, Instant

log = structlog.get_logger()

CLOSED = "somebody has closed the task that it was to join"
ANOTHER = "the task that it was to join is another person's"
REFUSED = "the CRM does not let the task that it was to join be rewritten"
HAS_TASK = "has the open task that it joins"
_FINAL = frozenset({Verdict.PERMANENT, Verdict.FOLLOW})
"""A task of which the CRM says this will never be rewritten: it is gone, merged away, or refuses what we write."""


class Joining(Assigning, HasWake, Protocol):
    """What it takes to rewrite a task: its words, and who has it."""


def join(service: Joining, lease: Lease, connection: Connection, these: Try[Outgoing]) -> Receipt | None:
    """Carry out what joins other tasks; the receipt for which the connection has to wait. Raises Unavailable."""
    now = service.now()
    with service.store.read() as conn:
        expected = without_call(_sorted(conn, service, connection, these.items))
    with service.store.write() as conn:
        leases.extend(conn, lease)
        dirty.mark(conn, concerned(expected), now)
        found = _wanted(conn, service, connection, these.items, concerned(expected))
        note(conn, _carry(conn, connection, found, now), now)
        if not found.rewriting:
            these.done(conn)
    for name in {to for _, to in found.elsewhere}:
        service.wake(f"deliver:{name}")
    return _rewrite(service, lease, connection, these, found) if found.rewriting else None


def _sorted(conn: Sql, service: Joining, connection: Connection, rows: Sequence[Outgoing]) -> Sorted:
    tasks = carried_tasks.of_leads(conn, [row.lead_id for row in rows])
    return carriers.sorted_out(tasks, rows, connection.name, service.connections.keys())


def _wanted(
    conn: Sql, service: Joining, connection: Connection, rows: Sequence[Outgoing], marked: Collection[LeadId]
) -> Sorted:
    """What becomes of those that nobody has taken back, in the transaction that stores it.

    Something may be noted about those leads alone that are marked; of others, what was to be waits for the next turn.
    """
    wanted = outbox.still_wanted(conn, [row.id for row in rows])
    found = _sorted(conn, service, connection, [row for row in rows if row.id in wanted])
    if late := concerned(without_call(found)).difference(marked):
        there = [row for row in rows if row.id in wanted and row.lead_id not in late]
        return _sorted(conn, service, connection, there)
    return found


def _carry(conn: Sql, connection: Connection, found: Sorted, now: Instant) -> list[Carrier]:
    """Store all that needs no call: what is written with a task that waits, what stands apart, what has to wait."""
    free = outbox.still_wanted(conn, found.written_with)
    found.written_with = {number: joining for number, joining in found.written_with.items() if number in free}
    for number, joining in found.written_with.items():
        task = found.tasks[number]
        outbox.reword(conn, [(number, reassign.together(shared(task.payload, joining), joining))])
        carried_tasks.carried(conn, [(row.id, row.payload, task.key) for row in joining])
        if "taken_over" not in task.payload:
            reassign.closed_for(conn, joining, now)
        standing_tasks.carried(conn, joining, now)
    carried_tasks.sooner(conn, free, now)
    carried_tasks.move(conn, [(row.id, to) for row, to in found.elsewhere])
    outbox.defer(conn, [row.id for row in found.unclear], now + MINUTE)
    _apart(conn, connection, [(row, NOTHING_OPEN) for row in found.apart], now)
    return without_call(found)


def _apart(conn: Sql, connection: Connection, rows: Sequence[tuple[Outgoing, str]], now: Instant) -> None:
    """These become tasks of their own, or stay so; the audit trail says why."""
    if not rows:
        return
    standing_tasks.restore(conn, [(row, why) for row, why in rows if standing_tasks.stood(row)], now)
    new = [(row.id, carried_tasks.apart(row.payload, why)) for row, why in rows if not standing_tasks.stood(row)]
    outbox.reword(conn, new)
    detail = {"tasks": {row.key: {"joins": row.payload["joins"], "because": why} for row, why in rows}}
    entry = Entry(at=now, actor="coldframe", action="make apart", subject=f"tasks in {connection.name}", detail=detail)
    audit_trail.add(conn, [entry])


def _rewrite(
    service: Joining, lease: Lease, connection: Connection, these: Try[Outgoing], found: Sorted
) -> Receipt | None:
    """Rewrite tasks in the CRM, once it is known that they are open and whose they are."""
    with calling():
        open_ = _open(connection, [found.tasks[number] for number in found.rewriting])
        theirs = _still_theirs(service, connection, found)
        wanted = [(found.tasks[each], rows) for each, rows in found.rewriting.items() if each in open_ & theirs]
        made = rewritings(service, connection, task_words(service, connection), wanted)
        receipts = connection.connector.apply([each.write for each in made]) if made else []
        pairs = list(zip(made, receipts, strict=True))
        done = [each for each, receipt in pairs if receipt.verdict is Verdict.DONE]
        unseen = {each.task.id for each in done} - _open(connection, [each.task for each in done])
    why = {each.task.id: REFUSED for each, receipt in pairs if receipt.verdict in _FINAL}
    why |= dict.fromkeys(found.rewriting.keys() - theirs, ANOTHER)
    why |= dict.fromkeys((found.rewriting.keys() - open_) | unseen, CLOSED)
    stop, now = stopping(receipts), service.now()
    done = [each for each in done if each.task.id not in why]
    carried = [Carrier(row, each.task.key) for each in done for row in each.rows]
    with service.store.write() as conn:
        leases.extend(conn, lease)
        dirty.mark(conn, concerned(carried).union([found.tasks[number].lead_id for number in why]), now)
        free = outbox.still_wanted(conn, [row.id for row in these.items])
        elsewhere = _elsewhere(conn, connection, found, why, free, now)
        _carried(conn, done, free, now)
        stand = [Stands(key=each.task.key, lead_id=each.task.lead_id, owner=each.who.user) for each in done if each.who]
        lead_records.want(conn, connection, service.rules.playbook.handoff.play, stand, now)
        there = [each for each in carried if each.row.id in free]
        note(conn, [*elsewhere, *there], now)
        reassign.closed_for(conn, [each.row for each in there], now)
        for each, receipt in pairs:
            if receipt.verdict not in {Verdict.DONE, *_FINAL}:
                for row in each.rows:
                    refused(conn, row.id, row.attempts, receipt, now)
        ended(conn, connection.name, these, stop, now, done=len(done) + len(unseen))
    log.info("rewrote tasks", connection=connection.name, rewritten=len(done), apart=len(why))
    return stop


def _elsewhere(  # noqa: PLR0913, PLR0917 - what could not be joined, and why
    conn: Sql, connection: Connection, found: Sorted, why: Mapping[int, str], free: Collection[int], now: Instant
) -> list[Carrier]:
    """What cannot join its task joins the one that stands instead; where none does, it becomes one. Which that is.

    Of several of one lead the first does, and the others find it as the one that stands instead.
    """
    alone: list[tuple[Outgoing, str]] = []
    joining: list[Carrier] = []
    for number, words in why.items():
        task, rows = found.tasks[number], [row for row in found.rewriting[number] if row.id in free]
        causes = {effect_keys.origin(each) for each in (task.key, *(str(row.payload["joins"]) for row in rows))}
        there = carriers.instead([each for each in found.of_leads[task.lead_id] if each.id != number], causes)
        if there is not None:
            outbox.reword(conn, [(row.id, {**row.payload, "joins": there.key}) for row in rows])
            joining += [Carrier(row, there.key) for row in rows]
        else:
            alone += [(row, words) for row in rows[:1]]
    _apart(conn, connection, alone, now)
    return [*joining, *[Carrier(row, row.key) for row, _ in alone]]


def _open(connection: Connection, tasks: Collection[LeadTask]) -> set[int]:
    """Which of these tasks are open in the CRM, by outbox id; none where no mapping says when a task is closed."""
    name, mapping = tasks_of(connection)
    wanted = {ExternalId(str(each.external_id)): each.id for each in tasks}
    if mapping is None or not wanted:
        return set()
    read = connection.connector.read(name, sorted(wanted), sorted(mapping.closed))
    there = [each for each in read if each.id in wanted and not each.deleted]
    return {wanted[each.id] for each in there if not holds(mapping.closed, each.fields)}


def _still_theirs(service: Joining, connection: Connection, found: Sorted) -> set[int]:
    """Tasks of whoever would get what joins them; whoever was given one by hand has it, and keeps it.

    An escalation that joins is for whoever has the task. What a pool gave stays theirs until they have left.
    """
    rows = [row for joining in found.rewriting.values() for row in joining]
    given = assign_tasks.assigned(service, connection, rows)
    with service.store.read() as conn:
        kept = unassigned.of_effects(conn, [found.tasks[number].key for number in found.rewriting])
        users = crm_users.by_id(conn, [(one.connection, one.user) for one in kept.values()])
    theirs: set[int] = set()
    for number, joining in found.rewriting.items():
        has = kept.get(found.tasks[number].key)
        user = users.get((has.connection, has.user)) if has is not None else None
        gone = user is not None and not (user.active and user.kind == "person")
        others = [
            one
            for row in joining
            if row.payload.get("kind") != "escalation" and (one := given[row.id]).user and not one.pool
        ]
        if has is None or not (gone or any(one.user != has.user for one in others)):
            theirs.add(number)
    return theirs


def _carried(conn: Sql, done: Sequence[Rewriting], wanted: set[int], now: Instant) -> None:
    """What the tasks say by now, and that they carry out what joined them."""
    outbox.reword(conn, [(each.task.id, each.payload) for each in done])
    rows = [(row, each.task.key) for each in done for row in each.rows if row.id in wanted]
    carried_tasks.carried(conn, [(row.id, row.payload, by) for row, by in rows])
    standing_tasks.carried(conn, [row for row, _ in rows], now)
    given = {row.key: replace(each.who, because=HAS_TASK) for each in done if each.who for row in each.rows}
    unassigned.assign(conn, given)
