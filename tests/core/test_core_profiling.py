"""What a playbook asks for and does not require: named, and asked for one question at a time [rules: handoff]."""

from core_builders import START, did, fitting, fold, hot, of, playbook, told

from integration.core.model.effects import HandoffDelayed, TaskWanted, TouchDue
from integration.core.rules.playbook_rules import FrequencyCap, Handoff, Requirement
from integration.core.run.decide import Decision
from mappings.values.instant import DAY, HOUR

ASKS = (Requirement(field="problem", label="problem"), Requirement(field="budget", label="budget"))
BOOK = playbook(handoff=Handoff(play="handoff", asks=ASKS))
MQL = [*fitting(), *hot()]
LATER = START + DAY


def asked(decision: Decision) -> list[tuple[str, str]]:
    return [(touch.key, *touch.because) for touch in of(TouchDue, decision) if touch.content == "profile"]


def test_what_is_asked_for_holds_nothing_and_is_named_as_missing() -> None:
    decision = fold(BOOK, *MQL)
    assert decision.state.stage == "mql"
    assert of(HandoffDelayed, decision) == []
    assert "Missing: problem, budget" in of(TaskWanted, decision)[0].body


def test_the_first_question_goes_with_the_handoff_and_the_next_with_its_answer() -> None:
    first = ("ana/profile/problem/1", "asks for: problem")
    assert asked(fold(BOOK, *MQL, until=LATER + 60 * DAY)) == [first]
    second = fold(BOOK, *MQL, told(LATER, problem="costs"), until=LATER + 60 * DAY)
    assert asked(second) == [first, ("ana/profile/budget/1", "asks for: budget")]


def test_what_is_known_or_answered_before_its_touch_could_go_is_not_asked() -> None:
    known = fold(BOOK, *MQL, told(START + 1, problem="costs", budget="50k"), until=LATER)
    assert asked(known) == []
    capped = playbook(handoff=Handoff(play="handoff", asks=ASKS), frequency_cap=FrequencyCap(touches=1, within=DAY))
    events = [*fitting(source="other"), *hot(), told(START + 2 * HOUR, problem="costs")]
    assert asked(fold(capped, *events, until=LATER + DAY)) == [("ana/profile/budget/1", "asks for: budget")]


def test_a_demo_request_is_handed_over_at_once_and_asked_too() -> None:
    decision = fold(BOOK, told(source="quiet"), did("demo_request", START + 1), until=LATER)
    assert len(of(TaskWanted, decision)) == 1
    assert len(asked(decision)) == 1


def test_a_second_handoff_asks_anew_for_what_is_still_unknown() -> None:
    back = [*MQL, did("sales_rejected", LATER, reason="timing"), did("demo_request", LATER + DAY)]
    keys = [name for name, _ in asked(fold(BOOK, *back, until=LATER + 30 * DAY))]
    assert keys == ["ana/profile/problem/1", "ana/profile/problem/2"]


def test_nobody_is_asked_who_is_to_be_left_alone() -> None:
    silent = fold(BOOK, *MQL, did("unsubscribe", LATER), told(LATER + 1, problem="costs"), until=LATER + DAY)
    assert [name for name, _ in asked(silent)] == ["ana/profile/problem/1"]
    assert silent.state.waiting == []


def test_the_touch_for_what_is_required_does_not_go_once_it_is_known() -> None:
    required = Handoff(play="handoff", required=ASKS[:1])
    book = playbook(handoff=required, frequency_cap=FrequencyCap(touches=1, within=DAY))
    events = [*fitting(source="other"), *hot(), told(START + 2 * HOUR, problem="costs")]
    decision = fold(book, *events, until=LATER + DAY)
    assert decision.state.stage == "mql"
    assert asked(decision) == []
