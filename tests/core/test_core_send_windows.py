"""Send windows: an e-mail goes at the next instant of any of them, where the lead is [five-tracks: timing]."""

from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from integration.core.nurture.touches import next_open
from integration.core.rules.playbook_rules import SendWindow
from integration.playbook.compiling.compiler import load
from mappings.values.instant import DAY, MINUTE, Instant, parse, show, to_datetime

QUARTER = 15 * MINUTE
ZONES = ("UTC", "Europe/Berlin", "America/New_York", "America/Havana", "Australia/Lord_Howe", "Asia/Kathmandu")
"""Two of them change their clocks at midnight, or by half an hour."""
LUNCH = (
    SendWindow(weekdays=(1, 2, 3), opens=9 * 60, closes=11 * 60),
    SendWindow(weekdays=(1, 2, 3), opens=13 * 60, closes=14 * 60),
)


def is_open(windows: list[SendWindow], timezone: str, at: Instant) -> bool:
    """Whether a wall clock there is in one of the windows."""
    clock = to_datetime(at).astimezone(ZoneInfo(timezone))
    minute = clock.hour * 60 + clock.minute
    return any(clock.weekday() in each.weekdays and each.opens <= minute < each.closes for each in windows)


@st.composite
def windows(draw: st.DrawFn) -> SendWindow:
    opens = draw(st.integers(0, 95))
    closes = draw(st.integers(opens + 1, 96))
    days = draw(st.lists(st.integers(0, 6), min_size=1, max_size=7, unique=True))
    return SendWindow(weekdays=tuple(sorted(days)), opens=opens * 15, closes=closes * 15)


NIGHT = [SendWindow(weekdays=(6,), opens=135, closes=165), SendWindow(weekdays=(6,), opens=150, closes=210)]


@given(
    st.lists(windows(), min_size=1, max_size=3),
    st.sampled_from(ZONES),
    st.integers(parse("2026-03-01T00:00:00Z") // QUARTER, parse("2026-11-30T00:00:00Z") // QUARTER),
)
@example(NIGHT, "Europe/Berlin", parse("2026-03-29T00:00:00Z") // QUARTER)
@example(NIGHT, "Europe/Berlin", parse("2026-10-25T00:30:00Z") // QUARTER)
@example(NIGHT, "Europe/Berlin", parse("2026-10-25T01:15:00Z") // QUARTER)
@example(NIGHT[:1], "America/Havana", parse("2026-03-08T04:00:00Z") // QUARTER)
@settings(max_examples=60, deadline=None)
def test_an_email_goes_at_the_first_instant_at_which_any_window_is_open(
    open_at: list[SendWindow], timezone: str, quarter: int
) -> None:
    at = quarter * QUARTER
    found = next_open(open_at, timezone, at)
    assert is_open(open_at, timezone, found)
    assert not [show(each) for each in range(at, found, QUARTER) if is_open(open_at, timezone, each)]
    assert next_open(open_at, timezone, found) == found


@pytest.mark.parametrize(
    ("at", "timezone", "goes"),
    [
        ("2026-01-06T08:00:00Z", "UTC", "2026-01-06T09:00:00Z"),
        ("2026-01-06T11:00:00Z", "UTC", "2026-01-06T13:00:00Z"),
        ("2026-01-06T13:59:59Z", "UTC", "2026-01-06T13:59:59Z"),
        ("2026-01-06T14:00:00Z", "UTC", "2026-01-07T09:00:00Z"),
        ("2026-01-08T14:00:00Z", "UTC", "2026-01-13T09:00:00Z"),
        ("2026-01-06T11:00:00Z", "America/New_York", "2026-01-06T14:00:00Z"),
        ("2026-03-27T10:00:00Z", "Europe/Berlin", "2026-03-31T07:00:00Z"),
        ("2026-03-31T09:00:00Z", "Europe/Berlin", "2026-03-31T11:00:00Z"),
        ("2026-10-27T10:00:00Z", "Europe/Berlin", "2026-10-27T12:00:00Z"),
        ("2026-01-06T11:00:00Z", "Nowhere/At-All", "2026-01-06T13:00:00Z"),
    ],
)
def test_after_the_morning_comes_the_hour_after_lunch(at: str, timezone: str, goes: str) -> None:
    assert show(next_open(LUNCH, timezone, parse(at))) == goes


def test_without_a_window_an_email_goes_at_any_time() -> None:
    assert next_open((), "UTC", DAY + 1) == DAY + 1


@pytest.mark.parametrize("name", ["standard", "five-tracks"])
def test_the_playbooks_that_send_when_people_read_send_after_lunch_too(name: str) -> None:
    playbook, _ = load(name)
    assert playbook is not None
    hours = [(each.opens // 60, each.closes // 60) for each in playbook.send_windows]
    assert hours == [(9, 11), (13, 14)]
    assert {each.weekdays for each in playbook.send_windows} == {(1, 2, 3)}
