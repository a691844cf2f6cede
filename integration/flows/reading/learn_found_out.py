"""Learn what sales found out: what closed tasks say of a lead's fields is stored as changes of these fields.

So it counts as any other word of that CRM does: by time, and by who owns the field. A task that is read again says
nothing new; one that was corrected after it was closed counts from its correction.
Reason: [decision 0052].
"""

from collections import defaultdict
from collections.abc import Sequence
from typing import NamedTuple

from sqlalchemy import Connection as Sql

from connectors.base.port import Record
from integration.flows.base.service import Connection, Intake
from integration.flows.people.record_field_changes import ReportedFields, change_leads
from integration.store.people import field_changes
from integration.store.people.field_changes import ANSWER, ChangeRow
from mappings.conflicts.field_conflicts import key_prefix
from mappings.model.canonical import Fields, Value
from mappings.values.identifiers import LeadId
from mappings.values.instant import Instant


class FoundOut(NamedTuple):
    """What a closed task says of the lead's fields (FOUND_OUT), and when it was closed."""

    lead: LeadId
    task: Record
    at: Instant
    fields: Fields


def learn(conn: Sql, service: Intake, connection: Connection, found: Sequence[FoundOut]) -> None:
    """Store what these tasks have not said before."""
    if not found:
        return
    now = service.now()
    said: defaultdict[str, list[ChangeRow]] = defaultdict(list)
    for row in field_changes.history(conn, {each.lead for each in found}):
        if row.answer:
            said[row.key.rpartition(":")[0] + ":"].append(row)
    rows: list[ReportedFields[LeadId]] = []
    for each in found:
        task = f"{key_prefix(connection.system, connection.name)}:{each.task.object}:{each.task.id}{ANSWER}"
        before = said[task]
        told: dict[str, Value] = {}
        for row in before:
            told.update(row.fields)
        new = {name: value for name, value in each.fields.items() if told.get(name) != value}
        if new:
            at = max(each.at, min(each.task.modified_at or now, now)) if before else each.at
            rows.append(ReportedFields(each.lead, at, f"{task}{len(before)}", new))
    change_leads(conn, now, rows, owners=service.ownership.lead, reported=True)
