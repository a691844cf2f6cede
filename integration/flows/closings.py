"""Closings: tasks in a CRM that nobody is to work on any more: a twin's after a merge, a suppressed lead's.

What sales has closed is left as it is: how it was closed says something, and what we would write says nothing.
"""

from collections.abc import Sequence

from connectors.base import FieldWrite, Raw
from integration.flows.service import Connection
from integration.store.outbox import Outgoing
from mappings.answers import holds
from mappings.catalogue import TEXT_LIMIT
from mappings.crm import TaskMapping
from mappings.translate import cut


def closings(connection: Connection, rows: Sequence[Outgoing]) -> list[FieldWrite]:
    """What closes these tasks; nothing for those that are closed or gone. Raises Unavailable.

    A mapping that does not say how closes nothing, and the task stays open.
    """
    objects = connection.mapping.objects.values()
    name, tasks = next(((each.name, each.task) for each in objects if each.task), ("", None))
    ids = [str(row.payload["id"]) for row in rows]
    found = connection.connector.read(name, ids, sorted(tasks.closed)) if tasks else ()
    there = {record.id for record in found if tasks and not holds(tasks.closed, record.fields)}
    return [
        FieldWrite(key=row.key, object=name, id=key, fields=_closing(tasks, row) if tasks and key in there else {})
        for row, key in zip(rows, ids, strict=True)
    ]


def _closing(tasks: TaskMapping, row: Outgoing) -> Raw:
    """What closes a task, with the reason before its subject, where one is given."""
    because, subject = row.payload.get("because"), row.payload.get("subject")
    said = {tasks.subject: cut(f"{because}: {subject}", TEXT_LIMIT)} if tasks.subject and because else {}
    return {**tasks.close, **said}
