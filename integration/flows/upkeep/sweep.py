"""Sweep: finds in SQL whatever Redis forgot, and wakes the lane that has to do it."""

from collections.abc import Iterator
from typing import Protocol

from sqlalchemy import Connection as Sql

from integration.flows.base import running_playbook
from integration.flows.base.running_routing import HasRouting
from integration.flows.base.service import HasCrms, HasGoingLive, HasRetention, HasRules
from integration.flows.bulk import rescoring
from integration.flows.crm_calls.pause_connection import open_for
from integration.flows.intake import unknown_words
from integration.flows.people_in_sales import send_alerts
from integration.flows.people_in_sales.trouble import WatchingTrouble
from integration.flows.upkeep import retention
from integration.store.crm import connection_pauses
from integration.store.events import unrecognised_words
from integration.store.outgoing import alerts, outbox, people_to_create
from integration.store.overall import erased_people
from integration.store.people import leads, shared_emails
from integration.store.progress import bulk_runs
from integration.store.queues import dirty, inbox, look_ups, suspects
from mappings.values.identifiers import ConnectionName
from mappings.values.instant import DAY, Instant

_SUSPECTS_KEPT = 7 * DAY
"""What failed once and never came up again is forgotten after so long."""


class Sweeping(WatchingTrouble, HasRules, HasRouting, HasGoingLive, HasRetention, Protocol):
    """What the sweep takes."""


def sweep(service: Sweeping) -> tuple[str, ...]:
    """Wake every lane with work that may be done now; the lanes woken."""
    now = service.now()
    with service.store.read() as conn:
        waiting = tuple(_waiting(conn, service, now))
    for lane in waiting:
        service.wake(lane)
    retention.prune(service, now)
    if not waiting:
        with service.store.write() as conn:
            unrecognised_words.prune(conn, now - unknown_words.KEPT)
            suspects.prune(conn, now - _SUSPECTS_KEPT)
    return waiting


def _waiting(conn: Sql, service: Sweeping, now: Instant) -> Iterator[str]:
    if inbox.pending(conn, 1):
        yield "ingest"
    undecided = dirty.take(conn, now, 1) or dirty.take_accounts(conn, now, 1) or leads.due(conn, now, 1)
    shared = shared_emails.waiting(conn)
    if undecided or shared or erased_people.pending(conn, 1) or running_playbook.due(conn, service):
        yield "advance"
    yield from map(rescoring.lane, bulk_runs.open_parts(conn))
    for way in service.alert_ways:
        if send_alerts.sendable(conn, service, way, now):
            yield alerts.lane(way)
    yield from _of_crms(conn, service, now)


def _of_crms(conn: Sql, service: HasCrms, now: Instant) -> Iterator[str]:
    resting = connection_pauses.lasting(conn, now)
    for name, connection in service.connections.items():
        way = open_for(name, resting)
        if way == "nothing":
            continue
        people = bool(connection.mapping.creates) and people_to_create.pending(conn, name, now, 1)
        if people or (way == "tasks" and outbox.pending(conn, name, "task", now, 1)):
            yield f"deliver:{name}"
        if way == "everything" and look_ups.take(conn, name, now, 1):
            yield f"refresh:{name}"
        if way == "everything" and not people and _sendable(conn, name, now):
            yield f"deliver:{name}"


def _sendable(conn: Sql, name: ConnectionName, now: Instant) -> bool:
    """Whether something waits for a connection, or a task that had nobody to go to is to be looked at again."""
    return outbox.oldest(conn, name) is not None or bool(outbox.pending(conn, name, "task", now, 1))
