"""A rejection without a reason: one gentle follow-up, whose answer completes it; and what is said of it next time."""

from core_builders import START, did, fold, of, playbook, told
from core_stages import LATER, MQL

from integration.core.model.effects import AlertRaised, TaskWanted, TrackChanged
from integration.core.model.events import Event, LeadChanged
from integration.core.rules.playbook_rules import Recycle
from integration.core.run.decide import Decision
from integration.core.run.pointless import pointless_tasks
from mappings.values.instant import DAY, HOUR

BOOK = playbook(recycle=(Recycle(track="renurture", reasons=("timing",), hold=30 * DAY), Recycle(track="newsletter")))


def folded(*events: Event, hours: int = 2) -> Decision:
    """A lead that was handed over, and what came of it; some hours later."""
    return fold(BOOK, *MQL, *events, until=max(event.at for event in events) + hours * HOUR)


def follow_ups(decision: Decision) -> list[TaskWanted]:
    return [task for task in of(TaskWanted, decision) if task.assignee == "worked_by"]


def test_a_rejection_without_a_reason_asks_whoever_had_the_lead_once() -> None:
    decision = folded(did("sales_rejected", LATER), did("sales_rejected", LATER + HOUR))
    (task,) = follow_ups(decision)
    assert "given back without a reason" in task.body
    assert decision.state.stage == "mql", "a reason is required"
    assert [alert.alert for alert in of(AlertRaised, decision)][-1] == "rejection_without_reason"


def test_nobody_is_asked_where_the_reason_follows_soon() -> None:
    for late in (did("sales_rejected", LATER + HOUR - 1, reason="timing"), told(LATER + 1, rejection_reason="timing")):
        decision = folded(told(LATER, stage="recycled"), late)
        assert follow_ups(decision) == []
        assert of(AlertRaised, decision) == []
        assert decision.state.recycle_reason == "timing"


def test_an_attempt_that_is_told_by_a_task_and_by_the_status_counts_once() -> None:
    task, status = did("call_attempt", LATER, outcome="no_answer"), told(LATER + 1, sales_answer="no_answer")
    assert folded(task, status).state.attempts == 1
    later = told(LATER + DAY, sales_answer="voicemail")
    assert folded(task, status, later).state.attempts == 2
    again = did("call_attempt", LATER + 2, "again", outcome="no_answer")
    assert folded(task, again).state.attempts == 2, "two tasks are two attempts"


def test_the_answer_completes_the_rejection_and_nobody_is_asked_again() -> None:
    decision = folded(did("sales_rejected", LATER), did("sales_rejected", LATER + HOUR, reason="timing"))
    assert (decision.state.stage, decision.state.recycle_reason) == ("recycled", "timing")
    assert len(follow_ups(decision)) == 1
    assert len(pointless_tasks(BOOK, decision.state)) == 1
    assert of(TrackChanged, decision)[-1].after == "renurture"


def test_a_stage_that_a_person_gives_back_without_a_reason_counts_and_the_reason_comes_later() -> None:
    asked = folded(told(LATER, stage="recycled"))
    assert (asked.state.stage, len(follow_ups(asked))) == ("recycled", 1)
    assert of(TrackChanged, asked)[-1].after == "newsletter"
    answered = folded(told(LATER, stage="recycled"), did("sales_rejected", LATER + DAY, reason="timing"))
    assert (answered.state.recycle_reason, answered.state.hold) == ("timing", LATER + 30 * DAY)
    assert of(TrackChanged, answered)[-1].after == "renurture"
    assert len(follow_ups(answered)) == 1
    by_field = folded(told(LATER, stage="recycled"), told(LATER + 1, rejection_reason="timing"))
    assert by_field.state.recycle_reason == "timing"


def test_a_reason_that_stands_in_the_record_is_the_reason_of_its_stage() -> None:
    decision = folded(told(LATER, stage="recycled", rejection_reason="timing"))
    assert (decision.state.recycle_reason, follow_ups(decision)) == ("timing", [])


def test_somebody_whom_sales_never_had_and_the_excluded_are_asked_about_by_nobody() -> None:
    assert follow_ups(fold(BOOK, told(source="quiet"), told(LATER, stage="recycled"))) == []
    assert follow_ups(folded(told(LATER, is_student=True), did("sales_rejected", LATER + HOUR))) == []


def test_given_back_without_a_reason_once_more_after_the_next_handover_is_asked_about_anew() -> None:
    decision = folded(
        did("sales_rejected", LATER),
        did("sales_rejected", LATER + HOUR, reason="timing"),
        told(LATER + DAY, stage="mql"),
        did("sales_rejected", LATER + 2 * DAY),
    )
    assert [task.key for task in follow_ups(decision)] == ["ana/rejection/1/task", "ana/rejection/2/task"]


def test_the_next_handover_tells_what_was_said_last_time() -> None:
    said = did("sales_rejected", LATER, reason="timing", by="Nadia Lind", note="call again in May {x}")
    decision = folded(said, told(LATER + DAY, stage="mql"))
    body = of(TaskWanted, decision)[-1].body
    assert "Before: given back on 6 January 2026 by Nadia Lind: timing, “call again in May {x}”" in body.splitlines()
    reached = folded(told(LATER + DAY, stage="mql"))
    assert "given back" not in of(TaskWanted, reached)[-1].body


def test_the_status_of_a_record_says_what_a_task_would() -> None:
    assert folded(told(LATER, sales_answer="connected")).state.stage == "sal"
    assert folded(told(LATER, sales_answer="no_answer")).state.attempts == 1
    assert folded(told(LATER, sales_answer="qualified")).state.stage == "sql"
    rejected = folded(told(LATER, sales_answer="rejected", rejection_reason="budget"))
    assert (rejected.state.stage, rejected.state.recycle_reason) == ("recycled", "budget")
    assert len(follow_ups(folded(told(LATER, sales_answer="rejected")))) == 1
    stopped = folded(told(START + HOUR, sales_answer="accepted")).state.clocks
    assert all(run.stopped is not None for run in stopped.values())


def test_what_a_record_said_when_it_was_first_read_is_no_answer() -> None:
    first = LeadChanged(id="record", at=LATER, fields={"sales_answer": "connected"}, initial=True)
    assert folded(first).state.stage == "mql"
