"""Ingest: turn raw deliveries into activities and field changes, each once, whatever is delivered twice.

What survives a crash: a delivery stays `new` until the transaction that stored all its facts also
marks it done. Facts carry the source's own ids, so that reading a delivery again adds nothing. When
the last drainer died, the first batch is read one delivery at a time, counted before it is tried, so
that a delivery that kills its reader is set aside after a few tries while its neighbours flow.
"""

from collections.abc import Sequence

import structlog
from sqlalchemy import Connection as Sql

from integration.flows import facts, forgotten
from integration.flows.forgotten import Opened
from integration.flows.lane import GATHER, drain
from integration.flows.second_contents import Delivered
from integration.flows.service import Service
from integration.flows.unknown_words import unknown_words
from integration.store import inbox, leases, letters, refresh, unrecognised
from integration.store.errors import StoreError
from integration.store.inbox import Delivery
from integration.store.leases import Lease
from integration.store.session import serialise
from webhooks.parsers import parse

log = structlog.get_logger()

BATCH = 500
"""Deliveries in one transaction."""
BYTES = 160_000
"""Their size together, some 1,000 activities: these hold SQLite's pen, for which answers wait, for some 15 ms."""
MOST_ATTEMPTS = 3


def ingest(service: Service) -> int:
    """Read everything that waits in the inbox."""
    return drain(service, "ingest", _turn)


def _turn(service: Service, lease: Lease, /) -> bool:
    with service.store.read() as conn:
        deliveries = inbox.pending(conn, BATCH, BYTES)
    if not deliveries:
        return False
    if lease.recovered or any(delivery.attempts for delivery in deliveries):
        _read_carefully(service, lease, deliveries)
    else:
        try:
            _read(service, lease, deliveries)
        except StoreError:
            raise
        except Exception:
            log.exception("a batch of deliveries failed; reading them one by one")
            _read_carefully(service, lease, deliveries)
    service.wake("advance")
    with service.store.read() as conn:
        wanted = [name for name in service.connections if refresh.take(conn, name, service.now(), 1)]
    for name in wanted:
        service.wake(f"refresh:{name}")
    if len(deliveries) < BATCH and sum(len(delivery.body) for delivery in deliveries) < BYTES // 2:
        service.sleep(GATHER)
    return True


def _read(service: Service, lease: Lease, deliveries: Sequence[Delivery]) -> None:
    """Parse outside the transaction, store everything inside one."""
    read = [Opened(delivery, parse(delivery.source, delivery.body, delivery.received_at)) for delivery in deliveries]
    screened = forgotten.screen(service, read)
    opened = screened.opened
    unknown = unknown_words((heard for each in opened for heard in each.parsed.heard), service.vocabulary)
    with service.store.write() as conn:
        leases.hold(conn, lease, service.lease)
        serialise(conn, "people")
        forgotten.note(conn, service, screened)
        facts.store(
            conn,
            service,
            heard=[
                Delivered(each.delivery.source, heard, each.delivery.id)
                for each in opened
                for heard in each.parsed.heard
            ],
            noticed=[notice for each in opened for notice in each.parsed.noticed],
        )
        unrecognised.note(conn, unknown, service.now())
        _quarantine(conn, service, opened)
        inbox.done(conn, [delivery.id for delivery in deliveries])


def _quarantine(conn: Sql, service: Service, opened: Sequence[Opened]) -> None:
    """Keep every item that could not be read, where a person can see and replay it."""
    letters.add(
        conn,
        [
            letters.Letter(
                stage="ingest",
                source=each.delivery.source,
                ref=f"{each.delivery.id}:{bad.index}",
                payload=bad.item.encode(),
                reason=bad.reason,
                at=service.now(),
            )
            for each in opened
            for bad in each.parsed.rejected
        ],
    )


def _read_carefully(service: Service, lease: Lease, deliveries: Sequence[Delivery]) -> None:
    """One delivery at a time, each try counted before it is made."""
    for delivery in deliveries:
        with service.store.write() as conn:
            leases.hold(conn, lease, service.lease)
            if delivery.attempts >= MOST_ATTEMPTS:
                _set_aside(conn, service, delivery)
                continue
            inbox.failed(conn, delivery.id, "its reader did not come back")
        try:
            _read(service, lease, [delivery])
        except StoreError:
            raise  # an outage, or a lost lease, is not the delivery's fault
        except Exception:
            log.exception("a delivery failed", delivery=delivery.id)


def _set_aside(conn: Sql, service: Service, delivery: Delivery) -> None:
    reason = f"reading it failed or killed its reader {delivery.attempts} times"
    inbox.dead(conn, [delivery.id], reason)
    letters.add(
        conn,
        [
            letters.Letter(
                stage="ingest",
                source=delivery.source,
                ref=str(delivery.id),
                payload=delivery.body,
                reason=reason,
                at=service.now(),
            )
        ],
    )
