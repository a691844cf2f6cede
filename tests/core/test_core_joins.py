"""One open conversation per lead: a further call or e-mail for the same person joins the open task [rules: plays]."""

import json
from dataclasses import replace
from typing import Any

import pytest
from core_builders import CLOCK, START, being, did, firm, fold, hot, of, playbook, saw, told
from core_joins import BORN, CLOSED, A, B, C, book, joins, play, step

from integration.commands.replaying.replay_shown import effect_line
from integration.core.model.effects import Escalated, TaskWanted
from integration.core.rules.automation_rules import TaskStep, TouchStep
from integration.core.rules.playbook_rules import Gate
from mappings.values.instant import DAY, HOUR


def test_a_further_play_joins_the_open_task_and_a_third_one_joins_the_same() -> None:
    wanted = book(play("a"), play("b", step("email")), play("c"))
    seen = [saw(page, START + at * HOUR) for at, page in enumerate("abc", 1)]
    assert joins(wanted, *seen) == [(A, ""), (B, A), (C, A)]


def test_a_task_is_open_until_it_is_closed_and_not_until_it_is_due() -> None:
    wanted = book(play("a", step(hours=1)), play("b"))
    assert joins(wanted, saw("a", START), saw("b", START + 20 * DAY)) == [(A, ""), (B, A)]
    again = joins(wanted, saw("a", START), saw("a", START + 20 * DAY, "later"))
    assert again == [(A, ""), ("play/a/2/task/1", A)], "the same play anew is a further reason"


@pytest.mark.parametrize("kind", ["call_attempt", "meeting_booked", "sales_accepted", "sales_qualified"])
def test_after_an_answer_of_sales_a_further_task_is_one_of_its_own(kind: str) -> None:
    wanted = book(play("a"), play("b"))
    answer = did(kind, START + HOUR, outcome="connected")
    assert joins(wanted, saw("a", START), answer, saw("b", START + 2 * HOUR)) == [(A, ""), (B, "")]


@pytest.mark.parametrize("outcome", ["no_answer", "voicemail", None])
def test_an_attempt_closes_the_task_in_which_it_is_told_and_none_where_it_is_a_call_of_its_own(
    outcome: str | None,
) -> None:
    wanted = book(play("a"), play("b"), play("c"))
    tried = [did("call_attempt", START + at * HOUR, f"t{at}", outcome=outcome) for at in (2, 3)]
    seen = [saw("a", START), saw("b", START + HOUR), *tried, saw("c", START + 4 * HOUR)]
    assert joins(wanted, *seen) == [(A, ""), (B, A), (C, A)]
    within = did("call_attempt", START + 2 * HOUR, outcome=outcome, task=A)
    assert joins(wanted, *seen[:2], within, seen[-1]) == [(A, ""), (B, A), (C, "")]
    found = fold(wanted, BORN, *seen[:2], within).state
    assert {name: opening.open for name, opening in found.plays.items()} == {"a": False, "b": False}
    other = did("call_attempt", START + 2 * HOUR, outcome=outcome, task="clock/accept/1/escalation")
    assert joins(wanted, *seen[:2], other, seen[-1]) == [(A, ""), (B, A), (C, A)], "the manager tried"


def test_after_its_task_was_closed_without_a_word_a_further_one_is_one_of_its_own() -> None:
    wanted = book(play("a"), play("b"))
    shut = did(CLOSED, START + HOUR, task=A)
    other = did(CLOSED, START + HOUR, task="play/b/7/task/1")
    assert joins(wanted, saw("a", START), shut, saw("b", START + 2 * HOUR)) == [(A, ""), (B, "")]
    assert joins(wanted, saw("a", START), other, saw("b", START + 2 * HOUR)) == [(A, ""), (B, A)]


def test_closing_the_open_task_closes_what_had_joined_it() -> None:
    wanted = book(play("a"), play("b", step(hours=240)))
    shut = did(CLOSED, START + 2 * HOUR, task=A)
    found = fold(wanted, BORN, saw("a", START), saw("b", START + HOUR), shut)
    assert {name: opening.open for name, opening in found.state.plays.items()} == {"a": False, "b": False}
    again = joins(wanted, saw("a", START), saw("b", START + HOUR), shut, saw("b", START + 8 * DAY, "b2"))
    assert again[2:] == [("play/b/2/task/1", "")], "b may be played again"


@pytest.mark.parametrize("kind", ["opportunity_won", "unsubscribe"])
def test_whoever_sales_has_no_longer_has_no_open_conversation(kind: str) -> None:
    wanted = book(play("a"))
    assert len(fold(wanted, BORN, saw("a", START)).state.conversations) == 1
    assert fold(wanted, BORN, saw("a", START), did(kind, START + HOUR)).state.conversations == []


def test_the_steps_of_one_play_are_tasks_of_their_own_and_each_joins_what_was_open_before() -> None:
    two = play("b", step("call", 24), step("email", 72), TaskStep(channel="task", subject="note"))
    assert joins(book(two), saw("b", START)) == [(B, ""), ("play/b/1/task/2", "")]
    both = joins(book(play("a"), two), saw("a", START), saw("b", START + HOUR))
    assert both == [(A, ""), (B, A), ("play/b/1/task/2", A)]
    later = joins(book(two, play("c")), saw("b", START), did(CLOSED, START + 1, task=B), saw("c", START + HOUR))
    assert later[2:] == [(C, "play/b/1/task/2")], "the call is closed, the e-mail is open still"


@pytest.mark.parametrize("channel", ["task", "review"])
def test_tasks_by_other_channels_stand_alone_and_nothing_joins_them(channel: str) -> None:
    wanted = book(play("a", step(channel)), play("b"), play("c", step(channel)))
    seen = [saw(page, START + at) for at, page in enumerate("abc")]
    assert joins(wanted, *seen) == [(A, ""), (B, ""), (C, "")]


def test_a_separate_play_joins_nothing_and_nothing_joins_it() -> None:
    seen = [saw(page, START + at) for at, page in enumerate("abc")]
    assert joins(book(play("a"), play("b", separate=True), play("c")), *seen) == [(A, ""), (B, ""), (C, A)]
    assert joins(book(play("a", separate=True), play("b"), play("c")), *seen) == [(A, ""), (B, ""), (C, B)]


@pytest.mark.parametrize(
    ("first", "then", "known", "same"),
    [
        ("owner", "owner", {}, True),
        ("owner", "pool", {}, True),
        ("owner", "pool", {"owner": "ann"}, False),
        ("owner", "account_owner", {"owner": "ann"}, True),
        ("owner", "worked_by", {"owner": "ann"}, True),
        ("worked_by", "worked_by", {}, True),
        ("worked_by", "owner", {"owner": "ann"}, False),
        ("manager", "owner", {"owner": "ann"}, False),
        ("manager", "worked_by", {"owner": "ann"}, False),
        ("manager", "manager", {"owner": "ann"}, True),
    ],
)
def test_only_what_the_same_person_is_to_do_is_one_task(first: Any, then: Any, known: Any, same: Any) -> None:
    wanted = book(play("a", step(assignee=first)), play("b", step(assignee=then)))
    found = joins(wanted, told(START, source="quiet", **known), saw("a", START), saw("b", START + 1))
    assert found == [(A, ""), (B, A if same else "")]


def test_owners_are_compared_by_name() -> None:
    wanted = book(play("a"), play("b", step(assignee="account_owner")))
    mine = told(START, source="quiet", account="acme", owner="ann")
    for owner, joined in (("ann", A), ("bob", "")):
        assert joins(wanted, firm(owner=owner), mine, saw("a", START), saw("b", START + 1))[1:] == [(B, joined)]


def test_a_new_owner_gets_a_task_of_their_own_and_who_came_by_the_pool_keeps_theirs() -> None:
    wanted = book(play("a"), play("b"), play("c"))
    ann = told(START, source="quiet", owner="ann")
    bob = told(START + HOUR, owner="bob")
    after = [saw("b", START + 2 * HOUR), saw("c", START + 3 * HOUR)]
    assert joins(wanted, ann, saw("a", START + 1), bob, *after) == [(A, ""), (B, ""), (C, B)]
    assert joins(wanted, saw("a", START + 1), bob, *after) == [(A, ""), (B, A), (C, A)], "the pool's is the owner's now"


def test_an_escalation_joins_only_a_task_of_the_very_person_it_is_for() -> None:
    asked = did("demo_request", START + HOUR)
    for escalate, joined in (("owner", "play/handoff/1/task/1"), ("manager", "")):
        wanted = playbook(clocks=(replace(CLOCK, escalate_to=escalate),), first_moves=())
        found = fold(wanted, told(START, source="quiet", owner="ann"), asked, until=START + 3 * DAY)
        (late,) = of(Escalated, found)
        assert late.joins.removeprefix("ana/") == joined


def test_a_demo_request_whose_handoff_is_forgotten_makes_a_task_of_its_own() -> None:
    wanted = playbook(first_moves=())
    asks = [did("demo_request", START + days * DAY, f"d{days}") for days in (0, 20)]
    tasks = of(TaskWanted, fold(wanted, BORN, *asks))
    assert [each.joins for each in tasks] == ["", ""]


def test_what_joins_says_so_and_keeps_its_own_due_time_and_words() -> None:
    wanted = book(play("a"), play("b", step(hours=2, priority="high")), play("c", step(hours=240)))
    seen = [saw(page, START + at * HOUR) for at, page in enumerate("abc")]
    first, second, third = of(TaskWanted, fold(wanted, BORN, *seen))
    assert second.because[1:] == ("joins the call of 5 January 2026: rewritten, due earlier",)
    assert third.because[1:] == ("joins the call of 5 January 2026: rewritten",)
    assert (second.due_at, second.priority, third.due_at) == (START + 3 * HOUR, "high", START + 242 * HOUR)
    assert len(first.because) == 1


def test_what_arrives_late_joins_as_if_it_had_come_in_time() -> None:
    wanted = book(play("a", TouchStep(content="x"), step()), play("b"))
    events = [BORN, saw("b", START + HOUR), saw("a", START), did(CLOSED, START + 2 * HOUR, task=A)]
    assert fold(wanted, *events) == fold(wanted, *reversed(events))


def test_a_handoff_joins_the_call_that_is_open() -> None:
    wanted = book(play("a"), gate=Gate(condition=being("band", "hot")))
    known = [firm(employees=100, name="Acme"), told(source="quiet", seniority="director", account="acme")]
    assert joins(wanted, *known, saw("a", START + 1), *hot())[1:] == [("play/handoff/1/task/1", A)]


def test_a_replay_names_the_task_that_an_effect_joins_and_says_nothing_of_others() -> None:
    seen = [saw(page, START + at) for at, page in enumerate("ab")]
    lines = [json.loads(effect_line(each)) for each in of(TaskWanted, fold(book(play("a"), play("b")), BORN, *seen))]
    assert [each.get("joins") for each in lines] == [None, f"ana/{A}"]
