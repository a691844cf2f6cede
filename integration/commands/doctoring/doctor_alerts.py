"""`coldframe doctor` on alerts: which were raised lately, and which have not reached their receivers."""

from collections import Counter
from collections.abc import Iterator

from connectors.base.port import Finding
from integration.settings.environment import Settings
from integration.store.crm import connection_pauses
from integration.store.db.session import Store
from integration.store.outgoing import alerts
from mappings.values.instant import DAY, Instant, show_second

LATELY = DAY
_SHOWN = 3


def examined(settings: Settings, store: Store, now: Instant) -> Iterator[Finding]:
    """A line for the alerts of the last day, and one for each way by which some were not delivered."""
    with store.read() as conn:
        raised = alerts.recent(conn, now - LATELY)
        undelivered = alerts.undelivered(conn)
        paused = connection_pauses.paused(conn, now)
    nowhere = settings.alert_url is None
    remedy = "Set COLDFRAME_ALERT_URL: alerts are in the log and here alone (docs/alerts.md)." if nowhere else ""
    yield Finding(subject="alerts", ok=True, detail=_summary(raised), remedy=remedy)
    for (way, state), (count, since) in sorted(undelivered.items()):
        pause = paused.get(alerts.lane(way))
        subject = f"alerts: {way}"
        if state == "dead":
            remedy = "coldframe letters list, correct the receiver, coldframe letters replay ID"
            yield Finding(subject=subject, ok=False, detail=f"{count} refused by the receiver", remedy=remedy)
        elif pause is not None:
            detail = f"{count} wait since {show_second(since)}: {pause.reason}"
            yield Finding(subject=subject, ok=False, detail=detail, remedy="Nothing is lost. Set the receiver right.")
        else:
            yield Finding(subject=subject, ok=True, detail=f"{count} on their way since {show_second(since)}")


def _summary(raised: list[alerts.RaisedAlert]) -> str:
    """The alerts of the last day, by name, and the latest in words."""
    if not raised:
        return "none in the last day"
    counted = ", ".join(f"{count} {name}" for name, count in sorted(Counter(each.alert for each in raised).items()))
    latest = "; ".join(f"{show_second(each.raised_at)} {each.text}" for each in raised[:_SHOWN])
    return f"{counted} in the last day. Latest: {latest}"
