"""Stages: the gate, what sales and people in the CRM say, the way back and suppression."""

from typing import Any

import pytest
from core_builders import (
    CLOCK,
    HOT,
    START,
    being,
    did,
    fitting,
    fold,
    hot,
    of,
    playbook,
    saw,
    told,
)
from core_stages import BOOK, LATER, MQL, path, stage

from integration.core.model.effects import (
    AlertRaised,
    Escalated,
    StageChanged,
    TaskWanted,
    TouchDue,
    TrackChanged,
)
from integration.core.rules.automation_rules import Unreached
from integration.core.rules.playbook_rules import Gate, Recycle
from integration.core.run.standing import standing
from mappings.model.canonical import Activity
from mappings.values.instant import DAY, HOUR, MINUTE, Instant, Span


def test_the_gate_makes_an_inquiry_an_mql_once_with_one_handoff() -> None:
    decision = fold(BOOK, *MQL, saw("pricing", START + 2 * HOUR), until=START + 20 * DAY)
    assert path(decision) == ["mql"]
    [task] = of(TaskWanted, decision)
    assert (task.play, task.step, task.channel, task.due_at) == ("handoff", 1, "call", START + HOUR + 1 + 24 * HOUR)
    assert task.key == "ana/play/handoff/1/task/1"


def test_behaviour_alone_is_never_enough() -> None:
    many = [saw("pricing", START + hour * HOUR) for hour in range(20)]
    assert stage(told(source="quiet"), *many) == "inquiry"


def test_a_demo_request_passes_the_gate_whatever_the_score() -> None:
    assert stage(told(source="quiet"), did("demo_request", START + 1)) == "mql"


def test_excluded_people_never_pass_even_asking_for_a_demo() -> None:
    student = told(source="quiet", is_student=True)
    decision = fold(BOOK, student, did("demo_request", START + 1), until=LATER)
    assert path(decision) == []
    assert of(TaskWanted, decision) == []
    assert standing(BOOK, decision.state, LATER).excluded


def test_of_excluded_people_whom_a_person_makes_an_mql_sales_is_told_nothing() -> None:
    book = playbook(clocks=(CLOCK,))
    decision = fold(book, told(source="quiet", is_student=True), told(LATER, stage="mql"), until=LATER + 9 * DAY)
    assert path(decision) == ["mql"]
    assert [*of(TaskWanted, decision), *of(Escalated, decision), *of(AlertRaised, decision)] == []


def test_the_barred_are_held_back_even_asking_for_a_demo() -> None:
    book = playbook(gate=Gate(condition=HOT, barred=being("segment", "C")))
    assert stage(did("demo_request", START), book=book) == "mql"
    keen = [saw("pricing", START), saw("pricing", START + 1)]
    assert stage(*keen, did("demo_request", START + 2), book=book) == "inquiry"


def test_fields_alone_may_open_the_gate_for_an_inquiry() -> None:
    keen = [saw("pricing", START), saw("pricing", START + 1)]
    assert stage(told(source="quiet"), *keen, *fitting(START + HOUR)) == "mql"


@pytest.mark.parametrize(
    ("deed", "properties", "after"),
    [
        ("sales_accepted", {}, "sal"),
        ("meeting_booked", {}, "sal"),
        ("call_attempt", {"outcome": "connected"}, "sal"),
        ("call_attempt", {"outcome": "voicemail"}, "mql"),
        ("sales_qualified", {}, "sql"),
        ("opportunity_created", {}, "sql"),
        ("sales_rejected", {"reason": "timing"}, "recycled"),
        ("opportunity_lost", {"reason": "budget"}, "recycled"),
        ("opportunity_won", {}, "customer"),
        ("unsubscribe", {}, "suppressed"),
        ("decline", {}, "suppressed"),
        ("spam_complaint", {}, "suppressed"),
    ],
)
def test_what_follows_an_mql(deed: Any, properties: dict[str, Any], after: str) -> None:
    assert stage(*MQL, did(deed, LATER, **properties)) == after


def test_the_way_to_a_customer() -> None:
    deeds = ("sales_accepted", "sales_qualified", "opportunity_created", "opportunity_won")
    events = [did(deed, LATER + hour * HOUR) for hour, deed in enumerate(deeds)]
    assert path(fold(BOOK, *MQL, *events)) == ["mql", "sal", "sql", "customer"]


def test_what_sales_says_of_somebody_it_never_got_moves_nobody() -> None:
    deeds = ("sales_accepted", "meeting_booked", "sales_qualified", "opportunity_lost")
    assert stage(told(source="quiet"), *(did(deed, LATER) for deed in deeds)) == "inquiry"


def test_a_stage_never_moves_backward_by_score() -> None:
    assert stage(*MQL, until=START + 200 * DAY) == "mql"


def test_a_rejection_needs_a_known_reason() -> None:
    decision = fold(BOOK, *MQL, did("sales_rejected", LATER), did("sales_rejected", LATER + 1, reason="mood"))
    assert decision.state.stage == "mql"
    assert [alert.alert for alert in of(AlertRaised, decision)][-2:] == ["rejection_without_reason"] * 2


def test_a_rejection_by_somebody_who_has_no_such_lead_means_nothing() -> None:
    decision = fold(BOOK, told(source="quiet"), did("sales_rejected", LATER))
    assert of(AlertRaised, decision) == []


def test_what_a_person_sets_in_the_crm_wins() -> None:
    assert stage(*MQL, told(LATER, stage="sql")) == "sql"
    assert stage(*MQL, told(LATER, stage="inquiry")) == "inquiry", "whatever the score"
    assert stage(told(LATER, stage="customer")) == "customer"
    assert stage(*MQL, told(LATER, stage="nonsense")) == "mql"


def test_set_to_mql_by_hand_is_handed_over_too() -> None:
    decision = fold(BOOK, told(source="quiet"), told(LATER, stage="mql"))
    assert [task.play for task in of(TaskWanted, decision)] == ["handoff"]


def test_a_returned_lead_takes_the_track_of_its_reason() -> None:
    book = playbook(
        recycle=(
            Recycle(track="newsletter", lost=True),
            Recycle(track="renurture", reasons=("timing",), left=("mql",)),
            Recycle(track="newsletter", reasons=("timing",)),
        )
    )
    back = fold(book, *MQL, did("sales_rejected", LATER, reason="timing"))
    assert back.state.recycle_reason == "timing"
    assert back.state.stay.track == "renurture"
    accepted = did("sales_accepted", START + 2 * HOUR)
    assert fold(book, *MQL, accepted, did("sales_rejected", LATER, reason="timing")).state.stay.track == "newsletter"
    assert fold(book, *MQL, did("opportunity_lost", LATER)).state.stay.track == "newsletter"
    assert fold(book, *MQL, did("sales_rejected", LATER, reason="budget")).state.stay is None


def test_a_recycled_lead_returns_only_by_a_new_scoring_activity_that_resets_idle() -> None:
    back = [*MQL, did("sales_rejected", LATER, reason="timing")]
    assert stage(*back, until=LATER + DAY) == "recycled"
    assert stage(*back, did("email_open", LATER + DAY)) == "recycled"
    assert stage(*back, told(LATER + DAY, title="Boss")) == "recycled"
    assert stage(*back, did("email_click", LATER + DAY)) == "mql"


def test_the_second_handoff_is_a_task_of_its_own() -> None:
    back = [*MQL, did("sales_rejected", LATER, reason="timing"), did("email_click", LATER + DAY)]
    keys = [task.key for task in of(TaskWanted, fold(BOOK, *back))]
    assert keys == ["ana/play/handoff/1/task/1", "ana/play/handoff/2/task/1"]


def test_a_hold_keeps_a_returned_lead_from_sales() -> None:
    book = playbook(recycle=(Recycle(track="renurture", hold=5 * DAY),))
    back = [*MQL, did("sales_rejected", LATER, reason="timing")]
    assert stage(*back, did("email_click", LATER + 5 * DAY - 1), book=book) == "recycled"
    assert stage(*back, did("demo_request", LATER + DAY), book=book) == "recycled"
    assert stage(*back, did("email_click", LATER + 5 * DAY), book=book) == "mql"


def test_the_reason_of_return_is_told_until_the_next_handoff() -> None:
    back = [*MQL, did("sales_rejected", LATER, reason="budget")]
    assert standing(BOOK, fold(BOOK, *back).state, LATER).recycle_reason == "budget"
    again = fold(BOOK, *back, did("email_click", LATER + DAY))
    assert standing(BOOK, again.state, LATER + DAY).recycle_reason is None


def calls(number: int, first: Instant = LATER, step: Span = DAY) -> list[Activity]:
    return [did("call_attempt", first + turn * step, outcome="no_answer") for turn in range(number)]


def test_nobody_reached_after_so_many_attempts_over_so_many_days_is_recycled() -> None:
    book = playbook(unreached=Unreached(attempts=5, over=10 * DAY))
    at = LATER + 10 * DAY
    decision = fold(book, *MQL, *calls(5), until=at)
    assert of(StageChanged, decision)[-1].at == at
    assert (decision.state.stage, decision.state.recycle_reason) == ("recycled", "no_response")
    assert stage(*MQL, *calls(5), book=book, until=at - 1) == "mql"
    assert stage(*MQL, *calls(4), book=book, until=at + 50 * DAY) == "mql"


def test_the_last_attempt_may_come_after_the_days_have_passed() -> None:
    book = playbook(unreached=Unreached(attempts=2, over=3 * DAY))
    decision = fold(book, *MQL, *calls(2, step=5 * DAY))
    assert of(StageChanged, decision)[-1].at == LATER + 5 * DAY


def test_a_connection_begins_the_count_anew() -> None:
    book = playbook(unreached=Unreached(attempts=3, over=3 * DAY))
    events = [*calls(2), did("call_attempt", LATER + 2 * DAY, outcome="connected"), *calls(1, LATER + 3 * DAY)]
    assert stage(*MQL, *events, book=book, until=LATER + 30 * DAY) == "sal"


def test_suppression_ends_tracks_touches_and_tasks_until_resubscribed() -> None:
    silent = [told(source="other"), did("unsubscribe", START + MINUTE), *fitting(LATER), *hot(LATER + HOUR)]
    decision = fold(BOOK, *silent, until=LATER + 90 * DAY)
    assert path(decision) == ["suppressed"]
    assert of(TaskWanted, decision) == []
    assert [touch.at for touch in of(TouchDue, decision)] == [START]
    assert of(TrackChanged, decision)[-1].after is None
    assert decision.state.score.value == 15_000, "scores go on"
    again = fold(BOOK, *silent, did("resubscribe", LATER + 2 * HOUR))
    assert path(again) == ["suppressed", "inquiry"]


def test_opted_out_in_the_crm_suppresses_and_opting_in_lifts_only_that() -> None:
    flagged = [told(source="other"), told(START + 1, opted_out=True)]
    assert stage(*flagged) == "suppressed"
    assert stage(*flagged, told(START + 2, opted_out=False)) == "inquiry"
    asked = did("unsubscribe", START + 2)
    assert stage(*flagged, asked, told(START + 3, opted_out=False)) == "suppressed"
    assert stage(*flagged, asked, did("resubscribe", START + 3)) == "inquiry"


def test_nobody_is_welcomed_who_opted_out_or_is_a_customer_already() -> None:
    for fields in ({"opted_out": True}, {"stage": "customer"}):
        decision = fold(BOOK, told(source="inquiry", **fields), until=START + 30 * DAY)
        assert of(TaskWanted, decision) == []
        assert of(TouchDue, decision) == []


def test_a_stage_set_by_hand_does_not_undo_an_unsubscription() -> None:
    events = [did("unsubscribe", START), told(START + 1, stage="sal")]
    assert stage(*events) == "suppressed"
    assert stage(*events, did("resubscribe", START + 2)) == "sal"
    assert stage(told(START, stage="suppressed"), told(START + 1, stage="inquiry")) == "inquiry"
