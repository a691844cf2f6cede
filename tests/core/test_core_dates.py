"""Dates: what is due so long before or after a date that is known by then [five-tracks: expansion]."""

import itertools
from typing import Any

import pytest
from core_builders import START, book, did, drip, firm, fold, of, route, told, touches
from hypothesis import given, settings
from hypothesis import strategies as st

from integration.core.compiled.compiled_playbook import CompiledPlaybook
from integration.core.compiled.context import Context
from integration.core.model.effects import TaskWanted, TouchDue
from integration.core.model.state import newborn
from integration.core.nurture.upcoming import upcoming
from integration.core.rules.automation_rules import Due, Entry, Play, TaskStep, TouchStep, Trigger
from integration.core.rules.conditions import Compare
from integration.core.rules.patterns import Dated
from integration.core.run.apply_events import advance
from mappings.values.instant import DAY, HOUR, Instant

BEFORE = Dated(subject="account.renewal_date", offset=-90 * DAY)
RENEWAL = START + 120 * DAY
CALL = TaskStep(channel="call", subject="Call {name}", due=Due(span=DAY))


def dated(when: Dated = BEFORE, **more: Any) -> CompiledPlaybook:
    """A touch and a task at a date."""
    trigger = Trigger(name="renewal", dated=when, play="renewal", **more)
    return book(triggers=(trigger,), plays=(Play(name="renewal", steps=(TouchStep(content="r"), CALL)),))


def joined(at: Instant = START) -> Any:
    return told(at, source="quiet", account="acme")


def fired(found: CompiledPlaybook, *events: Any, until: Instant = START + 400 * DAY) -> list[float]:
    return [day for day, content in touches(fold(found, *events, until=until)) if content == "r"]


def test_touch_and_task_come_so_long_before_the_date_and_say_why() -> None:
    decision = fold(dated(), firm(renewal_date=RENEWAL), joined(), until=START + 31 * DAY)
    assert touches(decision) == [(30, "r")]
    (touch,), (task,) = of(TouchDue, decision), of(TaskWanted, decision)
    assert task.at == touch.at == RENEWAL - 90 * DAY
    assert touch.because == ("renewal: 90 d before renewal date (5 May 2026)",)


def test_the_index_says_when_a_date_comes_and_idle_leads_cost_nothing_till_then() -> None:
    state = fold(dated(), firm(renewal_date=RENEWAL), joined(), until=START + DAY).state
    assert state.due == RENEWAL - 90 * DAY
    later = advance(dated(), state, [], state.due - 1)
    assert (later.state, later.effects) == (state, ())


def test_a_date_that_is_changed_is_planned_anew_and_the_old_one_sends_nothing() -> None:
    moved = firm(START + 10 * DAY, renewal_date=RENEWAL + 50 * DAY)
    assert fired(dated(), firm(renewal_date=RENEWAL), joined(), moved) == [80]
    gone = firm(START + 10 * DAY, renewal_date=None)
    assert fired(dated(), firm(renewal_date=RENEWAL), joined(), gone) == []
    after = firm(START + 40 * DAY, renewal_date=RENEWAL + 365 * DAY)
    assert fired(dated(), firm(renewal_date=RENEWAL), joined(), after, until=START + 500 * DAY) == [30, 395]


@pytest.mark.parametrize("late", [1, DAY, 40 * DAY])
def test_a_date_told_when_its_instant_is_past_sends_nothing(late: int) -> None:
    at = RENEWAL - 90 * DAY - 1 + late
    assert fired(dated(), joined(), firm(at, renewal_date=RENEWAL)) == []


def test_a_date_that_comes_before_anybody_knows_the_person_or_while_it_is_suppressed_sends_nothing() -> None:
    assert fired(dated(), firm(renewal_date=RENEWAL), joined(START + 31 * DAY)) == []
    gone, back = did("unsubscribe", START + DAY), did("resubscribe", START + 40 * DAY)
    assert fired(dated(), firm(renewal_date=RENEWAL), joined(), gone, back) == []
    back = did("resubscribe", START + 20 * DAY)
    assert fired(dated(), firm(renewal_date=RENEWAL), joined(), gone, back) == [30]


def test_a_condition_must_hold_on_the_day_and_a_cooldown_keeps_a_small_correction_quiet() -> None:
    grown = dated(condition=Compare(subject="account.employees", op="at_least", values=(50,)))
    assert fired(grown, firm(renewal_date=RENEWAL, employees=40), joined()) == []
    assert fired(grown, firm(renewal_date=RENEWAL, employees=40), joined(), firm(START + DAY, employees=60)) == [30]
    corrected = firm(START + 31 * DAY, renewal_date=RENEWAL + 3 * DAY)
    assert fired(dated(cooldown=7 * DAY), firm(renewal_date=RENEWAL), joined(), corrected) == [30]
    assert fired(dated(), firm(renewal_date=RENEWAL), joined(), corrected) == [30, 33]


def test_a_date_of_the_lead_and_one_of_its_latest_deal_count_too() -> None:
    own = dated(Dated(subject="trial_ends", offset=0))
    assert fired(own, told(source="quiet", trial_ends=START + 5 * DAY)) == [5]
    won = dated(Dated(subject="opportunity.closed_at", offset=275 * DAY))
    deal = [did("opportunity_created", START + DAY), did("opportunity_won", START + 10 * DAY)]
    assert fired(won, joined(), *deal) == [285]
    begun = dated(Dated(subject="opportunity.created_at", offset=3 * DAY))
    decision = fold(begun, joined(), *deal[:1], until=START + 9 * DAY)
    assert [(task.at - START) // DAY for task in of(TaskWanted, decision)] == [4], (
        "touches wait while sales works on it"
    )


def test_the_next_touch_names_the_one_that_a_date_brings() -> None:
    def next_one(found: CompiledPlaybook, *events: Any) -> tuple[Instant | None, str | None]:
        return upcoming(Context(found, fold(found, *events, until=START + DAY).state))

    assert next_one(dated(), firm(renewal_date=RENEWAL), joined()) == (RENEWAL - 90 * DAY, "r")
    assert next_one(dated(), joined()) == (None, None)
    assert next_one(dated(), firm(renewal_date=START), joined()) == (None, None), "what is past does not come"
    grown = dated(condition=Compare(subject="account.employees", op="at_least", values=(50,)))
    assert next_one(grown, firm(renewal_date=RENEWAL, employees=40), joined()) == (None, None)
    sooner = book(drip(5), first="drip", triggers=dated().playbook.triggers, plays=dated().playbook.plays)
    assert next_one(sooner, firm(renewal_date=RENEWAL), told(source="other", account="acme")) == (
        START + 5 * DAY,
        "drip 1",
    )


def test_a_track_takes_people_on_by_a_date() -> None:
    ahead = drip(0, 30, name="ahead", entries=(Entry(dated=BEFORE),))
    decision = fold(book(ahead), firm(renewal_date=RENEWAL), joined(), until=START + 61 * DAY)
    assert route(decision) == [(None, "ahead")]
    assert touches(decision) == [(30, "ahead 1"), (60, "ahead 2")]


hours = st.integers(1, 60 * 24)


@given(st.lists(st.tuples(hours, st.none() | hours), max_size=6, unique_by=lambda each: each[0]), st.randoms())
@settings(max_examples=80, deadline=None)
def test_whatever_dates_are_told_each_comes_once_if_it_stood_before_its_time(changes: Any, order: Any) -> None:
    """Also told in another order: the state is a function of the set of events."""
    events = [firm(START + at * HOUR, renewal_date=None if day is None else START + day * HOUR) for at, day in changes]
    order.shuffle(events)
    found = book(
        triggers=(Trigger(name="d", dated=Dated(subject="account.renewal_date", offset=24 * HOUR), play="d"),),
        plays=(Play(name="d", steps=(TouchStep(content="r"),)),),
    )
    expected = []
    ends = [(91 * 24, None)]
    for (told_at, day), (until, _) in itertools.pairwise([*sorted(changes, key=lambda each: each[0]), *ends]):
        if day is not None and told_at < day + 24 <= until:
            expected.append(day + 24)
    decision = fold(found, joined(), *events, until=START + 91 * DAY)
    assert [(touch.at - START) // HOUR for touch in of(TouchDue, decision)] == expected
    again = advance(found, newborn("ana"), sorted([joined(), *events], key=lambda each: each.at), START + 91 * DAY)
    assert again.effects == decision.effects
