"""What carries a further reason out where the task that it was to join could not: a fact of the lead's history."""

from itertools import pairwise
from typing import Any

import pytest
from core_builders import START, did, fold, saw, told
from core_joins import BORN, CLOSED, A, B, C, book, joins, play, step

from integration.core.model.events import Event
from integration.core.model.state import LeadState
from mappings.values.instant import DAY, HOUR, Instant

BOOK = book(play("a"), play("b", step(hours=240)), play("c", step("email", hours=240)))
SEEN = [saw("a", START), saw("b", START + HOUR)]


def carried(task: str, by: str, at: Instant = START + 2 * HOUR) -> Event:
    return did("task_carried", at, f"{task} by {by} at {at}", task=task, by=by)


def shut(task: str, at: Instant) -> Event:
    return did(CLOSED, at, f"{task} shut at {at}", task=task)


def state(*events: Event, playbook: Any = BOOK) -> LeadState:
    return fold(playbook, BORN, *events, until=START + 2 * DAY).state


def open_(*events: Event) -> dict[str, bool]:
    return {name: opening.open for name, opening in state(*events).plays.items()}


@pytest.mark.parametrize("after", [-1, 1], ids=["closed before", "closed after"])
def test_closing_the_first_task_does_not_close_a_reason_that_became_a_task_of_its_own(after: int) -> None:
    fact = carried(B, B)
    assert open_(*SEEN, fact, shut(A, fact.at + after)) == {"a": False, "b": True}
    assert open_(*SEEN, shut(A, fact.at + after)) == {"a": False, "b": False}, "without the fact"


def test_its_own_closing_closes_it_and_an_answer_closes_both() -> None:
    fact, later = carried(B, B), START + 3 * HOUR
    assert open_(*SEEN, fact, shut(B, later)) == {"a": True, "b": False}
    answered = did("call_attempt", later, outcome="connected")
    assert open_(*SEEN, fact, answered) == {"a": False, "b": False}
    assert state(*SEEN, fact, answered).conversations == []


def test_an_answer_that_came_before_it_stood_alone_counts_for_it_as_for_every_task() -> None:
    answered = did("call_attempt", START + HOUR + 1, outcome="connected")
    assert open_(*SEEN, answered, shut(A, START + HOUR + 2), carried(B, B)) == {"a": False, "b": False}


def test_a_third_reason_joins_the_task_that_stands_alone_and_closing_that_closes_both() -> None:
    fact, third = carried(B, B), saw("c", START + 4 * HOUR)
    assert joins(BOOK, *SEEN, fact, third) == [(A, ""), (B, A), (C, B)], "the first task is open or not"
    assert joins(BOOK, *SEEN, shut(A, START + 2), fact, third) == [(A, ""), (B, ""), (C, B)], "it joined nothing"
    assert joins(BOOK, *SEEN, shut(A, fact.at - 1), fact, third) == [(A, ""), (B, A), (C, B)]
    assert open_(*SEEN, fact, third, shut(B, START + 5 * HOUR)) == {"a": True, "b": False, "c": False}


def test_a_reason_that_went_into_another_task_is_closed_with_that_one() -> None:
    third = saw("c", START + HOUR + 1)
    facts = [carried(B, B), carried(C, B, START + 3 * HOUR)]
    assert open_(*SEEN, third, *facts, shut(A, START + 4 * HOUR)) == {"a": False, "b": True, "c": True}
    assert open_(*SEEN, third, *facts, shut(B, START + 4 * HOUR)) == {"a": True, "b": False, "c": False}


def test_a_reason_that_is_a_task_of_its_own_by_then_and_went_into_another_is_one_with_that() -> None:
    """Its first task was closed before it came, which was read later on: by then it had gone into another."""
    alone = [saw("a", START), shut(A, START + 1), saw("b", START + HOUR), saw("c", START + HOUR + 1)]
    found = state(*alone, carried(C, C), carried(B, C, START + 3 * HOUR))
    assert [(each.key, each.joined) for each in found.conversations] == [(f"ana/{C}", [B])]


def test_the_fact_says_it_once_and_nothing_of_tasks_of_former_openings_or_that_nobody_has() -> None:
    once, twice = (state(*SEEN, *[carried(B, B, START + n * HOUR) for n in range(2, most)]) for most in (3, 5))
    assert (
        [each.key for each in once.conversations]
        == [each.key for each in twice.conversations]
        == [f"ana/{B}", f"ana/{A}"]
    )
    former = [carried("play/b/7/task/1", "play/b/7/task/1"), carried("play/gone/1/task/1", A), carried("", "")]
    assert open_(*SEEN, *former) == {"a": True, "b": True}
    assert [each.joined for each in state(*SEEN, *former).conversations] == [[B]]
    silent = did("unsubscribe", START + HOUR + 1)
    assert state(*SEEN, silent, carried(B, B)).conversations == []


def test_a_play_of_two_tasks_is_open_until_the_one_that_stood_alone_is_closed_too() -> None:
    two = book(play("a"), play("b", step(hours=240), step("email", hours=240)))
    second = "play/b/1/task/2"
    facts = [carried(B, B), shut(A, START + 3 * HOUR)]
    found = state(*SEEN, *facts, playbook=two).plays["b"]
    assert (found.open, found.shut) == (True, [2])
    assert state(*SEEN, *facts, shut(B, START + 4 * HOUR), playbook=two).plays["b"].open is False
    assert second not in [joined for each in state(*SEEN, *facts, playbook=two).conversations for joined in each.joined]


def test_a_new_owner_s_task_is_what_their_further_reasons_join() -> None:
    """The task that was to be joined is another person's by now."""
    owned = [
        told(START + 1, owner="ann"),
        saw("a", START + 2),
        saw("b", START + HOUR),
        told(START + HOUR + 1, owner="bob"),
    ]
    assert joins(BOOK, *owned, carried(B, B), saw("c", START + 4 * HOUR))[2:] == [(C, B)]


def test_deciding_step_by_step_comes_to_the_same_as_at_once() -> None:
    events = [*SEEN, shut(A, START + 2 * HOUR - 1), carried(B, B), saw("c", START + 4 * HOUR)]
    whole = state(*events)
    for early, late in pairwise(events):
        assert early.at < late.at
    assert fold(BOOK, BORN, *reversed(events), until=START + 2 * DAY).state == whole


def test_the_tasks_of_two_who_became_one_are_their_own_until_one_carries_the_other() -> None:
    """What is noted when two leads become one: each task was one of its own from the beginning."""
    own = [carried(A, A, START + 1), carried(B, B, START + HOUR + 1)]
    closed = shut(A, START + 3 * HOUR)
    assert open_(*SEEN, *own, closed) == {"a": False, "b": True}
    assert open_(*SEEN, *own, carried(B, A), closed) == {"a": False, "b": False}
    assert joins(BOOK, *SEEN, *own, carried(B, A), saw("c", START + 3 * HOUR))[2:] == [(C, A)]
