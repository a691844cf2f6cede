"""Slower or stopped where nobody opens: touches come further apart, and end [five-tracks: frequency]."""

from typing import Any

import pytest
from core_builders import BORN, START, book, did, drip, fold, of, route, touches
from hypothesis import given, settings
from hypothesis import strategies as st

from integration.core.compiled.compiled_playbook import CompiledPlaybook
from integration.core.compiled.context import Context
from integration.core.model.effects import TaskWanted, TouchDue
from integration.core.nurture.upcoming import upcoming
from integration.core.rules.automation_rules import (
    Content,
    Exit,
    Offset,
    Play,
    Rhythm,
    Slower,
    TaskStep,
    Touch,
    TouchStep,
    Track,
    Trigger,
)
from integration.core.rules.patterns import Match, Part, Pattern
from integration.playbook.compiling.compiler import load
from integration.playbook.explaining.standpoint import track as told_of_track
from mappings.values.instant import DAY, HOUR, Instant

PACES = (Slower(unopened=2, every=14 * DAY), Slower(unopened=4, every=14 * DAY, ends=True))


def weekly(**more: Any) -> CompiledPlaybook:
    track = Track(name="weekly", rhythms=(Rhythm(every=7 * DAY, touches=(Touch(content="w"),)),), **more)
    return book(track, first="weekly")


def days(found: CompiledPlaybook, *events: Any, until: int) -> list[float]:
    return [day for day, content in touches(fold(found, BORN, *events, until=START + until * DAY))]


def test_unopened_emails_in_a_row_put_the_next_one_off_and_then_end_the_touches() -> None:
    assert days(weekly(), until=60) == [0, 7, 14, 21, 28, 35, 42, 49, 56]
    assert days(weekly(slower=PACES), until=200) == [0, 7, 21, 35]


@pytest.mark.parametrize("kind", ["email_open", "email_click"])
def test_an_open_brings_the_plan_back_at_once(kind: str) -> None:
    found = weekly(slower=PACES)
    assert days(found, did(kind, START + 8 * DAY), until=15) == [0, 7, 14], "before it is due: as planned"
    assert days(found, did(kind, START + 16 * DAY), until=22) == [0, 7, 16, 21], "later: now, and the rhythm goes on"


def test_an_open_of_an_email_of_no_track_brings_the_plan_back_too() -> None:
    seen = Pattern(parts=(Part(signal=(Match(types=("page_view",)),)),))
    answer = Play(name="answer", steps=(TouchStep(content="answer"),))
    track = Track(name="weekly", rhythms=(Rhythm(every=7 * DAY, touches=(Touch(content="w"),)),), slower=PACES)
    found = book(track, first="weekly", triggers=(Trigger(name="t", pattern=seen, play="answer"),), plays=(answer,))
    events = [did("page_view", START + 8 * DAY), did("email_open", START + 9 * DAY)]
    assert days(found, *events, until=15) == [0, 7, 8, 14]


def test_days_of_a_sequence_stretch_and_keep_their_order() -> None:
    found = book(drip(0, 2, 5, 9, 14, slower=(Slower(unopened=3, every=14 * DAY),)), first="drip")
    assert touches(fold(found, BORN, until=START + 60 * DAY)) == [
        (0, "drip 1"),
        (2, "drip 2"),
        (5, "drip 3"),
        (19, "drip 4"),
        (33, "drip 5"),
    ]


def test_what_ended_is_done_and_the_track_goes_on_as_if_the_last_touch_had_gone() -> None:
    ends = (Slower(unopened=2, ends=True),)
    decision = fold(
        weekly(slower=ends, exits=(Exit(completed=True, after=3 * DAY, to="newsletter"),)), BORN, until=START + 20 * DAY
    )
    assert route(decision) == [(None, "weekly"), ("weekly", "newsletter")]
    assert touches(decision) == [(0, "w"), (7, "w"), (14, "newsletter")], "the last one went on day 7"


def test_a_way_off_by_unopened_touches_comes_first() -> None:
    found = weekly(slower=PACES, exits=(Exit(unopened=3, to="newsletter"),))
    assert route(fold(found, BORN, until=START + 40 * DAY)) == [(None, "weekly"), ("weekly", "newsletter")]


def test_tasks_and_what_nobody_can_open_do_not_count_and_tasks_keep_to_the_plan() -> None:
    call = TaskStep(channel="call", subject="Call")
    plan = ("a", "ads", "b", "t", "c")
    offsets = tuple(
        Offset(after=day * DAY, touch=Touch(content=content, task=call if content == "t" else None))
        for day, content in enumerate(plan)
    )
    track = Track(name="mixed", offsets=offsets, slower=PACES)
    found = book(track, first="mixed", contents=(Content(name="ads", channel="retargeting"),))
    decision = fold(found, BORN, until=START + 60 * DAY)
    assert [(touch.at - START) // DAY for touch in of(TouchDue, decision)] == [0, 1, 2, 17]
    assert [(task.at - START) // DAY for task in of(TaskWanted, decision)] == [3]


def test_the_next_touch_and_explain_say_so() -> None:
    found = weekly(slower=PACES)

    def at(day: int) -> tuple[Context, str]:
        decision = fold(found, BORN, until=START + day * DAY)
        context = Context(found, decision.state)
        return context, told_of_track(context, decision.effects)

    context, told = at(10)
    assert upcoming(context) == (START + 21 * DAY, "w")
    assert told.endswith("touch 3 is planned for Mon 26 Jan 2026, 09:00 (UTC) (2 e-mails in a row were left unopened)")
    assert at(60)[1].endswith("its touches ended (4 e-mails in a row were left unopened)")
    decision = fold(found, BORN, until=START + 21 * DAY)
    assert of(TouchDue, decision)[-1].because == ("touch 3 of track weekly, later since 2 in a row were left unopened",)


def naive(opens: set[int]) -> list[int]:
    """The same, hour by hour: what falls due, then who opened, then what falls due by that."""
    sent: list[int] = []
    planned, unopened = 0, 0

    def go(hour: int) -> None:
        nonlocal planned, unopened
        pace = 14 * 24 if unopened >= 2 else 0
        if planned < 0 or hour < planned or (sent and hour < sent[-1] + pace):
            return
        if unopened >= 4:
            planned = -1
            return
        sent.append(hour)
        unopened += 1
        planned += 7 * 24 + (hour - planned) // (7 * 24) * 7 * 24

    for hour in range(100 * 24):
        go(hour)
        if hour in opens:
            unopened = 0
            go(hour)
    return sent


@given(st.sets(st.integers(0, 99 * 24), max_size=12))
@settings(max_examples=60, deadline=None)
def test_whatever_people_open_the_touches_go_as_a_plain_count_says(opens: set[int]) -> None:
    events = [did("email_open", START + hour * HOUR, f"o{hour}") for hour in opens]
    until: Instant = START + 100 * 24 * HOUR - 1
    decision = fold(weekly(slower=PACES), BORN, *events, until=until)
    assert [(touch.at - START) // HOUR for touch in of(TouchDue, decision)] == naive(opens)


@pytest.mark.parametrize("name", ["standard", "five-tracks"])
def test_the_playbooks_slow_down_where_nobody_opens_and_leave_the_welcome_and_lost_deals_alone(name: str) -> None:
    playbook, _ = load(name)
    assert playbook is not None
    slower = {track.name: track.slower for track in playbook.tracks}
    assert slower["welcome"] == slower["lost_deal"] == slower["sql_reengagement"] == ()
    assert [(each.unopened, each.every // DAY, each.ends) for each in slower["mql_nurture"]] == [
        (8, 14, False),
        (12, 30, False),
        (16, 30, True),
    ]
    assert slower["customer_expansion"] == slower["advanced"] == slower["mql_nurture"]
