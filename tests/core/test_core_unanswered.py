"""A handoff that sales closed without an answer: the lead goes back, the manager reviews it, a later answer counts."""

from dataclasses import replace

import pytest
from core_builders import CLOCK, START, did, fold, of, on, playbook, told
from core_stages import MQL

from integration.core.model.effects import Escalated, StageChanged, TaskWanted, TrackChanged
from integration.core.model.events import Event
from integration.core.rules.automation_rules import Due, Unreached
from integration.core.rules.playbook_rules import Recycle
from integration.core.run.decide import Decision
from mappings.model.canonical import Activity
from mappings.values.instant import DAY, HOUR, Instant

ESCALATED = replace(CLOCK, escalate_to="manager")
ACCEPT = replace(
    ESCALATED, name="accept", within=Due(span=72 * HOUR), stops=on("sales_accepted", "sales_rejected", "meeting_booked")
)
RECYCLE = (Recycle(track="renurture", reasons=("timing",), hold=30 * DAY), Recycle(track="newsletter"))
BOOK = playbook(recycle=RECYCLE, clocks=(ESCALATED,))
CALL, ESCALATION, REVIEW = "play/handoff/1/task/1", "clock/first_contact/1/escalation", "ana/unanswered/1/task"
HANDED = START + HOUR + 1


def closed(task: str, at: Instant) -> Activity:
    return did("task_closed", at, f"{task}@{at}", task=task)


def lived(*events: Event, book: object = BOOK, days: int = 30) -> Decision:
    return fold(book, *MQL, *events, until=START + days * DAY)  # type: ignore[arg-type]


def stages(decision: Decision) -> list[tuple[str, float]]:
    """The stages after the first, and after how many days each came."""
    return [(each.after, round((each.at - HANDED) / DAY, 1)) for each in of(StageChanged, decision)]


def reviews(decision: Decision) -> list[str]:
    return [each.key for each in of(TaskWanted, decision) if each.channel == "review"]


ALL_CLOSED = (closed(CALL, HANDED + HOUR), closed(ESCALATION, HANDED + 25 * HOUR))


def test_who_was_handed_over_and_every_task_closed_without_a_word_goes_back_after_two_working_days() -> None:
    found = lived(*ALL_CLOSED)
    assert stages(found) == [("mql", 0.0), ("recycled", 3.0)]
    assert found.state.recycle_reason is None
    assert of(TrackChanged, found)[-1].after == "newsletter", "the line of the playbook for every other return"
    assert reviews(found) == [REVIEW]
    (task,) = [each for each in of(TaskWanted, found) if each.channel == "review"]
    assert (task.assignee, "said nothing" in task.body) == ("manager", True)


@pytest.mark.parametrize("still_open", [0, 1])
def test_as_long_as_one_of_them_is_open_the_lead_stays(still_open: int) -> None:
    assert stages(lived(*[each for place, each in enumerate(ALL_CLOSED) if place != still_open])) == [("mql", 0.0)]


def test_as_long_as_a_clock_runs_the_lead_stays_and_each_escalation_has_to_be_closed() -> None:
    book = playbook(recycle=RECYCLE, clocks=(ESCALATED, ACCEPT))
    assert stages(lived(*ALL_CLOSED, book=book, days=3)) == [("mql", 0.0)]
    assert len(of(Escalated, lived(*ALL_CLOSED, book=book))) == 2
    assert stages(lived(*ALL_CLOSED, book=book)) == [("mql", 0.0)]
    last = closed("clock/accept/1/escalation", HANDED + 75 * HOUR)
    assert stages(lived(*ALL_CLOSED, last, book=book))[-1][0] == "recycled"


def test_a_clock_that_escalates_to_nobody_is_waited_for_and_no_longer() -> None:
    book = playbook(recycle=RECYCLE, clocks=(replace(ACCEPT, escalate_to=None),))
    found = lived(closed(CALL, HANDED + HOUR), book=book)
    assert stages(found) == [("mql", 0.0), ("recycled", 3.0)]


def test_an_escalation_that_joined_the_call_is_over_with_the_call() -> None:
    book = playbook(recycle=RECYCLE, clocks=(replace(CLOCK, escalate_to="owner"),))
    found = lived(told(HANDED, owner="nadia"), closed(CALL, HANDED + 30 * HOUR), book=book)
    assert [each.joins for each in of(Escalated, found)] == [f"ana/{CALL}"]
    assert stages(found)[-1][0] == "recycled"


def test_any_answer_before_keeps_the_lead() -> None:
    for answer in (did("call_attempt", HANDED + 26 * HOUR, outcome="connected"), did("sales_accepted", HANDED + DAY)):
        assert stages(lived(*ALL_CLOSED, answer))[-1][0] == "sal"
    asked = did("demo_request", HANDED + 26 * HOUR)
    assert stages(lived(*ALL_CLOSED, asked)) == [("mql", 0.0)], "a new handoff is open"
    assert stages(lived(*ALL_CLOSED, asked, closed("play/handoff/2/task/1", HANDED + 4 * DAY)))[-1][0] == "recycled"


def test_who_is_being_called_has_the_time_for_the_attempts() -> None:
    book = playbook(recycle=RECYCLE, clocks=(ESCALATED, ACCEPT), unreached=Unreached(attempts=5, over=10 * DAY))
    tried = did("call_attempt", HANDED + 2 * HOUR, outcome="no_answer", task=CALL)
    last = closed("clock/accept/1/escalation", HANDED + 75 * HOUR)
    assert stages(lived(tried, last, book=book)) == [("mql", 0.0), ("recycled", 10.1)]
    elsewhere = did("call_attempt", HANDED + 2 * HOUR, outcome="no_answer")
    assert stages(lived(elsewhere, last, book=book)) == [("mql", 0.0)], "the task is open"


def test_a_task_that_somebody_else_was_given_is_open_until_they_close_it() -> None:
    taken = did("task_given", HANDED + 26 * HOUR, "given", task=f"{CALL}/again", to="bo@sales.example", hours="")
    assert stages(lived(*ALL_CLOSED, taken)) == [("mql", 0.0)]
    found = lived(*ALL_CLOSED, taken, closed(CALL, HANDED + 2 * DAY))
    assert stages(found) == [("mql", 0.0), ("recycled", 4.0)]
    assert reviews(found) == [REVIEW]
    assert stages(lived(*ALL_CLOSED, taken, did("sales_accepted", HANDED + 9 * DAY)))[-1][0] == "sal"


def test_who_was_given_back_without_a_reason_goes_back_when_whoever_was_asked_has_not_said_it_in_time() -> None:
    said_nothing = did("sales_rejected", HANDED + HOUR)
    for answers in ((said_nothing,), (said_nothing, did("sales_rejected", HANDED + 5 * HOUR))):
        found = lived(*answers)
        assert stages(found) == [("mql", 0.0), ("recycled", 1.0)]
        assert found.state.recycle_reason is None
        assert reviews(found) == [REVIEW]


@pytest.mark.parametrize("events", [ALL_CLOSED, (did("sales_rejected", HANDED + HOUR),)])
def test_the_reason_that_comes_later_counts_and_so_does_an_acceptance(events: tuple[Event, ...]) -> None:
    reason = lived(*events, did("sales_rejected", HANDED + 9 * DAY, reason="timing"))
    assert (reason.state.stage, reason.state.recycle_reason) == ("recycled", "timing")
    assert of(TrackChanged, reason)[-1].after == "renurture"
    assert lived(*events, did("sales_accepted", HANDED + 9 * DAY)).state.stage == "sal"
    assert lived(*events, did("sales_qualified", HANDED + 9 * DAY)).state.stage == "sql"


def test_who_came_back_with_a_reason_is_taken_by_no_late_acceptance() -> None:
    back = did("sales_rejected", HANDED + HOUR, reason="timing")
    assert lived(back, did("sales_accepted", HANDED + DAY)).state.stage == "recycled"


def test_the_next_handover_tells_of_it_and_has_a_review_of_its_own() -> None:
    again = HANDED + 10 * DAY
    tasks = (closed("play/handoff/2/task/1", again + HOUR), closed("clock/first_contact/2/escalation", again + DAY + 1))
    found = lived(*ALL_CLOSED, did("demo_request", again), *tasks)
    bodies = [each.body for each in of(TaskWanted, found) if each.play == "handoff"]
    assert "Before: given back on" in bodies[1]
    assert reviews(found) == [REVIEW, "ana/unanswered/2/task"]
    assert found.state.stage == "recycled"


def test_a_lead_that_sales_has_accepted_is_its_own_whatever_it_closes() -> None:
    accepted = did("sales_accepted", HANDED + HOUR)
    assert lived(accepted, closed(CALL, HANDED + 2 * HOUR)).state.stage == "sal"


def test_the_order_in_which_it_is_told_changes_nothing() -> None:
    events = [*MQL, *ALL_CLOSED, did("sales_accepted", HANDED + 9 * DAY)]
    assert fold(BOOK, *events).state == fold(BOOK, *reversed(events)).state
