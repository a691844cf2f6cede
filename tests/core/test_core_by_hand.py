"""What a person decides about a lead in Coldframe: a hold, its end, a handover, a suppression."""

import pytest
from core_builders import (
    CLOCK,
    HANDOFF,
    QUIET,
    START,
    at_least,
    book,
    did,
    drip,
    firm,
    fitting,
    fold,
    hot,
    of,
    on,
    playbook,
    route,
    saw,
    told,
    touches,
)

from integration.core.compiled.context import Context
from integration.core.funnel import by_hand
from integration.core.handoff.sla_clocks import second_breach
from integration.core.model.effects import AlertRaised, Escalated, StageChanged, TaskWanted
from integration.core.model.events import Event
from integration.core.rules.automation_rules import Play, TaskStep, Trigger
from integration.core.rules.patterns import Part, Pattern
from integration.core.run.decide import Decision
from mappings.model.canonical import Activity
from mappings.values.instant import DAY, HOUR, Instant, show

BOOK = playbook(clocks=(CLOCK,))
MONDAY = START + 7 * DAY


def hold(at: Instant, until: Instant = MONDAY, name: str = "h") -> Activity:
    return did(by_hand.HOLD, at, name, until=show(until), by="bo@us.example", reason="waits for the tender")


def hand_over(at: Instant, reason: str = "met at the fair") -> Activity:
    return did(by_hand.HAND_OVER, at, f"over@{at}", by="bo@us.example", reason=reason)


def suppress(at: Instant) -> Activity:
    return did(by_hand.SUPPRESS, at, "s", by="bo@us.example", reason="a supplier of ours")


def stages(decision: Decision) -> list[tuple[float, str]]:
    return [(round((each.at - START) / DAY, 2), each.after) for each in of(StageChanged, decision)]


def tasks(decision: Decision) -> list[tuple[float, str]]:
    return [(round((each.at - START) / DAY, 2), each.play) for each in of(TaskWanted, decision)]


def seen(decision: Decision, at: Instant) -> Context:
    context = Context(BOOK, decision.state)
    context.now = at
    return context


def test_a_lead_on_hold_is_scored_and_handed_over_when_the_hold_ends_by_itself() -> None:
    known = [*fitting(), hold(START + 1), *hot()]
    during = fold(BOOK, *known, until=MONDAY - 1)
    assert during.state.score.value == 30_000
    assert (stages(during), tasks(during)) == ([], [])
    assert during.state.due is not None
    assert during.state.due <= MONDAY
    after = fold(BOOK, *known, until=MONDAY)
    assert (stages(after), tasks(after)) == ([(7, "mql")], [(7, "handoff")])
    assert after.state.deferral is None


def test_whoever_does_not_pass_the_gate_any_more_when_the_hold_ends_is_not_handed_over() -> None:
    long = fold(BOOK, *fitting(), hold(START + 1, START + 40 * DAY), *hot(), until=START + 41 * DAY)
    assert stages(long) == []


def test_a_demo_request_is_not_lost_while_a_lead_is_on_hold() -> None:
    asked = fold(BOOK, told(**QUIET), hold(START + 1), did("demo_request", START + DAY), until=MONDAY)
    assert (stages(asked), tasks(asked)) == ([(7, "mql")], [(7, "handoff")])
    student = told(**QUIET, is_student=True)
    assert stages(fold(BOOK, student, hold(START + 1), did("demo_request", START + DAY), until=MONDAY)) == []


def test_a_hold_ends_when_a_person_says_so_and_a_later_hold_takes_its_place() -> None:
    ended = fold(BOOK, *fitting(), hold(START + 1), *hot(), did(by_hand.END_HOLD, START + DAY, by="bo", reason="won"))
    assert stages(ended) == [(1, "mql")]
    later = hold(START + 2 * DAY, START + 9 * DAY, "later")
    longer = fold(BOOK, told(**QUIET), hold(START + 1), did("demo_request", START + DAY), later, until=START + 9 * DAY)
    assert stages(longer) == [(9, "mql")]
    shorter = hold(START + 2 * DAY, START + 3 * DAY, "shorter")
    assert stages(fold(BOOK, *fitting(), hold(START + 1), *hot(), shorter, until=MONDAY)) == [(3, "mql")]


@pytest.mark.parametrize("until", ["", "soon", "2026-13-01T00:00:00Z", show(START)])
def test_a_hold_without_a_time_ahead_holds_nothing(until: str) -> None:
    none = did(by_hand.HOLD, START + 1, "h", until=until)
    assert stages(fold(BOOK, *fitting(), none, *hot())) == [(0.04, "mql")]


def test_touches_wait_for_the_end_of_the_hold_and_go_on_then() -> None:
    there = book(drip(1, 3, 10), first="drip")
    assert touches(fold(there, told(source="other"), hold(START + 1), until=START + 6 * DAY)) == []
    later = fold(there, told(source="other"), hold(START + 1), until=START + 11 * DAY)
    assert [round(at, 1) for at, _ in touches(later)] == [7, 7, 10]
    assert route(later)[0] == (None, "drip"), "tracks are not held"


def test_no_play_begins_while_a_lead_is_on_hold_and_a_condition_is_looked_at_again() -> None:
    call = Play(name="call", steps=(TaskStep(channel="call", subject="Call {name}"),))
    priced = Pattern(parts=(Part(signal=on("page_view", page="pricing")),))
    by_deed = Trigger(name="priced", play="call", pattern=priced)
    by_state = Trigger(name="fits", play="call", condition=at_least("fit", 40_000))
    for trigger, expected in ((by_deed, []), (by_state, [(7, "call")])):
        there = playbook(plays=(HANDOFF, call), triggers=(trigger,))
        held = fold(
            there,
            told(**QUIET),
            hold(START + 1),
            firm(START + DAY, employees=100),
            *fitting(START + 2 * DAY),
            saw("pricing", START + 3 * DAY),
            until=MONDAY,
        )
        assert tasks(held) == expected, trigger.name


def test_what_was_promised_is_promised_anew_when_the_hold_ends() -> None:
    """A breach of before stays one; nobody is reminded or escalated to meanwhile."""
    handed = [*fitting(), *hot()]
    held = fold(BOOK, *handed, hold(START + 2 * HOUR), until=MONDAY + 20 * HOUR)
    assert of(Escalated, held) == []
    assert of(AlertRaised, held) == []
    (run,) = held.state.clocks.values()
    assert (run.started, run.due) == (MONDAY, MONDAY + DAY)
    late = fold(BOOK, *handed, hold(START + 2 * HOUR), until=MONDAY + 2 * DAY)
    assert [each.at for each in of(AlertRaised, late)] == [MONDAY + DAY]
    broken = fold(BOOK, *handed, hold(START + 3 * DAY), until=MONDAY + 3 * DAY)
    assert [each.at for each in of(AlertRaised, broken)] == [START + HOUR + 1 + DAY]
    waits = fold(BOOK, *handed, hold(START + 3 * DAY), until=START + 4 * DAY).state
    assert second_breach(BOOK, waits, MONDAY - 1) is None, "nobody else is given the task meanwhile"
    assert second_breach(BOOK, waits, MONDAY) is not None


def test_what_sales_does_with_a_lead_on_hold_counts() -> None:
    answered = fold(BOOK, *fitting(), *hot(), hold(START + 2 * HOUR), did("sales_accepted", START + DAY))
    assert answered.state.stage == "sal"
    chosen = told(START + DAY, stage="mql")
    waits = fold(BOOK, *fitting(), hold(START + 1), chosen, until=MONDAY - 1)
    assert (waits.state.stage, tasks(waits)) == ("mql", [])
    assert tasks(fold(BOOK, *fitting(), hold(START + 1), chosen, until=MONDAY)) == [(7, "handoff")]


def test_a_person_hands_a_lead_over_as_if_it_had_passed_the_gate_and_the_task_says_why() -> None:
    over = fold(BOOK, *fitting(), hand_over(START + HOUR))
    assert stages(over) == [(0.04, "mql")]
    (task,) = of(TaskWanted, over)
    assert "Handed over by bo@us.example: met at the fair" in task.body
    assert task.because[0] == "handed over by bo@us.example: met at the fair"
    assert over.state.clocks["first_contact"].stopped is None


def test_a_handover_by_hand_ends_a_hold_and_needs_no_field_and_no_new_activity() -> None:
    held = fold(BOOK, *fitting(), hold(START + 1), hand_over(START + HOUR))
    assert (tasks(held), held.state.deferral) == ([(0.04, "handoff")], None)
    back = did("sales_rejected", START + DAY, reason="timing")
    again = fold(BOOK, *fitting(), *hot(), back, hand_over(START + 2 * DAY))
    assert [stage for _, stage in stages(again)] == ["mql", "recycled", "mql"]
    assert "given back on" in of(TaskWanted, again)[1].body


def test_an_mql_whose_task_was_closed_is_handed_over_again() -> None:
    closed = did("task_closed", START + DAY, "c", task="play/handoff/1/task/1")
    again = fold(BOOK, *fitting(), *hot(), closed, hand_over(START + DAY + HOUR))
    assert [play for _, play in tasks(again)] == ["handoff", "handoff"]


@pytest.mark.parametrize(
    ("known", "why"),
    [
        ([*fitting(), *hot()], "has an open call in sales already"),
        ([told(**QUIET), did("unsubscribe", START + HOUR)], "is suppressed: nobody is to contact them"),
        ([told(**QUIET, is_student=True)], "is excluded by the playbook: such people are never handed to sales"),
        ([*fitting(), did("opportunity_created", START + HOUR)], "is in the hands of sales already"),
        (fitting(), ""),
    ],
)
def test_nobody_is_handed_over_by_hand_whom_sales_has_or_must_not_have(known: list[Event], why: str) -> None:
    before = fold(BOOK, *known, until=START + DAY)
    assert by_hand.obstacle(seen(before, START + DAY)) == why
    after = fold(BOOK, *known, hand_over(START + DAY))
    assert (len(tasks(after)) > len(tasks(before))) is (not why)


def test_who_is_suppressed_by_hand_stays_so_until_they_resubscribe() -> None:
    known = [*fitting(), suppress(START + HOUR)]
    silent = fold(BOOK, *known, *hot(START + 2 * HOUR), hand_over(START + DAY), until=START + 40 * DAY)
    assert (silent.state.stage, tasks(silent)) == ("suppressed", [])
    assert [each.because for each in of(StageChanged, silent)] == [("suppressed by bo@us.example: a supplier of ours",)]
    chosen = told(START + 2 * DAY, stage="sal")
    assert fold(BOOK, *known, chosen).state.stage == "suppressed", "a stage in the CRM does not lift it"
    assert fold(BOOK, *known, told(START + 2 * DAY, opted_out=False)).state.stage == "suppressed"
    assert fold(BOOK, *known, chosen, did("resubscribe", START + 3 * DAY)).state.stage == "sal"
    assert fold(BOOK, *known, did("resubscribe", START + 3 * DAY)).state.stage == "inquiry"


def test_a_hold_that_ran_out_while_a_lead_was_suppressed_opens_no_gate() -> None:
    asked = [told(**QUIET), hold(START + 1), did("demo_request", START + HOUR), did("unsubscribe", START + DAY)]
    back = fold(BOOK, *asked, did("resubscribe", MONDAY + DAY), until=MONDAY + 2 * DAY)
    assert (back.state.stage, back.state.deferral) == ("inquiry", None)
    assert tasks(back) == []
