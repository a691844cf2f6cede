"""Next assignment: to whom a task about a lead would go if there were one now. Nothing is given to anybody."""

from dataclasses import dataclass

from integration.flows.assigning import assign_tasks
from integration.flows.assigning.assign_tasks import Assigning
from integration.flows.base.service import Connection
from integration.flows.history.find_explanation import found
from integration.store.db.json_codec import encode
from integration.store.outgoing.outgoing_rows import Outgoing
from integration.store.outgoing.unassigned import Assigned
from integration.store.people import record_references
from integration.store.people.leads import LeadRow
from integration.store.people.record_references import PEOPLE
from mappings.values.identifiers import ExternalId
from mappings.values.instant import Span


class UnknownLeadError(Exception):
    """Nobody goes by this name, or no CRM knows them; says so."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Home:
    connection: Connection
    object: str
    id: ExternalId


def next_assignment(service: Assigning, name: str, role: str, within: Span) -> tuple[LeadRow, Assigned]:
    """The lead of that name, and who would get a task for that role that is due within a span.

    Raises UnknownLeadError, Unavailable where a CRM is away, ValueError where an id is of several people.
    """
    with service.store.read() as conn:
        row = found(conn, name, service.connections)
        references = record_references.of_leads(conn, [row.id]).get(row.id, ()) if row is not None else ()
    if row is None:
        msg = f"nobody is known as {name!r}; give an e-mail address, our id, a record's id, or connection:object:id"
        raise UnknownLeadError(msg)
    homes = [
        _Home(connection=connection, object=each.object, id=each.external_id)
        for connection in service.connections.values()
        for kind in PEOPLE
        for each in references
        if each.connection == connection.name and each.object == kind
    ]
    if not homes:
        msg = f"no CRM knows {name!r} yet: a task waits until one does"
        raise UnknownLeadError(msg)
    task = {"assignee": role, "due_at": service.now() + within, "kind": "escalation" if role == "manager" else "task"}
    asked = Outgoing(
        id=0,
        kind="task",
        key=f"{row.id}/asked",
        seq=1,
        lead_id=row.id,
        payload_text=encode(task),
        attempted=False,
        attempts=0,
        since=service.now(),
        created_at=service.now(),
        object=homes[0].object,
        external_id=homes[0].id,
        written_text=None,
        standing_text=None,
        place=1,
        owner=row.owner,
    )
    return row, assign_tasks.assigned(service, homes[0].connection, [asked])[0]
