"""One person's working hours: how time passes by them, across midnight, changes of clocks, holidays and absences."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from integration.core.hours.working_hours import WorkingHours, after, after_days, read, worked, written
from integration.core.rules.calendar import Calendar, after_working_time
from mappings.values.instant import DAY, HOUR, MINUTE, Instant, parse, show

USUAL = Calendar(timezone="UTC", holidays=frozenset({"2026-01-06"}))
BERLIN = "Mon-Fri 08:00-16:00 Europe/Berlin"
NIGHT = "Mon-Thu 22:00-24:00 Europe/Berlin; Tue-Fri 00:00-06:00 Europe/Berlin"
AUCKLAND = "Mon-Fri 09:00-17:00 Pacific/Auckland"
KOLKATA = "Mon-Fri 09:30-18:15 Asia/Kolkata"
HALF = "Mon-Thu 09:00-17:00 Europe/Lisbon; Fri 09:00-12:00 Europe/Lisbon"
AWAY = "Mon-Fri 08:00-16:00 Europe/Berlin; away 2026-01-12..2026-01-16"


def hours(text: str) -> WorkingHours:
    found = read(text)
    assert found is not None, text
    return found


@pytest.mark.parametrize(
    ("text", "start", "span", "end"),
    [
        (BERLIN, "2026-01-05T09:00:00Z", 2 * HOUR, "2026-01-05T11:00:00Z"),
        (BERLIN, "2026-01-05T14:30:00Z", 2 * HOUR, "2026-01-06T08:30:00Z"),  # their own holidays, not the playbook's
        (f"{BERLIN}; free 2026-01-06", "2026-01-05T14:30:00Z", 2 * HOUR, "2026-01-07T08:30:00Z"),
        (NIGHT, "2026-01-05T21:30:00Z", 2 * HOUR, "2026-01-05T23:30:00Z"),  # across midnight
        (NIGHT, "2026-01-05T12:00:00Z", 9 * HOUR, "2026-01-06T22:00:00Z"),  # a night has eight hours
        (AUCKLAND, "2026-01-05T16:00:00Z", 2 * HOUR, "2026-01-05T22:00:00Z"),  # UTC+13: Tuesday there
        (AUCKLAND, "2026-01-09T03:00:00Z", 2 * HOUR, "2026-01-11T21:00:00Z"),  # Friday afternoon, to Monday
        (KOLKATA, "2026-01-05T12:00:00Z", HOUR, "2026-01-06T04:15:00Z"),  # a zone of half an hour
        (HALF, "2026-01-09T11:00:00Z", 2 * HOUR, "2026-01-12T10:00:00Z"),  # a half day
        (BERLIN, "2026-03-27T14:30:00Z", HOUR, "2026-03-30T06:30:00Z"),  # the clocks go forward between
        (AWAY, "2026-01-12T09:00:00Z", 2 * HOUR, "2026-01-12T11:00:00Z"),  # away: the playbook's calendar
        (AWAY, "2026-01-09T14:00:00Z", 2 * HOUR, "2026-01-12T10:00:00Z"),
        ("", "2026-01-05T16:00:00Z", 2 * HOUR, "2026-01-07T10:00:00Z"),  # nobody's: the playbook's
    ],
)
def test_time_passes_by_a_persons_own_hours(text: str, start: str, span: int, end: str) -> None:
    assert show(after(hours(text), USUAL, parse(start), span)) == end
    assert worked(hours(text), USUAL, parse(start), parse(end)) == span


def test_working_days_are_the_persons_own() -> None:
    assert show(after_days(hours(HALF), USUAL, parse("2026-01-09T11:00:00Z"), 1)) == "2026-01-12T09:00:00Z"
    part_time = hours("Tue,Thu 10:00-14:00 Europe/Berlin")
    assert show(after_days(part_time, USUAL, parse("2026-01-08T11:00:00Z"), 2)) == "2026-01-15T09:00:00Z"
    assert show(after_days(hours(AWAY), USUAL, parse("2026-01-09T11:00:00Z"), 1)) == "2026-01-12T09:00:00Z"


def test_somebody_who_is_away_all_the_time_stops_no_clock() -> None:
    gone = hours(f"{BERLIN}; away 2026-01-01..2027-12-31")
    start = parse("2026-01-05T09:00:00Z")
    assert after(gone, USUAL, start, 30 * HOUR) == after_working_time(USUAL, start, 30 * HOUR)


@pytest.mark.parametrize("text", [BERLIN, NIGHT, AUCKLAND, KOLKATA, HALF, AWAY, f"{HALF}; free 2026-12-25"])
def test_hours_are_read_as_they_are_written(text: str) -> None:
    found = hours(text)
    away = [(day, day) for day in found.away]
    again = written(found.weekly, {day for each in found.weekly for day in each.holidays}, away)
    assert read(again) == found


@pytest.mark.parametrize(
    "text",
    [
        "whenever",
        "Mon-Fri 16:00-08:00 Europe/Berlin",
        "Mon-Fri 08:00-16:00 Europe/Nowhere",
        "Mon-Fri 08:00-16:00",
        "Mon-Xyz 08:00-16:00 UTC",
        "away 2026-01-01",
        f"{BERLIN}; away 2026-02-30",
        f"{BERLIN}; away 2026-02-03..2026-02-01",
        f"{BERLIN}; away 2000-01-01..2026-02-01",
        f"{BERLIN}; {AUCKLAND}",
        f"{BERLIN};" * 500,
    ],
)
def test_what_cannot_be_read_are_no_hours(text: str) -> None:
    assert read(text) is None


@given(
    text=st.sampled_from(["", BERLIN, NIGHT, AUCKLAND, KOLKATA, HALF, AWAY, f"{NIGHT}; away 2026-01-07"]),
    start=st.integers(0, 120 * 24 * 60).map(lambda minute: parse("2025-12-20T00:00:00Z") + minute * MINUTE),
    first=st.integers(0, 40 * 60).map(lambda minute: minute * MINUTE),
    second=st.integers(0, 40 * 60).map(lambda minute: minute * MINUTE),
)
@settings(max_examples=60, deadline=None)
def test_working_time_adds_up_and_never_goes_back(text: str, start: Instant, first: int, second: int) -> None:
    theirs = hours(text)
    middle, end = after(theirs, USUAL, start, first), after(theirs, USUAL, start, first + second)
    assert start <= middle <= end
    assert after(theirs, USUAL, middle, second) == end or not second
    assert worked(theirs, USUAL, start, middle) == first
    assert worked(theirs, USUAL, start, end) == first + second
    assert worked(theirs, USUAL, start, middle) + worked(theirs, USUAL, middle, end) == first + second
    assert after(theirs, USUAL, start + HOUR, first) >= middle
    if not text:
        assert end == after_working_time(USUAL, start, first + second)


def test_a_day_without_hours_is_only_waited_for() -> None:
    sunday = parse("2026-01-04T12:00:00Z")
    assert after(hours(BERLIN), USUAL, sunday, 0) == parse("2026-01-05T07:00:00Z")
    assert worked(hours(BERLIN), USUAL, sunday - DAY, sunday) == 0
