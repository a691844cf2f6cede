"""Calendar arithmetic on instants: days, working time and send windows."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from functools import lru_cache
from typing import TypeAlias
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from mappings.values.instant import DAY, MINUTE, Instant, Span, from_datetime, to_datetime

_EPOCH_DAY = date(1970, 1, 1).toordinal()
_EPOCH_WEEKDAY = date(1970, 1, 1).weekday()
_SEARCH = 3700
"""Days to look ahead for a working day: ten years without one is a mistake in the calendar."""
_WINDOW_SEARCH = 16
"""Days to look ahead for a window: a change of clocks can take away one week's, not two in a row."""
Stretch: TypeAlias = tuple[Instant, Instant]
"""From when until when people work without a break."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Calendar:
    """Working time: zone, hours, weekdays (Monday is 0) and holidays (ISO dates), as plain data.

    Its zone is also the one in which calendar days are counted (limits per day, distinct days).
    """

    timezone: str = "UTC"
    opens: int = 9 * 60
    """Minutes after midnight."""
    closes: int = 17 * 60
    weekdays: tuple[int, ...] = (0, 1, 2, 3, 4)
    holidays: frozenset[str] = frozenset()


@lru_cache(maxsize=600)
def zone(name: str) -> ZoneInfo | None:
    """The time zone of that name, None if there is none."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return None


def day_number(at: Instant, timezone: str) -> int:
    """The calendar day of an instant in a zone, counted from 1970-01-01."""
    if timezone == "UTC":
        return at // DAY
    return to_datetime(at).astimezone(zone(timezone) or UTC).toordinal() - _EPOCH_DAY


def working_day(calendar: Calendar, day: date) -> bool:
    """Whether people work on that day."""
    return day.weekday() in calendar.weekdays and day.isoformat() not in calendar.holidays


@lru_cache(maxsize=8_192)
def at_minute(day: date, minute: int, timezone: str) -> Instant:
    """The instant of so many minutes after midnight on a day, by the wall clock of a zone.

    A wall time that a change of clocks skips or repeats is the first instant at which the clock shows it or later.
    """
    where = zone(timezone) or UTC
    late = minute >= 24 * 60
    moment = datetime.combine(day + timedelta(days=1) if late else day, time(minute % (24 * 60) // 60, minute % 60))
    return from_datetime(moment.replace(tzinfo=where).astimezone(UTC))


def stretches(calendars: Sequence[Calendar], start: Instant) -> Iterator[Stretch]:
    """When at least one of these calendars of one zone works, from the day of `start` on, for ten years at most."""
    timezone = calendars[0].timezone
    day = to_datetime(start).astimezone(zone(timezone) or UTC).date()
    for _ in range(_SEARCH):
        yield from sorted(
            (at_minute(day, each.opens, timezone), at_minute(day, each.closes, timezone))
            for each in calendars
            if working_day(each, day)
        )
        day += timedelta(days=1)


def joined(found: Iterable[Stretch]) -> Iterator[Stretch]:
    """Stretches in order, those that overlap or follow each other at once as one."""
    last: Stretch | None = None
    for begins, ends in found:
        if last is not None and begins <= last[1]:
            last = last[0], max(last[1], ends)
            continue
        if last is not None:
            yield last
        last = begins, ends
    if last is not None:
        yield last


def passed(found: Iterable[Stretch], start: Instant, span: Span) -> Instant:
    """The instant at which so much of these stretches has passed since `start` [rules: clocks].

    Started between two of them, it counts from the next one. A span that ends with one ends at its end. Plain time is
    counted where there are none left.
    """
    left = span
    for begins, ends in found:
        opens = max(start, begins)
        if opens < ends or (not left and opens == ends):
            if left <= ends - opens:
                return opens + left
            left -= ends - opens
    return start + span


def overlap(found: Iterable[Stretch], begins: Instant, ends: Instant) -> Span:
    """How much of these stretches, in order and apart, lies between two instants."""
    total: Span = 0
    for opens, closes in found:
        if opens >= ends:
            break
        total += max(0, min(closes, ends) - max(opens, begins))
    return total


def after_working_time(calendar: Calendar, start: Instant, span: Span) -> Instant:
    """The instant at which so much working time has passed since `start`: see `passed`."""
    return passed(stretches((calendar,), start), start, span)


def in_working_time(calendar: Calendar, at: Instant) -> Instant:
    """The first instant from `at` on at which people work, closing time included [rules: plays].

    Without any working day in ten years, `at` itself.
    """
    return after_working_time(calendar, at, 0)


def after_working_days(calendar: Calendar, start: Instant, days: int) -> Instant:
    """The opening of the so-many-th working day after the day of `start`."""
    where = zone(calendar.timezone) or UTC
    day = to_datetime(start).astimezone(where).date()
    left = days
    for _ in range(_SEARCH):
        day += timedelta(days=1)
        left -= working_day(calendar, day)
        if left == 0:
            return at_minute(day, calendar.opens, calendar.timezone)
    return start + days * DAY


def next_in_window(at: Instant, *, weekdays: tuple[int, ...], opens: int, closes: int, timezone: str) -> Instant:
    """The first instant from `at` on within a weekly window: at its opening or later, before its closing.

    The wall clock decides: what a change of clocks skips of a window is no part of it, what it repeats is there twice.
    `at` itself where the window does not open within two weeks.
    """
    for begins, ends in _openings(at // DAY, weekdays, opens, closes, timezone):
        if at < ends:
            return max(at, begins)
    return at


@lru_cache(maxsize=4_096)
def _openings(day: int, weekdays: tuple[int, ...], opens: int, closes: int, timezone: str) -> tuple[Stretch, ...]:
    """When a weekly window is open, in order, from the day before a day of UTC on: it has begun there in some zones."""
    found: list[Stretch] = []
    for number in range(day - 1, day + _WINDOW_SEARCH):
        if (number + _EPOCH_WEEKDAY) % 7 not in weekdays:
            continue
        midnight = number * DAY
        for begins, ends, ahead in _stretches(date.fromordinal(number + _EPOCH_DAY), timezone):
            opened = max(begins, midnight + opens * MINUTE - ahead)
            closed = min(ends, midnight + closes * MINUTE - ahead)
            if opened < closed:
                found.append((opened, closed))
    return tuple(found)


@lru_cache(maxsize=4_096)
def _stretches(day: date, timezone: str) -> tuple[tuple[Instant, Instant, Span], ...]:
    """A day in a zone, cut at a change of clocks: beginning, end, and how far the wall clock is ahead of UTC."""
    where = zone(timezone) or UTC
    begins, ends = at_minute(day, 0, timezone), at_minute(day, 24 * 60, timezone)
    before, after = _ahead(begins, where), _ahead(ends - 1, where)
    if before == after:
        return ((begins, ends, before),)
    low, high = begins, ends
    while high - low > MINUTE:
        middle = low + (high - low) // 2 // MINUTE * MINUTE
        low, high = (middle, high) if _ahead(middle, where) == before else (low, middle)
    return ((begins, high, before), (high, ends, after))


def _ahead(at: Instant, where: tzinfo) -> Span:
    clock = to_datetime(at).astimezone(where)
    return from_datetime(clock.replace(tzinfo=UTC)) - at


def wall_clock(at: Instant, timezone: str) -> str:
    """`Tue 6 Jan 2026, 10:00 (UTC)`, as a person reads it."""
    where = zone(timezone) or UTC
    moment = to_datetime(at).astimezone(where)
    return f"{_short_day(moment.toordinal())}, {moment.hour:02}:{moment.minute:02} ({timezone})"


@lru_cache(maxsize=4_096)
def _short_day(ordinal: int) -> str:
    day = date.fromordinal(ordinal)
    return f"{day:%a} {day.day} {day:%b %Y}"


def day_words(at: Instant, timezone: str) -> str:
    """`6 January 2026`."""
    return _day_words(day_number(at, timezone))


@lru_cache(maxsize=4_096)
def _day_words(number: int) -> str:
    day = date.fromordinal(number + _EPOCH_DAY)
    return f"{day.day} {day:%B %Y}"


def minutes(span: Span) -> str:
    """A span as people say it: `2 h`, `24 h`, `3 d`, `45 min`."""
    if span % DAY == 0 and span > DAY:
        return f"{span // DAY} d"
    whole = span // MINUTE
    return f"{whole // 60} h" if whole % 60 == 0 else f"{whole} min"
