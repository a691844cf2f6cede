"""Hand over: makes tasks ready to be sent, each for its person, in the CRM's own words and due on that person's day.

What survives a crash: for whom a task is, that it has nobody, its wording, and the mark that it is about to be sent
are stored in one transaction, before anything is sent.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Protocol

from connectors.base.port import Receipt, TaskWrite, Unavailable, Verdict, Write
from connectors.base.task_words import TaskWords
from integration.core.handoff.task_story import Beside
from integration.core.hours import working_hours
from integration.core.rules.calendar import zone
from integration.core.rules.playbook_rules import Playbook
from integration.flows.assigning import assign_tasks, note_hours
from integration.flows.base.isolation import Try, calling
from integration.flows.base.service import (
    Connection,
    Derived,
    HasAlerts,
    HasGoingLive,
    HasStore,
    HasWake,
)
from integration.flows.crm_calls.crm_task_words import task_words
from integration.flows.delivering import ramp_up, task_texts
from integration.flows.levels.late_notes import escalation_notes
from integration.flows.people_in_sales import user_directory
from integration.flows.people_in_sales.raise_alerts import lanes as alert_lanes
from integration.store.outgoing import outbox
from integration.store.outgoing.outgoing_rows import Outgoing
from integration.store.outgoing.unassigned import Assigned
from integration.store.progress import restored_store
from integration.store.queues import leases
from integration.store.queues.leases import Lease
from mappings.model.task_text import TaskText


class HandingOver(Derived, HasGoingLive, HasAlerts, HasWake, Protocol):
    """What it takes to hand tasks over: their words, their assignees, and alerts where nobody is found."""


def ready(
    service: HandingOver, lease: Lease, connection: Connection, these: Try[Outgoing]
) -> tuple[list[Outgoing], list[TaskWrite]]:
    """The tasks that have somebody to go to, and what is to be written; the others wait, and delay nobody.

    Raises Unavailable where the CRM cannot be asked who there is.
    """
    rows = these.items
    if not rows:
        return [], []
    with calling():
        found = assign_tasks.prepared(service, connection, rows)
        said = task_words(service, connection)
    with service.store.write() as conn:
        leases.extend(conn, lease)
        note_hours.mark(conn, service, rows, service.now())
        people = assign_tasks.keep(conn, service, connection, rows, found)
        hours = note_hours.note(conn, service, rows, people, service.now())
        there = outbox.attempting(conn, [row.id for row in rows if row.id in people])
        wanted = [row for row in rows if row.id in there]
        notes, had_by = escalation_notes(conn, service, wanted, service.now()), assign_tasks.had_by(found, wanted)
        known = {
            row.id: Beside(
                reads_in=reads_in(people[row.id], service.rules.playbook, hours.get(row.id, "")),
                hours=hours.get(row.id),
                had_by=had_by.get(row.id, ""),
                spent=notes.get(row.id, ""),
                closing=(said.answering,) if said.answering else (),
            )
            for row in wanted
        }
        known = task_texts.with_links(conn, service, connection, {row.id: row.lead_id for row in wanted}, known)
        kept = task_texts.reworded(conn, service, wanted, service.now(), known)
        restored = restored_store.lately(conn, service.now())
        new = sum(not row.attempted for row, _ in kept)  # one that is tried again was counted before
        ramp_up.spent(conn, ramp_up.tasks(service.going_live, connection.name), new, service.now())
        if not kept:
            these.done(conn)
    if len(people) < len(rows):
        for lane in alert_lanes(service):
            service.wake(lane)
    writes = [_task(row, text, people[row.id], said, known[row.id].reads_in, restored=restored) for row, text in kept]
    return [row for row, _ in kept], writes


def reviewed(
    service: HasStore, connection: Connection, writes: Sequence[Write], receipts: Sequence[Receipt]
) -> list[Receipt]:
    """Receipts that distinguish a task refused for its person from one refused for itself.

    Whom the CRM gives nothing any more is known from then on, and the task goes to whoever is next.
    """
    pairs = list(zip(writes, receipts, strict=True))
    owners = {write.owner for write, receipt in pairs if isinstance(write, TaskWrite) and receipt.of_owner}
    if not owners:
        return list(receipts)
    try:
        unfit = user_directory.refused(service, connection, owners)
    except Unavailable:
        # Who can get something is not known now: tried again after a while, as anything that failed in passing.
        return [replace(each, verdict=Verdict.RETRY, of_owner=False) if each.of_owner else each for each in receipts]
    return [
        replace(receipt, verdict=Verdict.RETRY)
        if isinstance(write, TaskWrite) and receipt.of_owner and write.owner in unfit
        else replace(receipt, of_owner=False)
        for write, receipt in pairs
    ]


def reads_in(person: Assigned | None, playbook: Playbook, hours: str = "") -> str:
    """The zone in which somebody reads: as their CRM says it, else of their working hours, else the playbook's."""
    own = person.timezone if person is not None else ""
    return own if zone(own) else working_hours.zone_of(hours) or playbook.calendar.timezone


def _task(  # noqa: PLR0913 - a task has that many sides
    row: Outgoing, text: TaskText, person: Assigned, words: TaskWords, reads_in: str, *, restored: bool
) -> TaskWrite:
    """The task as it goes to its person, due on their day.

    In a store that was restored from a backup, one that was never tried may have been made all the same.
    """
    task = row.payload
    return TaskWrite(
        key=row.key,
        object=row.object,
        id=row.external_id,
        subject=str(task["subject"]),
        body=text,
        due_at=int(task["due_at"]),
        channel=task["channel"],
        priority=task["priority"],
        owner=person.user,
        zone=reads_in,
        words=words,
        attempted=row.attempted or restored,
    )
