"""The CRM's own record of a handover (HubSpot's Lead object), for whoever got the task, where a mapping makes them.

Asked for when the task stands in the CRM, so there is none for a handover that was withheld, once for each; also where
it is a further reason in a task that stands for another one. What survives a crash: the request, and that it was
tried, until the CRM has the record.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection as Sql

from connectors.base.port import HandoverWrite, TaskWrite, Write
from integration.core.model import effect_keys
from integration.flows.base.service import Connection, HasStore
from integration.store.assigning import carried_tasks
from integration.store.assigning.carried_tasks import CARRIED_BY
from integration.store.outgoing import outbox
from integration.store.outgoing.outgoing_rows import Outgoing
from integration.store.people import leads as people
from integration.store.queues import leases
from integration.store.queues.leases import Lease
from mappings.values.identifiers import LeadId
from mappings.values.instant import Instant


@dataclass(frozen=True, slots=True, kw_only=True)
class Stands:
    """A task, by its key, that stands in the CRM and says something new, and whose it is: the CRM's id of a user."""

    key: str
    lead_id: LeadId
    owner: str


def of_made(done: Iterable[tuple[Outgoing, Write]]) -> list[Stands]:
    """The tasks among what was written just now."""
    made = [(row, write) for row, write in done if isinstance(write, TaskWrite)]
    return [Stands(key=row.key, lead_id=LeadId(row.lead_id), owner=write.owner) for row, write in made]


def want(conn: Sql, connection: Connection, play: str, tasks: Sequence[Stands], now: Instant) -> None:
    """Ask for the record of each handover that one of these tasks is, or carries; `play` is the one of the handoff."""
    if connection.mapping.handovers is None or not tasks:
        return
    owners = {each.key: each.owner for each in tasks}
    leads = sorted({each.lead_id for each in tasks})
    names = {row.id: _name(row) for row in people.get(conn, leads)}
    wanted: dict[str, outbox.NewOnce] = {}
    for lead, theirs in carried_tasks.of_leads(conn, leads).items():
        for each in theirs:
            there = each.key if each.key in owners else str(each.payload.get(CARRIED_BY, ""))
            step = effect_keys.play_step(effect_keys.origin(each.key))
            if there in owners and step is not None and each.payload.get("play") == play:
                key = effect_keys.key(lead, "record", step.play, step.times)
                said = {"name": names.get(lead, ""), "owner": owners[there]}
                wanted.setdefault(key, outbox.NewOnce(key=key, lead_id=lead, payload=said))
    outbox.want_once(conn, connection.name, "record", list(wanted.values()), now)


def ready(service: HasStore, lease: Lease, connection: Connection, rows: Sequence[Outgoing]) -> list[HandoverWrite]:
    """What is to be created; that it is tried is stored first. Where no name is known, the person's id stands."""
    made = connection.mapping.handovers
    if made is None:
        return []
    with service.store.write() as conn:
        leases.extend(conn, lease)
        outbox.attempting(conn, [row.id for row in rows])
    return [
        HandoverWrite(
            key=row.key,
            object=made.object,
            id=row.external_id,
            name=str(row.payload["name"]) or row.external_id,
            owner=str(row.payload["owner"]),
            fields=made.fields,
            attempted=row.attempted,
        )
        for row in rows
    ]


def _name(row: people.LeadRow) -> str:
    """Whom the record is about, as people call them."""
    own = " ".join(str(row.fields[name]) for name in ("first_name", "last_name") if row.fields.get(name))
    return own or row.email or ""
