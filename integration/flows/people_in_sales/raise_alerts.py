"""Raise alerts: records an alert, writes it to the log, and lets every way send it.

An alert is raised once for its key, ever; the key is derived from the cause. What survives a crash: the record, the
outbox rows of all ways, and whatever led to the alert are stored in one transaction.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence

import structlog
from sqlalchemy import Connection as Sql

from integration.core.model.effects import AlertRaised
from integration.flows.base.service import Alerting, HasAlerts
from integration.settings.alert_channels import USUAL_WEBHOOK, Channel
from integration.store.outgoing import alerts
from integration.store.outgoing.alerts import RaisedAlert
from mappings.values.identifiers import ConnectionName, LeadId
from mappings.values.instant import Instant

_USUAL = Channel(medium="webhook", name=USUAL_WEBHOOK)
log = structlog.get_logger()


def raise_alert(  # noqa: PLR0913 - the parts of an alert
    conn: Sql,
    service: Alerting,
    *,
    key: str,
    alert: str,
    text: str,
    remedy: str = "",
    lead: LeadId | None = None,
    because: Sequence[str] = (),
) -> bool:
    """Alert people to trouble in the service's own work, once for `key`, in the caller's write transaction.

    True where nobody had raised it before; then wake `lanes(service)` after the commit. Derive `key` from the cause
    (`paused:hubspot:1767000000000000`), never from the time of looking. `text` is one sentence that names the thing
    and since when; `remedy` says what to do. Both without personal data: `lead` carries our id, and links follow it.
    """
    now = service.now()
    raised = RaisedAlert(
        key=key,
        alert=alert,
        text=text,
        at=now,
        raised_at=now,
        lead_id=lead,
        remedy=remedy,
        because=tuple(because),
    )
    return bool(raise_all(conn, service, [raised]))


def raise_decided(conn: Sql, service: Alerting, effects: Iterable[AlertRaised]) -> list[RaisedAlert]:
    """Raise the alerts that decisions ask for; answers the new ones."""
    now = service.now()
    raised = [
        RaisedAlert(
            key=effect.key,
            alert=effect.alert,
            text=effect.text,
            at=effect.at,
            raised_at=now,
            lead_id=effect.lead,
            because=effect.because,
        )
        for effect in effects
    ]
    return raise_all(conn, service, raised)


def raise_all(conn: Sql, service: Alerting, raised: Sequence[RaisedAlert]) -> list[RaisedAlert]:
    """Record these alerts and hand the new ones to the ways that the routing names for each; answers the new ones."""
    fresh = set(alerts.add(conn, raised))
    new = [each for each in raised if each.key in fresh]
    for each in new:
        # The text may name a person, and the log must not.
        log.warning("alert", alert=each.alert, key=each.key, lead=each.lead_id)
    now = service.now()
    by_way: defaultdict[str, list[tuple[RaisedAlert, Instant]]] = defaultdict(list)
    for each in new:
        for channel in _channels(service, each.alert):
            by_way[channel.way].append((each, _waits_until(service, channel, each.alert, now)))
    for way, rows in by_way.items():
        alerts.want(conn, way, rows, now)
    return new


def lanes(service: HasAlerts) -> list[ConnectionName]:
    """The lanes that send alerts."""
    return [alerts.lane(way) for way in service.alert_ways]


def _channels(service: Alerting, alert: str) -> Sequence[Channel]:
    """Where an alert is sent: as the routing says, else to COLDFRAME_ALERT_URL where that is set."""
    rules = service.routing.alerts
    if rules is None:
        return [_USUAL] if _USUAL.way in service.alert_ways else []
    return [goal for goal in rules.goals(alert) if isinstance(goal, Channel)]


def _waits_until(service: Alerting, channel: Channel, alert: str, now: Instant) -> Instant:
    """When it may be sent: people are not disturbed in quiet hours, a program is."""
    rules = service.routing.alerts
    quiet = rules.quiet if rules is not None else None
    return 0 if quiet is None or channel.medium == "webhook" else quiet.waits_until(alert, now)
