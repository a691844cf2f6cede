"""Times as the reader has them: in their own zone, near ones by how long ago, all with the exact time beside."""

from zoneinfo import ZoneInfo, available_timezones

from flask import g
from markupsafe import Markup, escape

from integration.web.console.shell.console_parts import parts
from mappings.values.instant import DAY, HOUR, MINUTE, Instant, Span, show, to_datetime


def known_zone(name: str) -> str:
    """The zone of that name; UTC where a browser names one that is not known here."""
    return name if name in available_timezones() else "UTC"


def here(at: Instant) -> str:
    """A time in the reader's zone: `Tue 6 Jan 2026, 14:30`."""
    moment = to_datetime(at).astimezone(ZoneInfo(_zone()))
    return f"{moment:%a} {moment.day} {moment:%b %Y, %H:%M}"


def moment(at: Instant | None) -> Markup:
    """A `<time>` element: how long ago or until then within a week, else the day; the exact time as its title."""
    if at is None:
        return Markup("&ndash;")
    text = ago(parts().now() - at) if abs(parts().now() - at) < 7 * DAY else here(at)
    return Markup('<time datetime="{}" title="{}">{}</time>').format(show(at), f"{here(at)} ({_zone()})", escape(text))


def ago(span: Span) -> str:
    """`5 minutes ago`, `in 2 hours`, `just now`."""
    size = abs(span)
    if size < MINUTE:
        return "just now"
    text = lasting(size)
    return f"{text} ago" if span > 0 else f"in {text}"


def lasting(span: Span) -> str:
    """A span in its largest whole unit: `3 days`, `1 hour`, `12 minutes`."""
    for unit, name in ((DAY, "day"), (HOUR, "hour"), (MINUTE, "minute")):
        count = span // unit
        if count:
            return f"{count} {name}{'' if count == 1 else 's'}"
    return "less than a minute"


def _zone() -> str:
    signed_in = getattr(g, "person", None)
    return signed_in.zone if signed_in else "UTC"
