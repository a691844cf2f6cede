"""Pass on tasks: what stands open with somebody who has left, about a lead of sales, goes to somebody who is there.

Each task of a play, and each escalation, becomes one for somebody else, as at a second breach: the new one tells what
happened, the old one is closed when the new one stands in the CRM. A task that a person has given to somebody else in
the CRM is theirs. What survives a crash: the new task, once by its key.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Protocol

import structlog
from sqlalchemy import Connection as Sql

from connectors.base.port import Record, Unavailable
from integration.core.model import effect_keys
from integration.core.rules.calendar import after_working_time
from integration.flows.assigning import reassign
from integration.flows.assigning.reassign import Over, Reassigning
from integration.flows.base.running_playbook import following
from integration.flows.base.service import Connection
from integration.flows.base.write_access import as_of_now
from integration.flows.delivering.close_tasks import tasks_of
from integration.flows.people_in_sales.note_holders import note_open_holders
from integration.store.assigning import left_behind
from integration.store.assigning.left_behind import LeftTask
from integration.store.crm import crm_users
from mappings.translate.record_answers import holds
from mappings.values.identifiers import ConnectionName
from mappings.values.instant import HOUR, Instant, Span

log = structlog.get_logger()

_BATCH = 200
_WITHIN: Span = 4 * HOUR
"""Working time until what somebody takes over is due, where it was not to be due later anyway."""


class PassingOnTasks(Reassigning, Protocol):
    """What it takes to give the tasks of somebody who has left to somebody else."""


def pass_on_tasks(service: PassingOnTasks) -> int:
    """Give the open tasks of those who have left to others; how many tasks. Nothing in shadow mode.

    Where a CRM cannot be asked whose its tasks are now, they are looked at again the next time.
    """
    service, now = following(as_of_now(service)), service.now()
    if service.going_live.shadow:
        return 0
    made, behind = 0, ""
    while True:
        with service.store.read() as conn:
            page = left_behind.tasks_of_leavers(conn, _BATCH, behind)
        made += _pass_on(service, [each for each in page if _goes_on(each)], now)
        if len(page) < _BATCH:
            return made
        behind = page[-1].task.task.key


def _goes_on(each: LeftTask) -> bool:
    """Whether somebody has to have it: what a play or a clock asks for, or what is about another who has left.

    A review and the question for a reason were for whoever got them.
    """
    key = each.task.task.key
    return (
        reassign.opening(key) is not None or effect_keys.of_leaver(key) or each.task.payload.get("kind") == "escalation"
    )


def _pass_on(service: PassingOnTasks, tasks: Sequence[LeftTask], now: Instant) -> int:
    """Give over those of these tasks that are still with somebody who has left; how many."""
    by_connection: defaultdict[ConnectionName, list[LeftTask]] = defaultdict(list)
    for each in tasks:
        by_connection[each.task.task.connection].append(each)
    made = 0
    for name in sorted(by_connection.keys() & service.connections.keys()):
        try:
            records = _records(service.connections[name], by_connection[name])
        except Unavailable as away:
            log.warning("tasks of somebody who has left not read", connection=name, code=away.receipt.code)
            continue
        theirs = _theirs(service, service.connections[name], by_connection[name], records, now)
        made += reassign.give_over(service, _handed_on(service, theirs, now), now)
    return made


def _records(connection: Connection, tasks: Sequence[LeftTask]) -> Mapping[str, Record] | None:
    """These tasks as they stand in the CRM, by their ids there; None where the mapping reads no tasks."""
    name, mapped = tasks_of(connection)
    if mapped is None or not mapped.by:
        return None
    fields = sorted({mapped.by, *mapped.closed})
    return {each.id: each for each in connection.connector.read(name, [one.external_id for one in tasks], fields)}


def _theirs(
    service: PassingOnTasks,
    connection: Connection,
    tasks: Sequence[LeftTask],
    records: Mapping[str, Record] | None,
    now: Instant,
) -> list[LeftTask]:
    """Those that nobody who is there has, and that are open; who else has one now is stored."""
    _, mapped = tasks_of(connection)
    if records is None or mapped is None:
        return list(tasks)
    there = {each.external_id: records[each.external_id] for each in tasks if each.external_id in records}
    whose = {task: str(record.fields.get(mapped.by) or "") for task, record in there.items()}
    theirs, moved = [], {}
    with service.store.write() as conn:
        users = crm_users.by_id(conn, [(connection.name, user) for user in whose.values() if user])
        for each in tasks:
            record = there.get(each.external_id)
            if record is None or record.deleted or holds(mapped.closed, record.fields):
                continue  # reading it says what became of it
            user = users.get((connection.name, whose[each.external_id]))
            if user is not None and user.active and user.kind == "person":
                moved[each.task.task.key] = user.id
            else:
                theirs.append(each)
        note_open_holders(conn, connection, moved, now)
    return theirs


def _handed_on(service: PassingOnTasks, tasks: Sequence[LeftTask], now: Instant) -> list[Over]:
    due = after_working_time(service.rules.playbook.calendar, now, _WITHIN)
    with service.store.read() as conn:
        names = _names(conn, tasks)
    return [
        Over(
            task=each.task,
            story=f"{names.get(each.task.task.key, 'Somebody')} had this and has left the company. This is yours now.",
            due=max(due, int(each.task.payload.get("due_at") or 0)),
            of_leaver=True,
        )
        for each in tasks
    ]


def _names(conn: Sql, tasks: Sequence[LeftTask]) -> Mapping[str, str]:
    """Who has left, as people know them, by the key of their task."""
    users = crm_users.by_id(conn, {(each.task.task.connection, each.task.task.user) for each in tasks})
    found = {each.task.task.key: users.get((each.task.task.connection, each.task.task.user)) for each in tasks}
    return {key: user.label for key, user in found.items() if user is not None}
