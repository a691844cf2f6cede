"""Bounds of what comes in: times, names and numbers. What exceeds one becomes a sync error; nothing is cut off.

An index of PostgreSQL takes some 2,700 bytes a row, so every name that is looked for stays well below.
Rule: [rules: time and order].
"""

import json
from collections.abc import Mapping
from typing import Any

from mappings.values.instant import DAY, Instant, Span, parse, show

ID = 200
"""Characters or digits of an activity's id, of a lead's and of an account's."""
TYPE = 100
"""Characters of an activity's type."""
PROPERTIES = 200
"""Properties of one activity."""
PROPERTY = 200
"""Characters of a property's name."""
VALUE = 10_000
"""Characters of a property's value, of a list or a nested one as JSON."""
INTEGER = 2**63
"""What is as great as this, either way, fits no column and no JSON reader; it is kept as its digits."""

EARLIEST: Instant = parse("2000-01-01T00:00:00Z")
"""Nothing that happened before is of any use to nurturing; a clock that was never set begins in 1970."""
AHEAD: Span = DAY
"""How far ahead of its receipt something may be dated: clocks go wrong, and time zones are forgotten."""
LATEST: Instant = parse("2200-01-01T00:00:00Z")
"""No calendar of holidays goes further."""


def too_long(properties: Mapping[str, Any]) -> str | None:
    """Which of the properties of an activity passes a bound; None where none does."""
    if len(properties) > PROPERTIES:
        return f"`properties`: {len(properties)} of them; at most {PROPERTIES} are taken"
    for name, value in properties.items():
        if len(name) > PROPERTY:
            return f"`properties`: a name of {len(name)} characters; at most {PROPERTY} are taken"
        size = len(value) if isinstance(value, str) else len(json.dumps(value))
        if size > VALUE:
            return f"`properties.{name}`: {size} characters; at most {VALUE} are taken"
    return None


def within(at: Instant, received_at: Instant) -> Instant:
    """The nearest time to this one that something which was received then may have."""
    return received_at if ahead(at, received_at) else max(at, EARLIEST)


def ahead(at: Instant, received_at: Instant) -> bool:
    """Whether a time is further ahead than clocks and zones go wrong."""
    return at > received_at + AHEAD


def wrong_clock(at: Instant, received_at: Instant) -> str | None:
    """Why a time cannot be that of anything that was received then; None where it can."""
    if at < EARLIEST:
        return too_early(at)
    if ahead(at, received_at):
        return f"wrong clock: dated {_shown(at)}, more than 24 hours after it was received, {show(received_at)}"
    return None


def too_early(at: Instant) -> str:
    """What is wrong with a time before the earliest."""
    return f"wrong clock: dated {_shown(at)}, before the year 2000"


def _shown(at: Instant) -> str:
    try:
        return show(at)
    except OverflowError:
        return "outside the calendar"
