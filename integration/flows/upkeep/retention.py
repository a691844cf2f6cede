"""Retention: what has been kept for as long as the settings say is deleted, a thousand rows to a transaction.

What still waits for somebody is never deleted: deliveries that nobody has read, sync errors that nobody has ended.
"""

from typing import Protocol

from sqlalchemy import Connection as Sql

from integration.flows.base.service import HasRetention, HasStore
from integration.store.audit import audit_trail
from integration.store.crm import outages, sign_in_links
from integration.store.events import taken
from integration.store.queues import dead_letters, inbox
from mappings.values.instant import Instant

_ROUNDS = 50
"""Deletions of a thousand rows of each kind in one sweep: other writers have their turn in between."""


class Keeping(HasStore, HasRetention, Protocol):
    """The store, and how long what is over is kept in it."""


def prune(service: Keeping, now: Instant) -> None:
    """Delete what has been kept for long enough, whatever waits."""
    for _ in range(_ROUNDS):
        with service.store.read() as conn:
            if not _over(conn, service, now):
                return
        with service.store.write() as conn:
            inbox.prune(conn, now - service.retention.deliveries)
            taken.prune(conn, now)
            sign_in_links.prune(conn, now)
            outages.prune(conn, now)
            dead_letters.prune(conn, now - service.retention.sync_errors)
            if service.retention.audit is not None:
                audit_trail.prune(conn, _by_both_clocks(conn, service, now) - service.retention.audit)


def _over(conn: Sql, service: Keeping, now: Instant) -> bool:
    kept = service.retention
    return (
        inbox.prunable(conn, now - kept.deliveries)
        or taken.prunable(conn, now)
        or sign_in_links.prunable(conn, now)
        or outages.prunable(conn, now)
        or dead_letters.prunable(conn, now - kept.sync_errors)
        or (kept.audit is not None and audit_trail.prunable(conn, _by_both_clocks(conn, service, now) - kept.audit))
    )


def _by_both_clocks(conn: Sql, service: HasStore, now: Instant) -> Instant:
    """The earlier of our time and the database's, by which it refuses to lose a young line of the trail."""
    return min(now, service.store.now(conn))
