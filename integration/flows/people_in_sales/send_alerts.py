"""Send alerts: carries alerts to their receivers, each alert once, one lane for each way.

What survives a crash: an alert stays pending until its receipt is stored; one whose receipt was lost is sent again
under the same key, which receivers know it by. A way that is away or asks for a pause pauses its own lane and no
other. One alert that is refused becomes a sync error, and the others go on.
"""

from functools import partial
from typing import Protocol

import structlog
from sqlalchemy import Connection as Sql

from connectors.base.port import Receipt, Verdict
from integration.alerting.alert_port import Alert, AlertWay, RecordLink
from integration.flows.base.isolation import Station, Try, calling, isolate
from integration.flows.base.lane import drain
from integration.flows.base.service import Connected, HasAlerts, HasCrms, HasGoingLive, HasLanes, HasWake
from integration.flows.base.write_access import in_shadow
from integration.flows.crm_calls.pause_connection import pause
from integration.flows.crm_calls.retrying import MOST_ATTEMPTS, backoff
from integration.store.crm import connection_pauses
from integration.store.outgoing import alerts, outbox
from integration.store.outgoing.alerts import Unsent
from integration.store.people import record_references
from integration.store.people.record_references import PEOPLE, Reference
from integration.store.queues import leases
from integration.store.queues.leases import Lease
from mappings.values.identifiers import ConnectionName
from mappings.values.instant import Instant

log = structlog.get_logger()

BATCH = 20
"""Alerts between two looks at the lease."""


class AlertLane(Connected, HasGoingLive, HasAlerts, HasWake, HasLanes, Protocol):
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
        rows = alerts.unsent(conn, way.name, now, BATCH)
        links = _links(conn, service, rows)
    waits: list[bool] = []

    def work(these: Try[Unsent]) -> None:
        (row,) = these.items
        with calling():
            receipt = way.send(_alert(row, links), service.now())
        with service.store.write() as conn:
            leases.extend(conn, lease)
            these.done(conn)
            waits.append(not _settle(conn, alerts.lane(way.name), row, receipt, service.now()))

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


def _settle(conn: Sql, lane: ConnectionName, row: Unsent, receipt: Receipt, now: Instant) -> bool:
    """Store what became of one alert; false where the way has to wait."""
    said = f"{receipt.code}: {receipt.message}".strip(": ")
    if receipt.verdict is Verdict.DONE:
        outbox.sent(conn, [(row.id, row.seq, receipt.id)])
        connection_pauses.worked(conn, lane, now)
        return True
    if receipt.outage or receipt.verdict in {Verdict.PAUSE, Verdict.RELOGIN}:
        pause(conn, lane, receipt, now)
        return False
    if receipt.verdict is Verdict.PERMANENT or row.attempts + 1 >= MOST_ATTEMPTS:
        outbox.dead(conn, [(row.id, said)], now)
    else:
        outbox.postpone(conn, [(row.id, now + backoff(row.attempts), said)])
    return True


def _alert(row: Unsent, links: dict[str, tuple[RecordLink, ...]]) -> Alert:
    raised = row.alert
    return Alert(
        key=raised.key,
        alert=raised.alert,
        text=raised.text,
        at=raised.at,
        raised_at=raised.raised_at,
        because=raised.because,
        remedy=raised.remedy,
        lead=raised.lead_id or "",
        records=links.get(raised.lead_id or "", ()),
    )


def _links(conn: Sql, service: HasCrms, rows: list[Unsent]) -> dict[str, tuple[RecordLink, ...]]:
    """The records of those whom the alerts are about, by lead."""
    about = {row.alert.lead_id for row in rows if row.alert.lead_id}
    found = record_references.of_leads(conn, about)
    return {
        lead: tuple(
            _link(service, each) for each in those if each.connection in service.connections and each.object in PEOPLE
        )
        for lead, those in found.items()
    }


def _link(service: HasCrms, record: Reference) -> RecordLink:
    connection = service.connections[record.connection]
    return RecordLink(
        connection=connection.name,
        system=connection.system,
        object=record.object,
        id=record.external_id,
        url=connection.link(record.object, record.external_id),
    )
