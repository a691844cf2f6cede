"""Whose time it was until an answer: the sender's, ours, the CRM's, sales'; every instant is exactly one party's."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from integration.core.hours.time_taken import Course, Outage, Shares, taken
from integration.core.model.state import Running
from integration.core.rules.calendar import Calendar
from mappings.values.instant import HOUR, MINUTE, SECOND, Instant, parse

USUAL = Calendar()
START = parse("2026-01-05T10:00:00Z")
"""A Monday, at work."""


def course(stands: int | None, ends: int, *outages: Outage, received: int = 0, hours: str = "") -> Course:
    """A run from START on, by minutes."""
    run = Running(times=1, started=START, due=START + 2 * HOUR, hours=[(START, hours)] if hours else [])
    return Course(
        run=run,
        received=START + received * MINUTE,
        stands=None if stands is None else START + stands * MINUTE,
        ends=START + ends * MINUTE,
        outages=outages,
    )


def down(begins: int, ends: int, *, for_us: bool = False) -> Outage:
    return Outage(begins=START + begins * MINUTE, ends=START + ends * MINUTE, for_us=for_us)


@pytest.mark.parametrize(
    ("given_course", "minutes"),
    [
        (course(1, 100), (0, 1, 0, 99)),
        (course(41, 190, down(1, 41)), (0, 1, 40, 149)),
        (course(41, 190, down(-60, 41)), (0, 0, 41, 149)),
        (course(1, 100, down(30, 40)), (0, 1, 10, 89)),
        (course(1, 100, down(30, 40, for_us=True)), (0, 1, 0, 99)),
        (course(20, 100, down(10, 20, for_us=True)), (0, 10, 10, 80)),
        (course(20, 100, down(10, 16), down(14, 30)), (0, 10, 20, 70)),
        (course(None, 100), (0, 100, 0, 0)),
        (course(None, 100, down(0, 90)), (0, 10, 90, 0)),
        (course(40, 100, received=30), (30, 10, 0, 60)),
        (course(200, 100), (0, 100, 0, 0)),
        (course(0, 100, down(200, 300)), (0, 0, 0, 100)),
    ],
)
def test_every_minute_is_one_partys(given_course: Course, minutes: tuple[int, int, int, int]) -> None:
    found = taken(USUAL, given_course).plain
    assert tuple(each // MINUTE for each in (found.sender, found.ours, found.crm, found.sales)) == minutes


def test_working_time_is_that_of_whoever_has_the_lead() -> None:
    overnight = course(0, 24 * 60)
    assert taken(USUAL, overnight).working.sales == 8 * HOUR
    assert taken(USUAL, course(0, 24 * 60, hours="Mon-Fri 12:00-14:00 UTC")).working.sales == 2 * HOUR
    assert taken(USUAL, overnight).plain.sales == 24 * HOUR


_minutes = st.integers(-100, 3_000)


@given(
    received=_minutes,
    stands=st.none() | _minutes,
    ends=st.integers(0, 3_000),
    outages=st.lists(st.builds(lambda at, span, us: down(at, at + span, for_us=us), _minutes, _minutes, st.booleans())),
    hours=st.sampled_from(["", "Mon-Fri 22:00-24:00 Europe/Berlin", "Mon-Fri 09:00-17:00 Pacific/Auckland"]),
)
@settings(max_examples=100, deadline=None)
def test_the_shares_are_never_negative_and_add_up(
    received: int, stands: int | None, ends: int, outages: list[Outage], hours: str
) -> None:
    found = taken(USUAL, course(stands, ends, *outages, received=received, hours=hours))
    for shares in (found.plain, found.working):
        assert all(each >= 0 for each in (shares.sender, shares.ours, shares.crm, shares.sales))
    assert found.plain.total == ends * MINUTE
    assert found.working.total <= found.plain.total


def test_a_share_of_nothing_is_nothing() -> None:
    at: Instant = START
    run = Running(times=1, started=at, due=at)
    empty = Course(run=run, received=at, stands=at, ends=at, outages=[Outage(begins=at, ends=at + SECOND)])
    assert taken(USUAL, empty).plain == Shares()
