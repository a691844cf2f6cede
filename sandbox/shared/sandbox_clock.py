"""Time in the sandbox: whole milliseconds since 1970 in UTC, and how each vendor writes them."""

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from functools import lru_cache
from typing import TypeAlias

Now: TypeAlias = Callable[[], int]
"""Milliseconds since 1970-01-01T00:00:00Z, as they are now."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_TICK = timedelta(milliseconds=1)
DAY = 86_400_000
_SECOND = 1_000


def wall() -> int:
    """The machine's clock: the default where a test gives no other."""
    return time.time_ns() // 1_000_000  # noqa: TID251  # the sandbox's one reading of the clock


def moment(milliseconds: int) -> datetime:
    """The aware UTC datetime of a number of milliseconds."""
    return _EPOCH + timedelta(milliseconds=milliseconds)


def read(text: str) -> int:
    """Milliseconds of an ISO 8601 time; a time without a zone counts as UTC. Raises ValueError."""
    parsed = datetime.fromisoformat(text)
    aware = parsed if parsed.tzinfo else parsed.replace(tzinfo=UTC)
    return (aware - _EPOCH) // _TICK


@lru_cache(maxsize=1_024)
def zulu(milliseconds: int) -> str:
    """HubSpot's top-level times: `2026-01-05T09:00:00.000Z`."""
    return f"{moment(milliseconds):%Y-%m-%dT%H:%M:%S}.{milliseconds % _SECOND:03d}Z"


@lru_cache(maxsize=1_024)
def short_zulu(milliseconds: int) -> str:
    """HubSpot's property times: the fraction only where there is one [hubspot: values]."""
    if milliseconds % _SECOND:
        return zulu(milliseconds)
    return f"{moment(milliseconds):%Y-%m-%dT%H:%M:%S}Z"


@lru_cache(maxsize=1_024)
def offset(milliseconds: int) -> str:
    """Salesforce's REST times: `2026-01-05T09:00:00.000+0000`, no colon [salesforce: values]."""
    return f"{moment(milliseconds):%Y-%m-%dT%H:%M:%S}.{milliseconds % _SECOND:03d}+0000"


def http_date(milliseconds: int) -> str:
    """HTTP's times, in `Date` and `Retry-After`: `Mon, 05 Jan 2026 09:00:00 GMT`."""
    return format_datetime(moment(milliseconds).replace(microsecond=0), usegmt=True)


def day(milliseconds: int) -> str:
    """The bare UTC date: `2026-01-05`."""
    return f"{moment(milliseconds):%Y-%m-%d}"
