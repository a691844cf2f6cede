"""Remap: under a changed mapping every record that was read before is read again, and everybody there written anew.

The records are only asked for here, some hundreds in a turn, and none while as many wait to be read or decided about;
the lane of each connection reads them, after whatever else is to be read. What survives a crash: where the walk stands
is stored with the requests; a request stays until what it asked for is stored.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Protocol

import structlog
from sqlalchemy import Connection as Sql

from integration.flows.base import running_mappings
from integration.flows.base.service import Derived, HasWake
from integration.store.outgoing import outbox
from integration.store.people import record_references
from integration.store.people.record_references import Reference
from integration.store.progress import remapping
from integration.store.progress.remapping import Remapping
from integration.store.queues import dirty, leases, records_to_read
from integration.store.queues.leases import Lease
from integration.store.queues.records_to_read import Wanted
from mappings.values.identifiers import ConnectionName, ExternalId
from mappings.values.instant import Instant

log = structlog.get_logger()

BATCH = 500
"""Records asked for in one turn, and the most that wait: whoever asks for a demo meanwhile stands behind no more."""


class RemappingLane(Derived, HasWake, Protocol):
    """What asking for records takes: the connections, and the lanes that read and write them."""


def records(service: RemappingLane, lease: Lease) -> bool:
    """Ask for the next records that were read by a former mapping; false where none are to be asked for now."""
    with service.store.read() as conn:
        place = remapping.under_way(conn)
        if place is None:
            return False
        name = _connection(service, place)
        if name and _busy(conn, name, service.now()):
            return False
        rows = record_references.read_after(conn, name, place.object, place.record, BATCH) if name else []
    _ask(service, lease, name, rows, _next(place, name, rows))
    if name and rows:
        for lane in (f"refresh:{name}", f"deliver:{name}"):
            service.wake(lane)
    elif not name:
        log.info("every record of the changed mappings is asked for", mappings=place.files)
    return True


def _busy(conn: Sql, name: ConnectionName, now: Instant) -> bool:
    """Whether enough waits to be read or decided about; what reads wakes the lane that asks for more."""
    return any(
        len(those) >= BATCH for those in (records_to_read.take(conn, name, now, BATCH), dirty.take(conn, now, BATCH))
    )


def _connection(service: RemappingLane, place: Remapping) -> ConnectionName | None:
    """The connection whose records are to be asked for next; None where there is none left."""
    changed = [
        name
        for name, connection in service.connections.items()
        if not running_mappings.names(connection).isdisjoint(place.files)
    ]
    return next((name for name in sorted(changed) if name >= place.connection), None)


def _next(place: Remapping, name: ConnectionName | None, rows: Sequence[Reference]) -> Remapping | None:
    if name is None:
        return None
    if rows:
        return replace(place, connection=name, object=rows[-1].object, record=rows[-1].external_id)
    following = ConnectionName(f"{name} ")  # sorts after this connection, and before all others after it
    return replace(place, connection=following, object="", record=ExternalId(""))


def _ask(
    service: RemappingLane,
    lease: Lease,
    name: ConnectionName | None,
    rows: Sequence[Reference],
    place: Remapping | None,
) -> None:
    now = service.now()
    wanted = [Wanted(connection=each.connection, object=each.object, external_id=each.external_id) for each in rows]
    with service.store.write() as conn:
        leases.extend(conn, lease)
        records_to_read.want_later(conn, wanted, now)
        if name:
            outbox.want_fields(conn, name, [each.lead_id for each in rows if each.lead_id], now)
        remapping.moved(conn, place, now)
