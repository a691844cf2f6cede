"""The CRM's own record of a handover (HubSpot's Lead object), for whoever got the task, where a mapping makes them.

Asked for when the task stands in the CRM, so there is none for a handover that was withheld, once for each. What
survives a crash: the request, and that it was tried, until the CRM has the record.
"""

from collections.abc import Sequence

from sqlalchemy import Connection as Sql

from connectors.base.port import HandoverWrite, TaskWrite, Write
from integration.core.model import effect_keys
from integration.flows.base.service import Connection, HasStore
from integration.store.outgoing import outbox
from integration.store.outgoing.outgoing_rows import Outgoing
from integration.store.people import leads as people
from integration.store.queues import leases
from integration.store.queues.leases import Lease
from mappings.values.identifiers import LeadId
from mappings.values.instant import Instant


def want(conn: Sql, connection: Connection, play: str, done: Sequence[tuple[Outgoing, Write]], now: Instant) -> None:
    """Ask for the record of each handover whose task was made just now; `play` is the one of the handoff."""
    if connection.mapping.handovers is None:
        return
    made = [(row, write) for row, write in done if isinstance(write, TaskWrite)]
    steps = [(row, write, effect_keys.play_step(effect_keys.origin(row.key))) for row, write in made]
    given = [(row, write, step) for row, write, step in steps if step is not None and row.payload.get("play") == play]
    names = {row.id: _name(row) for row in people.get(conn, sorted({LeadId(row.lead_id) for row, *_ in given}))}
    wanted = [
        outbox.NewOnce(
            key=effect_keys.key(row.lead_id, "record", step.play, step.times),
            lead_id=row.lead_id,
            payload={"name": names.get(row.lead_id, ""), "owner": write.owner},
        )
        for row, write, step in given
    ]
    outbox.want_once(conn, connection.name, "record", list({each.key: each for each in wanted}.values()), now)


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
