"""Blanking: clears our own values in a person's CRM records, and closes our open tasks about them.

What the CRM itself knows of the person stays the CRM's. Nothing is stored here: a run that was cut short is run again.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection as Sql
from sqlalchemy import select

from connectors.base.port import FieldWrite, Receipt, Verdict
from connectors.base.task_words import TaskWords
from integration.flows.base.service import Connected, Connection
from integration.flows.crm_calls.crm_task_words import task_words
from integration.flows.delivering.close_tasks import closed_by
from integration.store.db.dialects import among
from integration.store.db.json_codec import listed
from integration.store.overall.erasure import Target
from integration.store.people import record_references
from integration.store.schema.tables import outbox
from mappings.translate.translation import outward
from mappings.values.identifiers import ConnectionName

_TASKS = select(outbox.c.connection, outbox.c.external_id).where(
    among(outbox.c.lead_id, "ids"), outbox.c.kind == "task", outbox.c.external_id.is_not(None)
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Blanked:
    """What a CRM answered about one record: the person's own, or a task."""

    connection: ConnectionName
    write: FieldWrite
    receipt: Receipt

    @property
    def done(self) -> bool:
        """Whether it is as asked: a record that is gone holds nothing of ours."""
        return self.receipt.verdict in {Verdict.DONE, Verdict.FOLLOW} or "NOT_FOUND" in self.receipt.code.upper()


def blank(service: Connected, who: Target) -> list[Blanked]:
    """Clear every field of ours in every record of theirs and close our tasks, one call a CRM and kind."""
    said = {name: task_words(service, each) for name, each in service.connections.items()}
    with service.store.read() as conn:
        wishes = [(each, list(_writes(conn, each, who, said[each.name]))) for each in service.connections.values()]
    found = []
    for connection, writes in wishes:
        for part in _parts(writes, connection.connector.limits.fields):
            receipts = connection.connector.apply(part)
            found += [
                Blanked(connection=connection.name, write=write, receipt=receipt)
                for write, receipt in zip(part, receipts, strict=True)
            ]
    return found


def _writes(conn: Sql, connection: Connection, who: Target, words: TaskWords) -> Iterator[FieldWrite]:
    mapped = connection.mapping.objects
    for lead in record_references.of_leads(conn, who.leads).values():
        for each in lead:
            if each.connection == connection.name and each.object in connection.mapping.people:
                nothing = {target.name: None for target in mapped[each.object].write}
                fields = outward(connection.mapping, each.object, nothing)
                yield FieldWrite(
                    key=f"blank:{each.external_id}", object=each.object, id=each.external_id, fields=fields
                )
    name, tasks = next(((each.name, each.task) for each in mapped.values() if each.task), ("", None))
    close = closed_by(tasks, words) if tasks else {}
    for holder, task in conn.execute(_TASKS, {"ids": listed(who.leads)}):
        if holder == connection.name and close:
            yield FieldWrite(key=f"close:{task}", object=name, id=task, fields=close)


def _parts(writes: Sequence[FieldWrite], most: int) -> Iterator[list[FieldWrite]]:
    """Of one object each, as calls want them."""
    for name in dict.fromkeys(write.object for write in writes):
        those = [write for write in writes if write.object == name]
        for start in range(0, len(those), most):
            yield those[start : start + most]
