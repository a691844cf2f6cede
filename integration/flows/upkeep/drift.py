"""Drift: checks that the CRMs still have what the mappings need, before a write is refused.

A field that was deleted, a picklist value that was renamed, a permission that was lost: each is logged and put
into the audit trail when it appears and when it goes, and kept for `coldframe doctor`; an alert says what has appeared
since the last look and keeps something from being written. What survives a crash: a
look is stored whole in one transaction; one that was not stored is repeated within the hour.
"""

import json
from collections.abc import Mapping, Sequence
from typing import Protocol

import structlog
from sqlalchemy import Connection as Sql

from connectors.base.port import FieldInfo, Finding, Receipt, Unavailable, Verdict
from integration.flows.base.isolation import Station, Try, isolate
from integration.flows.base.service import Alerting, Connection, LaneOfCrms
from integration.flows.people_in_sales.raise_alerts import lanes as alert_lanes
from integration.flows.people_in_sales.raise_alerts import raise_alert
from integration.store.audit import audit_trail
from integration.store.audit.audit_trail import Entry
from integration.store.db.session import Store
from integration.store.progress import drift_looks
from integration.store.progress.drift_looks import Look, Trouble
from integration.store.queues import leases
from integration.store.queues.dead_letters import Letter
from mappings.checking.live_fields import Misfit, against
from mappings.values.identifiers import ConnectionName
from mappings.values.instant import Instant

log = structlog.get_logger()

LANE = "drift"
_NAMED = 10
"""So many troubles are named in an alert; `coldframe doctor` has all."""


class Watching(LaneOfCrms, Alerting, Protocol):
    """What it takes to look for drift, and to raise an alert for it."""


def watch(service: Watching) -> int:
    """Look at every connection; how many troubles came or went. One that does not answer is left for the next time.

    A connection whose look fails never keeps another from being looked at: it is set aside, and looked at again within
    the hour.
    """
    with service.store.write() as conn:
        lease = leases.take(conn, LANE, service.lanes.holder, service.lanes.lease)
    if lease is None:
        return 0
    changed: list[int] = []

    def work(these: Try[Connection]) -> None:
        (connection,) = these.items
        try:
            found = troubles(connection)
        except Unavailable as away:
            log.warning("drift not looked for", connection=connection.name, reason=away.for_log)
            return
        changed.append(_store(service, connection.name, found, these))

    try:
        for name, connection in service.connections.items():
            station: Station[Connection] = Station(
                lane=f"{LANE}:{name}",
                name=lambda connection: connection.name,
                work=work,
                lay_aside=lambda _conn, connection, reason: _letter(connection, reason, service.now()),
                at_once=True,
            )
            isolate(service, lease, station, [connection])
    finally:
        with service.store.write() as conn:
            leases.release(conn, lease)
    return sum(changed)


def _letter(connection: Connection, reason: str, at: Instant) -> Letter:
    payload = json.dumps({"connection": connection.name}).encode()
    said = f"it could not be compared with its mapping: {reason}"
    return Letter(stage="drift", source=connection.name, ref=connection.name, payload=payload, reason=said, at=at)


def troubles(connection: Connection) -> tuple[Trouble, ...]:
    """Everything in which the CRM does not fit the mapping, and permissions that are missing. Raises Unavailable."""
    found = [_of_finding(finding) for finding in connection.connector.examine({}) if not finding.ok]
    found += [
        Trouble(
            subject=misfit.subject,
            text=str(misfit.problem),
            remedy=misfit.remedy,
            severity=misfit.problem.severity,
        )
        for misfit in misfits(connection)
    ]
    return tuple(dict.fromkeys(found))


def misfits(connection: Connection) -> tuple[Misfit, ...]:
    """Everything in which the CRM, as it is now, does not fit the mapping. Raises Unavailable."""
    if connection.located is None:
        return ()
    live = catalogue(connection)
    objects = connection.connector.objects() if None in live.values() else ()
    return against(connection.located, connection.mapping, live, objects)


def catalogue(connection: Connection) -> Mapping[str, Sequence[FieldInfo] | None]:
    """The fields of each mapped object as this user sees them; None for one that is not there. Raises Unavailable."""
    found: dict[str, Sequence[FieldInfo] | None] = {}
    for name, each in connection.mapping.objects.items():
        try:
            found[name] = connection.connector.describe(name)
        except Unavailable as away:
            # What people did may be hidden from this user (a scope of its own): all else still works.
            if not _unknown(away.receipt) and not (each.kind == "activity" and away.forbidden):
                raise
            found[name] = None
    return found


def last(store: Store, connection: ConnectionName) -> Look | None:
    """What the last look at a connection found; None before the first."""
    with store.read() as conn:
        return drift_looks.last(conn, connection)


def _store(service: Watching, connection: ConnectionName, found: tuple[Trouble, ...], these: Try[Connection]) -> int:
    before = last(service.store, connection)
    known = {_key(each) for each in before.troubles} if before else set()
    now = service.now()
    come = [each for each in found if _key(each) not in known]
    gone = sorted(known - {_key(each) for each in found})
    with service.store.write() as conn:
        these.done(conn)
        drift_looks.put(conn, connection, Look(at=now, troubles=found))
        if come or gone:
            detail = {"come": [_key(each) for each in come], "gone": gone}
            audit_trail.add(conn, [Entry(at=now, actor="clock", action="drift", subject=connection, detail=detail)])
        alerted = _raise(conn, service, connection, [each for each in come if each.severity == "error"])
    for lane in alert_lanes(service) if alerted else ():
        service.wake(lane)
    for each in come:
        log.warning("drift", connection=connection, subject=each.subject, trouble=each.text, remedy=each.remedy)
    for key in gone:
        log.info("drift gone", connection=connection, trouble=key)
    return len(come) + len(gone)


def _raise(conn: Sql, service: Watching, connection: ConnectionName, come: Sequence[Trouble]) -> bool:
    """One alert for what a look has found that the one before had not, in the transaction that stores the look."""
    if not come:
        return False
    first, others = come[0], len(come) - 1
    more = f", and {others} more" if others else ""
    return raise_alert(
        conn,
        service,
        key=f"drift/{connection}/{service.now()}",
        alert="drift",
        text=f"{connection} does not have what its mapping needs: {_key(first)}{more}",
        remedy=f"{first.remedy or 'see coldframe doctor'}",
        because=[_key(each) for each in come[:_NAMED]],
    )


def _of_finding(finding: Finding) -> Trouble:
    return Trouble(subject=finding.subject, text=finding.detail, remedy=finding.remedy)


def _unknown(receipt: Receipt) -> bool:
    return receipt.verdict is Verdict.PERMANENT


def _key(trouble: Trouble) -> str:
    return f"{trouble.subject}: {trouble.text}"
