"""Working time, days and send windows, and how times and spans are said."""

import pytest
from core_builders import START

from integration.core.rules.calendar import (
    Calendar,
    after_working_days,
    after_working_time,
    day_number,
    in_working_time,
    minutes,
    next_in_window,
    wall_clock,
)
from mappings.values.instant import DAY, HOUR, MINUTE, parse, show

BERLIN = Calendar(timezone="Europe/Berlin", holidays=frozenset({"2026-01-06"}))


@pytest.mark.parametrize(
    ("start", "hours", "end"),
    [
        ("2026-01-05T09:00:00Z", 2, "2026-01-05T11:00:00Z"),
        ("2026-01-05T15:00:00Z", 2, "2026-01-07T09:00:00Z"),
        ("2026-01-05T15:00:00Z", 1, "2026-01-05T16:00:00Z"),
        ("2026-01-03T12:00:00Z", 2, "2026-01-05T10:00:00Z"),
        ("2026-01-05T02:00:00Z", 8, "2026-01-05T16:00:00Z"),
        ("2026-03-27T15:30:00Z", 1, "2026-03-30T07:30:00Z"),
    ],
)
def test_working_time_passes_in_working_hours_only(start: str, hours: int, end: str) -> None:
    assert show(after_working_time(BERLIN, parse(start), hours * HOUR)) == end


@pytest.mark.parametrize(
    ("at", "due"),
    [
        ("2026-01-05T08:00:00Z", "2026-01-05T08:00:00Z"),  # at the opening
        ("2026-01-05T16:00:00Z", "2026-01-05T16:00:00Z"),  # at the closing
        ("2026-01-05T07:59:59Z", "2026-01-05T08:00:00Z"),
        ("2026-01-05T16:00:01Z", "2026-01-07T08:00:00Z"),  # over a holiday
        ("2026-01-03T12:00:00Z", "2026-01-05T08:00:00Z"),  # a Saturday
        ("2026-03-28T12:00:00Z", "2026-03-30T07:00:00Z"),  # summer time has begun
        ("2028-02-29T20:00:00Z", "2028-03-01T08:00:00Z"),  # a leap day
    ],
)
def test_what_is_due_outside_working_hours_is_due_at_the_next_opening(at: str, due: str) -> None:
    assert show(in_working_time(BERLIN, parse(at))) == due


def test_the_next_working_day_begins_at_its_opening() -> None:
    assert show(after_working_days(BERLIN, parse("2026-01-05T15:00:00Z"), 1)) == "2026-01-07T08:00:00Z"
    assert show(after_working_days(BERLIN, parse("2026-01-09T15:00:00Z"), 2)) == "2026-01-13T08:00:00Z"


def test_a_calendar_without_working_days_counts_plain_time() -> None:
    never = Calendar(weekdays=())
    assert after_working_time(never, START, HOUR) == START + HOUR
    assert after_working_days(never, START, 2) == START + 2 * DAY
    assert in_working_time(never, START) == START


def test_a_window_opens_at_its_hour_and_closes_before_its_end() -> None:
    def next_one(text: str) -> str:
        at = next_in_window(parse(text), weekdays=(1, 2, 3), opens=540, closes=660, timezone="UTC")
        return show(at)

    assert next_one("2026-01-06T09:00:00Z") == "2026-01-06T09:00:00Z"
    assert next_one("2026-01-06T10:59:59Z") == "2026-01-06T10:59:59Z"
    assert next_one("2026-01-06T11:00:00Z") == "2026-01-07T09:00:00Z"
    assert next_one("2026-01-08T11:00:00Z") == "2026-01-13T09:00:00Z"


def test_days_are_those_of_the_playbooks_zone() -> None:
    evening = parse("2026-01-05T23:30:00Z")
    assert day_number(evening, "Europe/Berlin") == day_number(evening, "UTC") + 1
    assert day_number(evening, "Nowhere/At-All") == day_number(evening, "UTC")


def test_times_and_spans_in_words() -> None:
    assert wall_clock(parse("2026-01-06T10:00:00Z"), "Europe/Berlin") == "Tue 6 Jan 2026, 11:00 (Europe/Berlin)"
    assert [minutes(span) for span in (45 * MINUTE, 24 * HOUR, 3 * DAY, 90 * MINUTE)] == [
        "45 min",
        "24 h",
        "3 d",
        "90 min",
    ]
