"""Close tasks: closes tasks in a CRM that nobody is to work on any more: a twin's after a merge, a suppressed lead's.

What sales has closed is left as it is: how it was closed says something, and what we would write says nothing.
"""

from collections.abc import Sequence

from connectors.base.port import FieldWrite, Raw
from connectors.base.task_words import TaskWords
from integration.flows.base.service import Connection
from integration.store.outgoing.outgoing_rows import Outgoing
from mappings.model.catalogue import TEXT_LIMIT
from mappings.model.compiled_mapping import TaskMapping
from mappings.translate.cut_text import cut
from mappings.translate.record_answers import holds
from mappings.values.identifiers import ExternalId


def closings(connection: Connection, rows: Sequence[Outgoing], words: TaskWords) -> list[FieldWrite]:
    """What closes these tasks; nothing for those that are closed or gone. Raises Unavailable.

    Closed as the mapping says, else with the CRM's own word (`words`). Where there is neither, the task stays open.
    """
    name, tasks = tasks_of(connection)
    ids = [ExternalId(str(row.payload["id"])) for row in rows]
    found = connection.connector.read(name, ids, sorted(tasks.closed)) if tasks else ()
    there = {record.id for record in found if tasks and not holds(tasks.closed, record.fields)}
    fields = [_closing(tasks, words, row) if tasks and key in there else {} for row, key in zip(rows, ids, strict=True)]
    return [
        FieldWrite(key=row.key, object=name, id=key, fields=each)
        for row, key, each in zip(rows, ids, fields, strict=True)
    ]


def tasks_of(connection: Connection) -> tuple[str, TaskMapping | None]:
    """What the CRM calls its tasks, and how the mapping reads ours; "" and None where it reads none."""
    objects = connection.mapping.objects.values()
    return next(((each.name, each.task) for each in objects if each.task), ("", None))


def _closing(tasks: TaskMapping, words: TaskWords, row: Outgoing) -> Raw:
    """What closes a task, with the reason before its subject, where one is given."""
    because, subject = row.payload.get("because"), row.payload.get("subject")
    said = {tasks.subject: cut(f"{because}: {subject}", TEXT_LIMIT)} if tasks.subject and because else {}
    return {**closed_by(tasks, words), **said}


def closed_by(tasks: TaskMapping, words: TaskWords) -> Raw:
    """The fields that close a task without a word about its outcome."""
    return tasks.close or words.closed
