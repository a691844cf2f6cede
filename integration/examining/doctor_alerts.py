"""`coldframe doctor` on alerts: which were raised lately, and which have not reached their receivers."""

from collections import Counter
from collections.abc import Iterator
from contextlib import suppress

from connectors.base.port import Finding
from integration.examining import doctor_routing
from integration.routing.alert_rules import AlertRules
from integration.routing.read_alerts import SETTINGS
from integration.settings.environment import Settings
from integration.store.crm import connection_pauses
from integration.store.db.session import Store
from integration.store.outgoing import alerts
from integration.wiring.unusable import UnusableError
from mappings.values.instant import DAY, Instant, show_second

LATELY = DAY
_SHOWN = 3


def examined(settings: Settings, store: Store, now: Instant) -> Iterator[Finding]:
    """A line for the alerts of the last day, and one for each way by which some were not delivered."""
    with store.read() as conn:
        raised = alerts.recent(conn, now - LATELY)
        undelivered = alerts.undelivered(conn)
        paused = connection_pauses.paused(conn, now)
    rules = _rules(settings, store)
    yield Finding(subject="alerts", ok=True, detail=_summary(raised), remedy=_nowhere(settings, rules))
    yield from _unknown(settings, rules)
    for (way, state), (count, since) in sorted(undelivered.items()):
        pause = paused.get(alerts.lane(way))
        subject = f"alerts: {way}"
        if state == "dead":
            detail = f"{count} refused by the receiver, or nobody can say what became of them"
            remedy = "coldframe letters list says which; then coldframe letters replay ID, or discard ID"
            yield Finding(subject=subject, ok=False, detail=detail, remedy=remedy)
        elif pause is not None:
            detail = f"{count} wait since {show_second(since)}: {pause.reason}"
            yield Finding(subject=subject, ok=False, detail=detail, remedy="Nothing is lost. Set the receiver right.")
        else:
            yield Finding(subject=subject, ok=True, detail=f"{count} on their way since {show_second(since)}")


def _rules(settings: Settings, store: Store) -> AlertRules | None:
    """What the routing in force says of alerts; None where it says nothing or cannot be read, as another line says."""
    with suppress(UnusableError):
        return doctor_routing.in_force(settings, store).alerts
    return None


def _nowhere(settings: Settings, rules: AlertRules | None) -> str:
    """What to do where alerts go nowhere, or only to the webhook."""
    if rules is None and not settings.channels:
        return "Name a channel, then say which alerts go there: they are in the log and here alone (docs/alerts.md)."
    if rules is None and settings.alert_url is None:
        return "Channels are named, and nothing goes there: add `alerts:` to routing.yaml (docs/alerts.md)."
    return ""


def _unknown(settings: Settings, rules: AlertRules | None) -> Iterator[Finding]:
    """A line for each channel that the routing in force names and the settings do not know."""
    for channel in rules.channels() if rules is not None else ():
        if channel not in settings.channels:
            detail = f"the routing sends alerts there, and {SETTINGS[channel.medium]} does not name it: they wait"
            remedy = "Name it in the settings and restart, or take it out of routing.yaml."
            yield Finding(subject=f"alerts: {channel.way}", ok=False, detail=detail, remedy=remedy)


def _summary(raised: list[alerts.RaisedAlert]) -> str:
    """The alerts of the last day, by name, and the latest in words."""
    if not raised:
        return "none in the last day"
    counted = ", ".join(f"{count} {name}" for name, count in sorted(Counter(each.alert for each in raised).items()))
    latest = "; ".join(f"{show_second(each.raised_at)} {each.text}" for each in raised[:_SHOWN])
    return f"{counted} in the last day. Latest: {latest}"
