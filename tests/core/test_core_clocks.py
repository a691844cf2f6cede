"""Clocks: by whose hours they count, what a handover changes, and that each reminds and escalates once."""

from dataclasses import replace

import pytest
from core_builders import CLOCK, START, did, fold, of, playbook

from integration.core.handoff.sla_clocks import second_breach
from integration.core.model.effects import AlertRaised, Escalated
from integration.core.model.events import Event
from integration.core.rules.automation_rules import Due
from integration.core.rules.calendar import Calendar
from mappings.model.canonical import Activity
from mappings.values.instant import DAY, HOUR, MINUTE, Instant, parse, show

WORKING = replace(CLOCK, within=Due(span=2 * HOUR, working=True), remind_before=30 * MINUTE)
BOOK = playbook(clocks=(WORKING,))
BERLIN = "Mon-Fri 08:00-16:00 Europe/Berlin"
AUCKLAND = "Mon-Fri 09:00-17:00 Pacific/Auckland"
LATE = parse("2026-01-05T16:00:00Z")
"""A Monday, an hour before the playbook's closing time."""


def given_to(hours: str, at: Instant, number: int = 1) -> Activity:
    return did("task_given", at, f"g{number}", hours=hours, to="nadia@acme.example", task="play/handoff/1/task/1")


def due(*events: Event, until: Instant | None = None) -> str:
    return show(fold(BOOK, did("demo_request", LATE, "d"), *events, until=until).state.clocks["first_contact"].due)


def alarms(*events: Event, until: Instant) -> list[tuple[str, str]]:
    found = fold(BOOK, *events, until=until).effects
    return [(each.key.rsplit("/", 1)[1], show(each.at)) for each in found if isinstance(each, AlertRaised | Escalated)]


def test_a_clock_counts_by_the_playbook_until_somebody_has_the_task() -> None:
    assert due() == "2026-01-06T10:00:00Z"


@pytest.mark.parametrize(
    ("hours", "end"),
    [
        (BERLIN, "2026-01-06T09:00:00Z"),
        (AUCKLAND, "2026-01-05T22:00:00Z"),
        ("Mon-Fri 09:00-12:00 Europe/Lisbon", "2026-01-06T11:00:00Z"),
        ("", "2026-01-06T10:00:00Z"),
        ("whenever", "2026-01-06T10:00:00Z"),
    ],
)
def test_from_then_on_it_counts_by_their_hours(hours: str, end: str) -> None:
    assert due(given_to(hours, LATE)) == end


def test_what_had_passed_when_somebody_else_took_over_stays_passed() -> None:
    half_past = LATE + 30 * MINUTE
    assert due(given_to(AUCKLAND, half_past)) == "2026-01-05T21:30:00Z"
    later = parse("2026-01-05T21:00:00Z")
    assert due(given_to(AUCKLAND, LATE), given_to(BERLIN, later, 2)) == "2026-01-06T08:00:00Z"


def test_a_handover_never_puts_a_deadline_into_the_past() -> None:
    for minute in range(0, 120, 7):
        at = LATE + minute * MINUTE
        state = fold(BOOK, did("demo_request", LATE, "d"), given_to(AUCKLAND, at)).state
        assert state.clocks["first_contact"].due >= at


def test_a_clock_in_plain_time_knows_no_hours() -> None:
    book = playbook(clocks=(CLOCK,))
    state = fold(book, did("demo_request", LATE, "d"), given_to(AUCKLAND, LATE)).state
    assert state.clocks["first_contact"].due == LATE + DAY


def test_a_clock_in_working_days_counts_those_of_who_has_the_task() -> None:
    book = playbook(clocks=(replace(CLOCK, within=Due(working_days=1)),))
    state = fold(book, did("demo_request", LATE, "d"), given_to("Thu 10:00-12:00 Europe/Berlin", LATE)).state
    assert show(state.clocks["first_contact"].due) == "2026-01-08T09:00:00Z"


def test_it_reminds_and_escalates_once_at_the_new_deadline() -> None:
    asked, taken = did("demo_request", LATE, "d"), given_to(BERLIN, LATE)
    assert alarms(asked, taken, until=LATE + 30 * DAY) == [
        ("reminder", "2026-01-06T08:30:00Z"),
        ("escalation", "2026-01-06T09:00:00Z"),
        ("breach", "2026-01-06T09:00:00Z"),
    ]


def test_whoever_takes_over_after_the_breach_changes_no_deadline_and_nobody_is_told_twice() -> None:
    asked, taken = did("demo_request", LATE, "d"), given_to(BERLIN, LATE)
    later = given_to(AUCKLAND, LATE + 3 * DAY, 2)
    assert alarms(asked, taken, later, until=LATE + 30 * DAY) == alarms(asked, taken, until=LATE + 30 * DAY)


def test_a_reminder_is_not_repeated_when_the_deadline_moves() -> None:
    reminded = parse("2026-01-06T09:45:00Z")
    taken = given_to("Mon-Fri 13:00-17:00 UTC", reminded)
    found = alarms(did("demo_request", LATE, "d"), taken, until=LATE + 30 * DAY)
    assert [kind for kind, _ in found] == ["reminder", "escalation", "breach"]
    assert found[1][1] == "2026-01-06T13:15:00Z"


@pytest.mark.parametrize(("early", "expected"), [(0, 2), (1, 1)])
def test_an_answer_at_the_very_deadline_is_too_late_and_one_before_is_not(early: int, expected: int) -> None:
    answer = did("call_attempt", parse("2026-01-06T10:00:00Z") - early, "c", outcome="no_answer")
    found = alarms(did("demo_request", LATE, "d"), answer, until=LATE + 30 * DAY)
    assert len(found) == (3 if expected == 2 else 1)


def test_a_fact_that_is_known_late_gives_the_state_of_one_known_in_time() -> None:
    events = [did("demo_request", LATE, "d"), given_to(AUCKLAND, LATE + MINUTE)]
    answer = did("call_attempt", LATE + 6 * HOUR, "c", outcome="no_answer")
    assert fold(BOOK, *events, answer).state == fold(BOOK, answer, *events).state


def test_hours_end_with_the_lead_and_the_next_handoff_counts_by_the_playbook() -> None:
    events = [
        did("demo_request", LATE, "d"),
        given_to(AUCKLAND, LATE),
        did("sales_rejected", LATE + HOUR, "r", reason="timing"),
    ]
    back = did("demo_request", parse("2026-01-19T16:00:00Z"), "e")
    state = fold(BOOK, *events, back).state
    assert state.hours == ""
    assert show(state.clocks["first_contact"].due) == "2026-01-20T10:00:00Z"
    assert state.clocks["first_contact"].times == 2


def test_a_clock_that_starts_while_somebody_has_the_lead_counts_by_their_hours() -> None:
    second = replace(WORKING, name="second", stage="sal", stops=CLOCK.stops)
    book = playbook(clocks=(WORKING, second))
    accepted = did("sales_accepted", parse("2026-01-06T08:00:00Z"), "a")
    state = fold(book, did("demo_request", LATE, "d"), given_to(AUCKLAND, LATE), accepted).state
    assert show(state.clocks["second"].due) == "2026-01-06T22:00:00Z"


def test_a_holiday_of_one_country_is_none_of_another() -> None:
    book = playbook(clocks=(WORKING,), calendar=Calendar(timezone="UTC", holidays=frozenset({"2026-01-06"})))
    asked = did("demo_request", LATE, "d")
    assert show(fold(book, asked).state.clocks["first_contact"].due) == "2026-01-07T10:00:00Z"
    state = fold(book, asked, given_to("Mon-Fri 09:00-17:00 UTC", LATE)).state
    assert show(state.clocks["first_contact"].due) == "2026-01-06T10:00:00Z"


def test_every_run_of_a_clock_is_in_the_decision_with_what_answered_it() -> None:
    events = [
        did("demo_request", START, "d"),
        did("sales_rejected", START + HOUR, "r", reason="timing"),
        did("demo_request", START + 10 * DAY, "e"),
    ]
    runs = fold(BOOK, *events).runs
    assert [(name, run.times, run.answer) for name, run in runs] == [
        ("first_contact", 1, "sales_rejected"),
        ("first_contact", 2, ""),
    ]
    assert len(of(Escalated, fold(BOOK, *events, until=START + 30 * DAY))) == 1


def test_a_second_breach_gives_whoever_has_the_task_the_promised_time_from_when_it_is_in_the_crm() -> None:
    state = fold(BOOK, did("demo_request", LATE, "d"), until=LATE + 2 * DAY).state
    first, again = parse("2026-01-06T10:00:00Z"), parse("2026-01-06T12:00:00Z")
    assert second_breach(BOOK, state, again - 1) is None
    found = second_breach(BOOK, state, again)
    assert found is not None
    assert found.promised == first
    late = parse("2026-01-06T11:30:00Z")
    assert second_breach(BOOK, state, late + 2 * HOUR - 1, late) is None
    assert second_breach(BOOK, state, late + 2 * HOUR, late) is not None
