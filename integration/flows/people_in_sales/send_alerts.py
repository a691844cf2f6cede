"""Send alerts: carries alerts to their receivers, each alert once, one lane for each way.

What survives a crash: an alert is marked as attempted, durably, before it is sent, and stays pending until its receipt
is stored. One whose receipt was lost is sent again where the receiver knows it by its key, is looked for where the way
can look, and becomes a sync error where nobody can say what became of it: a person decides then. A way that is away or
asks for a pause pauses its own lane and no other. One alert that is refused becomes a sync error, and the others go on.
"""

from dataclasses import replace
from functools import partial
from typing import Protocol

import structlog
from sqlalchemy import Connection as Sql

from connectors.base.port import Receipt, Verdict
from integration.alerting.alert_port import AlertWay
from integration.flows.base.isolation import Station, Try, calling, isolate
from integration.flows.base.lane import drain
from integration.flows.base.running_playbook import following
from integration.flows.base.service import Derived, HasAlerts, HasGoingLive, HasLanes, HasWake
from integration.flows.base.write_access import in_shadow
from integration.flows.crm_calls.pause_connection import pause
from integration.flows.crm_calls.retrying import MOST_ATTEMPTS, backoff
from integration.flows.people_in_sales import alert_digests
from integration.flows.people_in_sales.alert_contents import contents
from integration.store.crm import connection_pauses
from integration.store.outgoing import alerts, outbox
from integration.store.outgoing.alerts import Unsent
from integration.store.queues import leases
from integration.store.queues.leases import Lease
from mappings.values.instant import MINUTE, Instant, Span

log = structlog.get_logger()

BATCH = 20
"""Alerts between two looks at the lease."""
LATE: Span = MINUTE
"""How long a request whose answer was lost may still be under way; nobody looks for it before."""
UNKNOWN = "it may or may not have arrived: look whether it has, then discard this, or replay it to send it again"
"""What a person is told of an alert whose receipt was lost."""


class AlertLane(Derived, HasGoingLive, HasAlerts, HasWake, HasLanes, Protocol):
    """What the lane of a way of alerts takes."""


def send_alerts(service: AlertLane, way: str) -> int:
    """Send everything that waits for one way; the number of batches done."""
    return drain(service, alerts.lane(way), partial(_turn, way=service.alert_ways[way]))


def sendable(conn: Sql, service: HasGoingLive, way: str, now: Instant) -> bool:
    """Whether something may be sent now: nothing in shadow mode, and nothing while the way is paused."""
    paused = alerts.lane(way) in connection_pauses.paused(conn, now)
    return not in_shadow(conn, service) and not paused and bool(alerts.unsent(conn, way, now, 1))


def _turn(service: AlertLane, lease: Lease, /, *, way: AlertWay) -> bool:
    now = service.now()
    with service.store.read() as conn:
        if not sendable(conn, service, way.name, now):
            return False
        waiting = alerts.unsent(conn, way.name, now, alert_digests.MOST_IN_ONE)
    if alert_digests.gather(service, lease, way, waiting, now):
        return True
    rows = waiting[:BATCH]
    followed = following(service)
    with service.store.read() as conn:
        said = contents(conn, followed, [row.alert for row in rows])
    waits: list[bool] = []

    def work(these: Try[Unsent]) -> None:
        (row,) = these.items
        alert = said[row.alert.key]
        receipt: Receipt | None = None
        if row.attempted:
            with calling():
                receipt = _decided(way.settled(alert, row.created_at))
        if receipt is None:
            with service.store.write() as conn:
                leases.extend(conn, lease)
                alert_digests.counted(conn, way, service.now())
                if not outbox.attempting(conn, [row.id]):  # taken back meanwhile: whoever it was about is erased
                    these.done(conn)
                    return
            with calling():
                receipt = way.send(alert, service.now())
        with service.store.write() as conn:
            leases.extend(conn, lease)
            these.done(conn)
            waits.append(not _settle(conn, way, row, receipt, service.now()))

    station: Station[Unsent] = Station(
        lane=lease.name,
        name=lambda row: str(row.id),
        work=work,
        lay_aside=lambda conn, row, reason: outbox.given_up(conn, [(row.id, reason)], service.now())[0],
        put_off=lambda conn, row, tries: outbox.postpone(
            conn, [(row.id, service.now() + backoff(tries), "it could not be sent")]
        ),
    )
    for row in rows:
        isolate(service, lease, station, [row])  # one at a time: what was sent must not be sent with the next again
        if any(waits):
            return False
    log.info("sent alerts", way=way.name, count=len(rows))
    return True


def _decided(receipt: Receipt | None) -> Receipt | None:
    """What follows from a look at what became of an alert: where nobody can say, a person decides."""
    if receipt is None or receipt.verdict is not Verdict.UNCLEAR:
        return receipt
    return replace(receipt, verdict=Verdict.PERMANENT, outage=False, message=f"{receipt.message}; {UNKNOWN}")


def _settle(conn: Sql, way: AlertWay, row: Unsent, receipt: Receipt, now: Instant) -> bool:
    """Store what became of one alert; false where the way has to wait."""
    said = f"{receipt.code}: {receipt.message}".strip(": ")
    lane = alerts.lane(way.name)
    if receipt.verdict is Verdict.DONE:
        outbox.sent(conn, [(row.id, row.seq, receipt.id)])
        connection_pauses.worked(conn, lane, now)
        return True
    if receipt.verdict is Verdict.UNCLEAR:
        outbox.defer(conn, [row.id], now + LATE)
    elif not row.attempted:
        outbox.not_attempted(conn, [row.id])
    if receipt.outage or receipt.verdict in {Verdict.PAUSE, Verdict.RELOGIN, Verdict.UNCLEAR}:
        pause(conn, lane, receipt, now)
        return False
    if receipt.verdict is Verdict.PERMANENT or row.attempts + 1 >= MOST_ATTEMPTS:
        outbox.dead(conn, [(row.id, said)], now)
    else:
        outbox.postpone(conn, [(row.id, now + backoff(row.attempts), said)])
    return True
