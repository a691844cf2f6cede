"""What sales finds out and gives with its answer is known of the lead: for fit, and for the next task."""

import pytest
from core_builders import did, fold, of, playbook, told
from core_stages import LATER, MQL

from integration.core.model.effects import TaskWanted
from integration.core.model.events import Event, LeadChanged
from integration.core.rules.conditions import Compare
from integration.core.rules.scoring_rules import Fit, FitGroup, FitRule
from integration.core.run.standing import standing
from mappings.values.instant import DAY

KNOWN = FitRule(name="budget", points=7_000, condition=Compare(subject="budget", op="known"))
BOOK = playbook(fit=Fit(groups=(FitGroup(name="budget", rules=(KNOWN,)),)))


@pytest.mark.parametrize(
    ("kind", "more"),
    [
        ("sales_accepted", {}),
        ("meeting_booked", {}),
        ("sales_qualified", {}),
        ("call_attempt", {"outcome": "connected"}),
        ("sales_rejected", {"reason": "timing"}),
        ("task_closed", {"task": "play/handoff/1/task/1"}),
    ],
)
def test_what_comes_with_an_answer_counts_for_fit_and_stands_in_the_next_task(kind: str, more: dict[str, str]) -> None:
    given = did(kind, LATER, budget="50 k", authority="CFO", **more)
    decision = fold(BOOK, *MQL, given, told(LATER + DAY, stage="recycled"), told(LATER + 2 * DAY, stage="mql"))
    assert decision.state.fit == 7_000
    body = of(TaskWanted, decision)[-1].body
    assert "50 k" in body
    assert "CFO" in body


def test_a_blank_takes_nothing_away_and_a_later_word_counts() -> None:
    known = told(LATER - 1, budget="40 k")
    assert fold(BOOK, *MQL, known, did("sales_accepted", LATER, budget="")).state.fields["budget"] == "40 k"
    later = fold(BOOK, *MQL, known, did("sales_accepted", LATER, budget="50 k"), told(LATER + 1, budget="60 k"))
    assert later.state.fields["budget"] == "60 k"


def found_out(*events: Event) -> dict[str, object]:
    decision = fold(BOOK, *events)
    return dict(standing(BOOK, decision.state, LATER + DAY).found_out)


def test_where_an_answer_is_the_last_word_it_stands_among_what_is_written() -> None:
    asked = (*MQL, did("sales_accepted", LATER, budget="50 k", authority="CFO"))
    assert found_out(*MQL, told(LATER, budget="40 k")) == {}, "what a record says is there already"
    assert found_out(*asked) == {"budget": "50 k", "authority": "CFO"}
    assert found_out(*asked, told(LATER + 1, budget="60 k")) == {"authority": "CFO"}
    assert found_out(*asked, told(LATER + 1, budget=None)) == {"authority": "CFO"}
    assert found_out(*asked, told(LATER + 1, budget="50 k")) == {"budget": "50 k", "authority": "CFO"}
    given = LeadChanged(id="task", at=LATER, fields={"budget": "50 k"}, answer=True)
    assert found_out(*MQL, given) == {"budget": "50 k"}
    assert found_out(*MQL, told(LATER - 1, budget="50 k"), given) == {"budget": "50 k"}
