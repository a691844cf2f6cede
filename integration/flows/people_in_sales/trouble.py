"""Trouble: raises an alert for what has gone wrong in the service's own work for too long.

Looked at every minute, in SQL alone. The key of each alert is made of the cause and of when it began, so that the same
trouble gives one alert, however often it is looked at, and a new one gives another.
"""

from collections.abc import Iterator
from typing import Protocol

from sqlalchemy import Connection as Sql

from integration.flows.base.service import Alerting, HasCrms, HasWake
from integration.flows.people_in_sales.raise_alerts import lanes as alert_lanes
from integration.flows.people_in_sales.raise_alerts import raise_all
from integration.store.crm import connection_pauses
from integration.store.outgoing import alerts, people_without_records
from integration.store.outgoing.alerts import RaisedAlert
from integration.store.queues import dead_letters
from mappings.values.instant import DAY, HOUR, Instant, Span, show

PAUSED_FOR: Span = HOUR
"""How long a connection may be paused before an alert; one that signed us out gives an alert at once."""
LETTER_FOR: Span = DAY
"""How long a sync error may wait for a person."""
RECORD_FOR: Span = HOUR
"""How long a task may wait for the CRM record of the person it is about."""


class WatchingTrouble(Alerting, HasCrms, HasWake, Protocol):
    """What it takes to see trouble in the CRMs and to tell people of it."""


def watch_for_trouble(service: WatchingTrouble) -> int:
    """Raise an alert for each trouble that has had none yet; how many."""
    now = service.now()
    with service.store.read() as conn:
        found = list(_found(conn, service, now))
        new = {each.key for each in found} - alerts.known(conn, [each.key for each in found])
    if not new:
        return 0
    with service.store.write() as conn:
        raised = raise_all(conn, service, [each for each in found if each.key in new])
    for lane in alert_lanes(service):
        service.wake(lane)
    return len(raised)


def _found(conn: Sql, service: WatchingTrouble, now: Instant) -> Iterator[RaisedAlert]:
    yield from _pauses(conn, service, now)
    yield from _letters(conn, now)
    yield from _without_record(conn, service, now)


def _pauses(conn: Sql, service: WatchingTrouble, now: Instant) -> Iterator[RaisedAlert]:
    """Connections, and ways of alerts, in which nothing has worked for an hour."""
    ways = alert_lanes(service)
    for each in connection_pauses.longer_than(conn, 0, now):
        out = each.kind == "signed_out"
        if each.since is None or not (each.name in service.connections or each.name in ways):
            continue
        if not out and each.since > now - PAUSED_FOR:
            continue
        remedy = f"coldframe connect, or coldframe resume {each.name}: see coldframe doctor"
        yield RaisedAlert(
            key=f"paused/{each.name}/{each.since}",
            alert="signed_out" if out else "connection_paused",
            text=f"{each.name} is paused since {show(each.since)}: {each.reason}",
            at=each.since if out else each.since + PAUSED_FOR,
            raised_at=now,
            remedy="see coldframe doctor" if each.name in ways else remedy,
        )


def _letters(conn: Sql, now: Instant) -> Iterator[RaisedAlert]:
    """Sync errors that nobody has looked at for a day: one alert for each place they come from."""
    for each in dead_letters.overdue(conn, now - LETTER_FOR):
        yield RaisedAlert(
            key=f"letters/{each.stage}/{each.source}/{each.oldest}",
            alert="letter_waits",
            text=f"{each.count} of {each.stage} {each.source} could not be carried out and wait since {show(each.at)}",
            at=each.at + LETTER_FOR,
            raised_at=now,
            remedy="coldframe letters list, then correct the cause and coldframe letters replay ID",
        )


def _without_record(conn: Sql, service: HasCrms, now: Instant) -> Iterator[RaisedAlert]:
    """Tasks about people whom the CRM they are to go to does not know: a digest, no sooner than an hour after the last.

    There is another only where somebody has been waiting for an hour since whom the last one did not name.
    """
    for name in service.connections:
        waiting = people_without_records.overdue(conn, name, now - RECORD_FOR)
        told = alerts.latest(conn, "waits_for_record", name)
        if waiting is None or (told is not None and (now < told + HOUR or waiting.newest_since + RECORD_FOR <= told)):
            continue
        yield RaisedAlert(
            key=f"no-record/{name}/{waiting.newest}",
            alert="waits_for_record",
            text=f"{waiting.people} people wait with {waiting.tasks} tasks for a record in {name}, the first since "
            f"{show(waiting.since)}",
            at=waiting.newest_since + RECORD_FOR,
            raised_at=now,
            remedy=f"coldframe letters waiting names them; create them in {name}, or let its mapping do it (creates)",
            because=waiting.leads,
            connection=name,
        )
