"""Whoever is away, full, or not at work before a task is due is passed over, with the reason in words."""

import pytest

from integration.core.rules.calendar import Calendar
from integration.routing.availability import Load, day_began, passed_over
from integration.routing.read_people import absence, hours
from integration.routing.routing_rules import Person
from mappings.values.instant import DAY, HOUR, MINUTE, Instant, parse

USUAL = Calendar(timezone="UTC", holidays=frozenset({"2026-01-06"}))
TUESDAY = parse("2026-01-13T09:30:00Z")
EVENING = parse("2026-01-13T18:00:00Z")
BERLIN = (hours("Mon-Fri 08:00-16:00 Europe/Berlin"),)


def person(**more: object) -> Person:
    return Person(**{"email": "nadia@acme.example", "hours": BERLIN} | more)  # type: ignore[arg-type] # a test's own


@pytest.mark.parametrize(
    ("who", "load", "now", "due", "why"),
    [
        (person(), Load(), TUESDAY, TUESDAY + HOUR, ""),
        (person(), Load(), TUESDAY, TUESDAY - DAY, ""),
        (person(), Load(), EVENING, EVENING + DAY, ""),
        (person(), Load(), EVENING, EVENING + 30 * MINUTE, "is not at work before the task is due, but from"),
        (person(), Load(), EVENING, EVENING - HOUR, "is not at work before the task is due, but from"),
        (
            person(away=(absence("2026-01-12..2026-01-20"),)),
            Load(),
            TUESDAY,
            TUESDAY + 30 * DAY,
            "away until 2026-01-20",
        ),
        (person(away=(absence("2026-01-12"),)), Load(), TUESDAY, TUESDAY + HOUR, ""),
        (person(away=(absence("2026-01-14..2026-01-15"),)), Load(), EVENING, EVENING + DAY, "is not at work before"),
        (person(away=(absence("2026-01-14..2026-01-15"),)), Load(), TUESDAY, TUESDAY + DAY, ""),
        (person(most_open=40), Load(open=39), TUESDAY, TUESDAY + HOUR, ""),
        (person(most_open=40), Load(open=40), TUESDAY, TUESDAY + HOUR, "has 40 of at most 40 open tasks"),
        (person(most_per_day=12), Load(today=11), TUESDAY, TUESDAY + HOUR, ""),
        (person(most_per_day=12), Load(today=12), TUESDAY, TUESDAY + HOUR, "was given 12 of at most 12 tasks today"),
        (person(hours=()), Load(), parse("2026-01-06T10:00:00Z"), parse("2026-01-06T12:00:00Z"), "not at work"),
        (person(hours=()), Load(), TUESDAY, TUESDAY + HOUR, ""),
    ],
)
def test_why_somebody_is_passed_over(who: Person, load: Load, now: Instant, due: Instant, why: str) -> None:
    found = passed_over(who, USUAL, load, now=now, due=due)
    assert (found == "") == (why == ""), found
    assert why in found


def test_somebodys_day_is_that_of_their_own_zone() -> None:
    tokyo = person(hours=(hours("Mon-Fri 08:00-16:00 Asia/Tokyo"),))
    assert day_began(tokyo, USUAL, parse("2026-01-13T16:00:00Z")) == parse("2026-01-13T15:00:00Z")
    assert day_began(person(hours=()), USUAL, parse("2026-01-13T16:00:00Z")) == parse("2026-01-13T00:00:00Z")
    away = person(hours=tokyo.hours, away=(absence("2026-01-14"),))
    assert "away" in passed_over(away, USUAL, Load(), now=parse("2026-01-13T16:00:00Z"), due=TUESDAY + DAY)


def test_two_lines_make_a_night() -> None:
    night = person(hours=(hours("Mon 22:00-24:00 UTC"), hours("Tue 00:00-06:00 UTC")))
    midnight = parse("2026-01-13T03:00:00Z")
    assert passed_over(night, USUAL, Load(), now=midnight, due=midnight) == ""
    noon = parse("2026-01-13T12:00:00Z")
    assert "from Mon 19 Jan 2026, 22:00 (UTC)" in passed_over(night, USUAL, Load(), now=noon, due=noon + DAY)
