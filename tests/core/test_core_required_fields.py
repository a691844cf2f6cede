"""A handoff waits for what sales must have, and a gate stays shut on what is not known."""

from core_builders import (
    START,
    at_least,
    did,
    fold,
    of,
    on,
    playbook,
    saw,
    told,
)
from core_stages import LATER, MQL, path, stage

from integration.core.compiled.compiled_playbook import CompiledPlaybook
from integration.core.model.effects import (
    HandoffDelayed,
    TaskWanted,
    TouchDue,
)
from integration.core.model.events import AccountChanged, Event
from integration.core.model.state import newborn
from integration.core.rules.conditions import Not
from integration.core.rules.playbook_rules import Gate, Handoff, Requirement
from integration.core.run.apply_events import advance
from integration.core.run.standing import standing
from integration.playbook.compiling.compiler import load
from mappings.values.instant import DAY, HOUR

REQUIRED = playbook(
    handoff=Handoff(
        play="handoff",
        required=(Requirement(field="problem", label="problem"), Requirement(field="account.name", label="company")),
    )
)


def test_a_handoff_is_held_while_required_fields_are_missing_and_asks_once() -> None:
    decision = fold(REQUIRED, *MQL, saw("pricing", START + 3 * HOUR), until=LATER)
    [held] = of(HandoffDelayed, decision)
    assert held.missing == ("problem",)
    assert [touch.content for touch in of(TouchDue, decision)] == ["profile"]
    assert decision.state.stage == "inquiry"
    assert standing(REQUIRED, decision.state, LATER).missing == ("problem",)


def test_the_handoff_goes_on_when_the_answer_comes() -> None:
    decision = fold(REQUIRED, *MQL, told(LATER, problem="costs"))
    assert path(decision) == ["mql"]
    assert "Problem: costs" in of(TaskWanted, decision)[0].body


def test_a_demo_request_is_never_held() -> None:
    assert stage(*MQL, did("demo_request", START + 2 * HOUR), book=REQUIRED) == "mql"


def test_a_held_lead_that_was_returned_passes_when_the_answer_comes() -> None:
    first = [*MQL, told(START + 2 * HOUR, problem="costs"), did("sales_rejected", LATER, reason="timing")]
    gone = [*first, told(LATER + HOUR, problem=None)]
    assert stage(*gone, told(LATER + DAY, problem="x"), book=REQUIRED) == "recycled", "no new activity"
    awake = [*gone, did("email_click", LATER + 2 * HOUR)]
    assert stage(*awake, book=REQUIRED) == "recycled"
    assert stage(*awake, told(LATER + DAY, problem="x"), book=REQUIRED) == "mql"


def test_a_gate_on_what_is_not_known_stays_shut() -> None:
    book = playbook(gate=Gate(condition=at_least("account.revenue", 1)))
    assert stage(*MQL, book=book) == "inquiry"
    assert stage(*MQL, book=playbook(gate=Gate(condition=Not(condition=at_least("account.revenue", 1))))) == "mql"


def test_a_signal_of_the_gate_opens_it_like_a_demo_request() -> None:
    book = playbook(gate=Gate(signals=on("contact_request")))
    assert stage(did("contact_request", START), book=book) == "mql"


def test_a_handoff_held_again_after_an_unsubscription_is_held_under_another_key() -> None:
    playbook, _ = load("operating-model")
    assert playbook is not None
    compiled = CompiledPlaybook.of(playbook)
    company = {
        "name": "Acme",
        "employees": 120,
        "industry": "software",
        "country": "US",
        "technologies": ("salesforce",),
    }
    events: list[Event] = [
        AccountChanged(id="c1", at=START, account="acme", fields=company),
        did("webinar_attend", START, minutes=45),
        did("page_view", START + HOUR, page="pricing"),
        did("unsubscribe", START + 2 * HOUR),
        did("resubscribe", START + 3 * HOUR),
        did("page_view", START + 4 * HOUR, page="security"),
    ]
    decision = advance(compiled, newborn("ana"), events, START + DAY)
    assert [effect.key for effect in of(HandoffDelayed, decision)] == ["ana/held/1", "ana/held/2"]
