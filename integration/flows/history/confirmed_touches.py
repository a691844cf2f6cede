"""Confirmed touches: whether what stands on a record went out, as far as the marketing system says so.

It says so by a field of the record that its workflow sets (`touch_sent_at`), or by an `email_sent` or `email_delivered`
that names the touch. Where it never says anything of anybody, nothing is known, and that is what people see. Reads
only, so a crash leaves nothing behind.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection as Sql

from integration.store.outgoing import sent_touches
from integration.store.outgoing.sent_touches import Arrived, Report
from mappings.values.identifiers import LeadId
from mappings.values.instant import DAY, MINUTE, Instant, Span, show

PATIENCE: Span = DAY
"""So long a touch may stand on the record before its silence is worth a word."""
_MILLISECOND = 1_000
_FOREVER: Instant = 1 << 62


@dataclass(frozen=True, slots=True, kw_only=True)
class Silence:
    """Of the last touches that have stood for a day: how many there are, and whose were never confirmed."""

    touches: int
    unconfirmed: Sequence[LeadId]


def when(touches: Sequence[Arrived], reported: Iterable[Report]) -> Mapping[str, Instant]:
    """By key, when each of one lead's touches went out, where anything says so; `touches` are in order."""
    said = sorted(reported, key=lambda each: each.at)
    found: dict[str, Instant] = {}
    for place, touch in enumerate(touches):
        until = touches[place + 1].at if place + 1 < len(touches) else _FOREVER
        at = next((each.at for each in said if _about(each, touch, until)), None)
        if at is not None:
            found[touch.key] = at
    return found


def _about(report: Report, touch: Arrived, until: Instant) -> bool:
    """Whether something was said of this touch: by its name, by its own time, or while it stood on the record."""
    if report.touch is not None:
        return report.touch in {touch.key, touch.said.get("touch")} and report.at >= min(touch.at, touch.due) - MINUTE
    return report.at // _MILLISECOND == touch.due // _MILLISECOND or touch.at - MINUTE <= report.at < until


def fates(conn: Sql, lead: LeadId, now: Instant) -> Mapping[str, str]:
    """What is known of each touch of a lead that a CRM has, in words, by its key."""
    touches = [each for each in sent_touches.arrived(conn, [lead]).get(lead, ()) if each.at <= now]
    if not touches:
        return {}
    reported = sent_touches.reports(conn, [lead]).get(lead, ())
    sent = when(touches, [each for each in reported if each.at <= now])
    says = bool(sent) or _says(conn, now)
    return {each.key: _words(each, sent.get(each.key), now, says=says) for each in touches}


def silence(conn: Sql, now: Instant) -> Silence:
    """What the marketing system has not said of the last touches."""
    lately = sent_touches.last(conn, now - PATIENCE)
    touches = sent_touches.arrived(conn, {lead for lead, _ in lately})
    reported = sent_touches.reports(conn, touches)
    sent = {lead: when(those, reported.get(lead, ())) for lead, those in touches.items()}
    open_ = [lead for lead, key in lately if key not in sent.get(lead, {})]
    return Silence(touches=len(lately), unconfirmed=open_)


def _says(conn: Sql, now: Instant) -> bool:
    """Whether the marketing system says of anybody's touch that it went out."""
    found = silence(conn, now)
    return len(found.unconfirmed) < found.touches


def _words(touch: Arrived, sent: Instant | None, now: Instant, *, says: bool) -> str:
    since = f"carried out: on the record since {show(touch.at)}"
    if sent is not None:
        return f"{since}; it went out, says the marketing system ({show(sent)})"
    if now - touch.at < PATIENCE:
        return f"{since}; nothing says yet that it went out"
    if says:
        return f"{since}; the marketing system never said that it went out, as it does of others"
    return f"{since}; whether it went out is not known, since the marketing system does not say (docs/nurture-mail.md)"
