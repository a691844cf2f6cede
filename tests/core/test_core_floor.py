"""Decay stops at a floor: by steps, half-life and month alike; what stands below it neither falls nor rises."""

from typing import Any

import pytest
from core_builders import START, STEPS, did, fold, on, playbook, rule, saw
from hypothesis import given, settings
from hypothesis import strategies as st

from integration.core.compiled.compiled_playbook import CompiledPlaybook
from integration.core.model.events import Event
from integration.core.rules.scoring_rules import Decay, Engagement, HalfLife, IdleSteps, Monthly
from integration.core.run.apply_events import advance
from mappings.values.instant import DAY, HOUR, Instant

FLOOR = 10_000
ALL: dict[str, Decay] = {
    "steps": IdleSteps(steps=STEPS.steps, floor=FLOOR),
    "half-life": HalfLife(days=30, floor=FLOOR),
    "monthly": Monthly(share=200, floor=FLOOR),
}
RULES = (
    rule("pricing", 15, on("page_view", page="pricing")),
    rule("click", 3, on("email_click")),
    rule("open", 1, on("email_open"), resets_idle=False),
    rule("bounce", -4, on("email_bounce")),
)
YEARS = 3_000 * DAY


def book(decay: Decay, *rules: Any, cap: int | None = 60_000) -> CompiledPlaybook:
    return playbook(engagement=Engagement(rules=rules or RULES, cap=cap, decay=decay), first_moves=(), tracks=())


def value(decay: Decay, *events: Event, until: Instant) -> int:
    return fold(book(decay), *events, until=until).state.score.value


@pytest.mark.parametrize("kind", ALL)
def test_a_score_falls_to_the_floor_and_stays_there(kind: str) -> None:
    views = [saw("pricing", START), saw("pricing", START + 1, "again")]
    assert value(ALL[kind], *views, until=START + 15 * DAY) > FLOOR
    assert value(ALL[kind], *views, until=START + YEARS) == FLOOR


@pytest.mark.parametrize("kind", ALL)
def test_what_stands_below_the_floor_stays_as_it_is(kind: str) -> None:
    decision = fold(book(ALL[kind]), did("email_click", START), until=START + YEARS)
    assert decision.state.score.value == 3_000
    assert [line.line for line in decision.lines] == ["points"]


@pytest.mark.parametrize("kind", ALL)
def test_an_idle_lead_at_the_floor_is_never_due_again(kind: str) -> None:
    state = fold(book(ALL[kind]), saw("pricing", START), until=START + YEARS).state
    assert (state.score.value, state.due) == (FLOOR, None)


def test_steps_keep_their_share_of_what_is_above_and_the_floor_where_that_is_less() -> None:
    view = [saw("pricing", START), saw("pricing", START + 1, "again")]
    found = [value(ALL["steps"], *view, until=START + 1 + days * DAY) for days in (14, 30, 90)]
    assert found == [24_000, 15_000, FLOOR]


def test_an_open_at_the_floor_does_not_raise_a_score_that_steps_have_passed() -> None:
    events = [saw("pricing", START), did("email_open", START + 40 * DAY)]
    assert value(ALL["steps"], *events, until=START + 40 * DAY) == FLOOR


def test_a_half_life_begins_anew_with_what_is_added_at_the_floor() -> None:
    events = [saw("pricing", START), did("email_click", START + 500 * DAY)]
    assert value(ALL["half-life"], *events, until=START + 500 * DAY) == 13_000
    one_day = value(ALL["half-life"], *events, until=START + 501 * DAY)
    assert FLOOR < one_day < 13_000
    assert value(ALL["half-life"], *events, until=START + 530 * DAY) == FLOOR


def test_months_that_took_nothing_at_the_floor_have_passed() -> None:
    months = ALL["monthly"]
    events = [saw("pricing", START), saw("pricing", START + 400 * DAY, "late")]
    assert value(months, saw("pricing", START), until=START + 60 * DAY) == FLOOR
    assert value(months, *events, until=START + 400 * DAY) == 25_000
    assert value(months, *events, until=START + 420 * DAY) == 15_000, "the old ten are more than five months old"
    assert value(months, *events, until=START + 430 * DAY) == 12_000
    assert value(months, *events, until=START + YEARS) == FLOOR


def test_points_that_are_taken_away_and_points_that_end_go_below_the_floor() -> None:
    for decay in ALL.values():
        events = [saw("pricing", START), did("email_bounce", START + 100 * DAY)]
        assert value(decay, *events, until=START + YEARS) == FLOOR - 4_000
        ending = rule("pricing", 15, on("page_view", page="pricing"), expires=300 * DAY)
        assert fold(book(decay, ending), saw("pricing", START), until=START + 300 * DAY).state.score.value == 0


deeds = st.lists(
    st.tuples(st.integers(0, 200 * 24), st.sampled_from(("pricing", "email_click", "email_open", "email_bounce"))),
    min_size=1,
    max_size=15,
)


@pytest.mark.parametrize("kind", ALL)
@settings(max_examples=40)
@given(drawn=deeds, days=st.integers(0, 400))
def test_whatever_happened_decay_ends_at_the_floor_or_where_it_found_the_score_below(
    kind: str, drawn: list[tuple[int, str]], days: int
) -> None:
    events: list[Event] = []
    for number, (hours, deed) in enumerate(drawn):
        at = START + hours * HOUR
        events.append(saw(deed, at, f"a{number}") if deed == "pricing" else did(deed, at, f"a{number}"))
    last = max(event.at for event in events)
    compiled = book(ALL[kind])
    then = fold(compiled, *events, until=last)
    between = advance(compiled, then.state, [], last + days * DAY)
    assert min(FLOOR, then.state.score.value) <= between.state.score.value <= then.state.score.value
    end = advance(compiled, between.state, [], last + YEARS)
    assert end.state.score.value == min(FLOOR, then.state.score.value)
    assert sum(line.points for line in (*then.lines, *between.lines, *end.lines)) == end.state.score.value
