"""Ready batches: which rows of the outbox can be sent now, and whether they fill a call or have waited enough."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from integration.flows.base import history_or_live
from integration.flows.base.running_routing import HasRouting
from integration.flows.base.service import Connection, HasLanes, LimitedWrites
from integration.flows.crm_calls.pause_connection import Open, open_for
from integration.flows.delivering import ramp_up
from integration.flows.delivering.joining.carriers import joins
from integration.store.crm import connection_pauses
from integration.store.events import live_since as lives
from integration.store.outgoing import outbox
from integration.store.outgoing.outgoing_rows import Outgoing
from integration.store.queues import leases
from integration.store.queues.leases import Lease
from mappings.values.instant import Instant


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What can be sent now; `free` tasks and `room` records fill a call, or are all that going live allows."""

    tasks: Sequence[Outgoing]
    free: int
    room: int
    touches: Sequence[Outgoing] = ()
    fields: Sequence[Outgoing] = ()
    closings: Sequence[Outgoing] = ()
    owners: Sequence[Outgoing] = ()
    records: Sequence[Outgoing] = ()
    joining: Sequence[Outgoing] = ()
    """Tasks that join open ones; of tasks, they are the first to be seen to."""

    @property
    def lingering(self) -> bool:
        """Whether something waits for company."""
        return bool(self.tasks or self.touches or self.fields)


class Looking(LimitedWrites, HasRouting, Protocol):
    """The store, how much may be written, and whether owners are set."""


def look(service: Looking, connection: Connection, now: Instant, way: Open) -> Found:
    """The oldest that may go, as much as a call takes."""
    name, limits = connection.name, connection.connector.limits
    with service.store.read() as conn:
        free = ramp_up.allowed(conn, ramp_up.tasks(service.going_live, name), limits.tasks, now)
        room = ramp_up.allowed(conn, ramp_up.records(service.going_live, name), limits.fields, now)
        others = ramp_up.unasked(conn, ramp_up.tasks(service.going_live, name), free, now)
        found = outbox.pending(conn, name, "task", now, limits.tasks)
        joining = [row for row in found if joins(row)]
        tasks = _within([row for row in found if not joins(row)], free, others)
        if way == "tasks":
            return Found(tasks=tasks, free=free, room=room, joining=joining)
        rows = outbox.pending(conn, name, "fields", now, limits.fields)[:room]
        return Found(
            tasks=tasks,
            free=free,
            room=room,
            joining=joining,
            touches=_one_each(outbox.pending(conn, name, "touch", now, limits.fields))[:room],
            fields=rows,
            closings=outbox.pending(conn, name, "closing", now, limits.fields),
            owners=outbox.pending(conn, name, "owner", now, limits.fields)[:room] if service.routing.set_owner else (),
            records=outbox.pending(conn, name, "record", now, limits.tasks) if connection.mapping.handovers else (),
        )


def opened(service: LimitedWrites, lease: Lease, connection: Connection, now: Instant) -> Open:
    """What may be written now: nothing in a pause and in shadow mode. After that, what is too old is let go first."""
    if service.going_live.shadow:
        return "nothing"
    with service.store.read() as conn:
        way, shadowed = open_for(connection.name, connection_pauses.lasting(conn, now)), lives.shadow(conn) is not None
    if shadowed:
        with service.store.write() as conn:
            leases.extend(conn, lease)
            history_or_live.since(conn, service, now)
    return way


def _within(rows: Sequence[Outgoing], free: int, others: int) -> list[Outgoing]:
    """As many as may go; of them about people who did not ask for a demo only as long as `others` are not used up."""
    urgent = [row for row in rows if row.urgent][:free]
    return urgent + [row for row in rows if not row.urgent][: max(0, others - len(urgent))]


def _one_each(rows: Sequence[Outgoing]) -> list[Outgoing]:
    """The oldest touch of each lead: the next one goes when this one has arrived, so that none hides another."""
    first: dict[str, Outgoing] = {}
    for row in rows:
        first.setdefault(row.lead_id, row)
    return list(first.values())


def ripe(service: HasLanes, rows: Sequence[Outgoing], limit: int, now: Instant) -> bool:
    """Whether these fill a call, or the oldest has lingered long enough for others to come along."""
    return bool(rows) and (
        len(rows) >= limit or any(row.urgent or row.since + service.lanes.linger <= now for row in rows)
    )
