"""Alert digests: what was raised in quiet hours, or in a burst, is one message instead of many.

A digest is an alert of its own, made in the transaction that marks the alerts in it as carried out by it: whatever
happens after, there is one message to send, and each alert is in it.
"""

from typing import Protocol

from sqlalchemy import Connection as Sql

from integration.alerting.alert_port import AlertWay
from integration.flows.base.service import HasStore
from integration.store.crm import call_rates
from integration.store.outgoing import alerts, outbox
from integration.store.outgoing.alerts import Unsent
from integration.store.queues import leases
from integration.store.queues.leases import Lease
from mappings.values.instant import MINUTE, Instant

MOST_A_MINUTE = 10
"""Messages to one channel in a minute; what is more becomes a digest."""
MOST_IN_ONE = 500
"""Alerts in one digest."""


class Gathering(HasStore, Protocol):
    """What it takes to make digests."""


def gather(service: Gathering, lease: Lease, way: AlertWay, rows: list[Unsent], now: Instant) -> bool:
    """Make digests of what waits for a way and goes now; whether anything was changed, so that one looks again."""
    if not way.for_people:
        return False
    lane = alerts.lane(way.name)
    fresh = [row for row in rows if not row.attempted and row.alert.alert != alerts.DIGEST]
    held = [row for row in fresh if row.held]
    others = [row for row in fresh if not row.held]
    with service.store.read() as conn:
        free, later = call_rates.left(conn, lane, "alerts", MOST_A_MINUTE, MINUTE, now)
    burst = others if len(others) > max(free, 1) else []
    if len(held) <= 1 and not burst and free:
        return False
    with service.store.write() as conn:
        leases.extend(conn, lease)
        if not free:
            outbox.defer(conn, [row.id for row in rows], later)
            return True
        for those in (held, burst):
            if len(those) > 1:
                alerts.gathered(conn, way.name, those, now)
    return True


def counted(conn: Sql, way: AlertWay, now: Instant) -> None:
    """One more message goes to a channel that people read; in the transaction that says so."""
    if way.for_people:
        call_rates.spend(conn, alerts.lane(way.name), "alerts", 1, MINUTE, now)
