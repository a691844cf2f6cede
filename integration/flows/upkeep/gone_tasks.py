"""Gone tasks: open tasks of ours that somebody has deleted in a CRM that does not report it (HubSpot).

They are asked for by their ids, a hundred a call, and whatever the CRM does not have any more counts as closed without
a word, as a deleted task does elsewhere: whoever had it is less busy, and its lead is not forgotten. What survives a
crash: a task that was not looked at is looked at an hour later; one that is missed twice is noted once.
"""

from collections.abc import Iterator, Sequence
from typing import Protocol

import structlog

from connectors.base.port import Record, Unavailable
from integration.flows.base.service import Connection, HasWake, Intake
from integration.flows.crm_calls.pause_connection import open_for
from integration.flows.delivering.close_tasks import tasks_of
from integration.flows.reading import read_sales_answers
from integration.store.assigning import open_tasks
from integration.store.crm import connection_pauses
from mappings.values.identifiers import ExternalId
from mappings.values.instant import HOUR, Instant, Span

log = structlog.get_logger()

_SETTLED: Span = HOUR
"""What was made more recently may not show yet."""


class Noticing(Intake, HasWake, Protocol):
    """What it takes to notice that a task is gone."""


def notice_gone(service: Noticing) -> int:
    """Note every open task that is gone from its CRM; how many. A CRM that does not answer is asked in an hour."""
    before, gone = service.now() - _SETTLED, 0
    for connection in service.connections.values():
        with service.store.read() as conn:
            lasting = connection_pauses.lasting(conn, service.now())
        if connection.connector.reports_deleted or open_for(connection.name, lasting) != "everything":
            continue
        try:
            gone += sum(_note(service, connection, records) for records in _gone(service, connection, before))
        except Unavailable as away:
            log.warning("open tasks not looked at", connection=connection.name, code=away.receipt.code)
    if gone:
        service.wake("advance")
    return gone


def _gone(service: Noticing, connection: Connection, before: Instant) -> Iterator[list[Record]]:
    """The missing tasks of each page of open ones. Raises Unavailable."""
    name, mapped = tasks_of(connection)
    limit, behind = connection.connector.limits.read, ""
    while mapped is not None:
        with service.store.read() as conn:
            tasks = open_tasks.page(conn, connection.name, before=before, behind=behind, limit=limit)
        if tasks:
            there = _there(connection, name, [each.external_id for each in tasks], mapped.key)
            yield [
                Record(object=name, id=each.external_id, fields={mapped.key: each.key}, deleted=True)
                for each in tasks
                if each.external_id not in there
            ]
        if len(tasks) < limit:
            return
        behind = tasks[-1].key


def _there(connection: Connection, name: str, ids: Sequence[ExternalId], key: str) -> set[str]:
    return {record.id for record in connection.connector.read(name, ids, [key]) if not record.deleted}


def _note(service: Noticing, connection: Connection, records: Sequence[Record]) -> int:
    if records:
        with service.store.write() as conn:
            read_sales_answers.store_tasks(conn, service, connection, records)
        log.info("tasks were deleted", connection=connection.name, tasks=len(records))
    return len(records)
