"""Instants: whole microseconds since 1970 in UTC.

One integer orders, subtracts and stores alike in Python, SQLite and PostgreSQL, and never loses
its zone. See docs/decisions/0002-instants.md.
"""

import re
from datetime import UTC, date, datetime, timedelta, tzinfo
from functools import lru_cache
from typing import TypeAlias
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

Instant: TypeAlias = int
"""Microseconds since 1970-01-01T00:00:00Z."""

Span: TypeAlias = int
"""A length of time in microseconds."""

SECOND: Span = 1_000_000
MINUTE: Span = 60 * SECOND
HOUR: Span = 60 * MINUTE
DAY: Span = 24 * HOUR

_SPAN = re.compile(r"(\d{1,9})\s*([a-z]+)")
_UNITS = {"s": SECOND, "m": MINUTE, "h": HOUR, "d": DAY, "w": 7 * DAY}

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_TICK = timedelta(microseconds=1)


def from_datetime(moment: datetime) -> Instant:
    """The instant of an aware datetime; a naive one is refused with ValueError."""
    if moment.tzinfo is None:
        msg = f"time without a zone: {moment.isoformat()}"
        raise ValueError(msg)
    return (moment - _EPOCH) // _TICK


def to_datetime(instant: Instant) -> datetime:
    """The aware UTC datetime of an instant, exact to the microsecond."""
    return _EPOCH + timedelta(microseconds=instant)


def day_in(instant: Instant, zone: str) -> date:
    """The calendar day of an instant in a zone (IANA), in UTC where there is no such zone."""
    return to_datetime(instant).astimezone(_zone(zone)).date()


@lru_cache(maxsize=600)
def _zone(name: str) -> tzinfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return UTC


def parse(text: str) -> Instant:
    """Read an ISO 8601 time with a zone (`2026-01-05T09:00:00Z`, `…+01:00`, `…+0000`); ValueError otherwise."""
    return from_datetime(datetime.fromisoformat(text))


def moment(text: str) -> Instant:
    """Read a time as `parse` does, or a date as its midnight in UTC; ValueError otherwise."""
    found = datetime.fromisoformat(text)
    return from_datetime(found if found.tzinfo else found.replace(tzinfo=UTC))


def show(instant: Instant) -> str:
    """`2026-01-05T09:00:00Z`, with a fraction only where there is one."""
    return to_datetime(instant).isoformat().replace("+00:00", "Z")


def show_second(instant: Instant) -> str:
    """`2026-01-05T09:00:00Z`, without the fraction: for tables that people read."""
    return show(instant - instant % SECOND)


def parse_span(text: str) -> Span:
    """Read `5s`, `30m`, `24h`, `14d` or `2w`; ValueError otherwise."""
    found = _SPAN.fullmatch(text.strip())
    if found is None or found[2] not in _UNITS:
        msg = f"'{text}' is not a length of time (such as: 24h, 14d)"
        raise ValueError(msg)
    return int(found[1]) * _UNITS[found[2]]
