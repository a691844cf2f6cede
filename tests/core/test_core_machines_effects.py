"""What no person did has no effect: no points, no touch opened, nobody brought into being."""

from core_machines import APPLE, PERSON, RULES, START, did

from integration.core.compiled.compiled_playbook import CompiledPlaybook
from integration.core.model.events import LeadChanged
from integration.core.model.state import newborn
from integration.core.run.account_signals import observe, unseen
from integration.core.run.apply_events import advance
from integration.core.run.decide import Decision, order
from integration.core.scoring.machines import marked
from integration.playbook.compiling.compiler import load
from mappings.model.canonical import Activity, Value
from mappings.values.instant import HOUR, SECOND

# What follows from a machine's activity: nothing.

_FOUND, _ = load("two-axis")
assert _FOUND is not None
PLAYBOOK = CompiledPlaybook.of(_FOUND)


def folded(*activities: Activity, fields: dict[str, Value] | None = None) -> Decision:
    born = LeadChanged(id="l", at=START - HOUR, fields={"source": "newsletter", **(fields or {})})
    events = marked(RULES, sorted((born, *activities), key=order))
    return advance(PLAYBOOK, newborn("ana"), events, START + HOUR)


def test_what_no_person_did_gives_no_points_and_no_effects() -> None:
    nothing = folded()
    clicks = [did(n, "email_click", n / 12, campaign="jan", url=f"/{n}") for n in range(12)]
    opens = [did(n + 50, "email_open", n, campaign="jan") for n in range(31)]
    pages = [
        did(n + 90, "page_view", 60 + n, page="pricing", url=f"/{n}", user_agent="Googlebot/2.1") for n in range(9)
    ]
    decision = folded(*clicks, *opens, *pages, did(99, "unsubscribe", 0.5, campaign="jan"))
    assert decision.lines == nothing.lines
    assert decision.effects == nothing.effects
    assert decision.state.stage == "inquiry"
    assert (decision.state.scored, decision.state.engaged, decision.state.evidence) == (None, None, {})


def test_what_no_person_did_opens_no_touch() -> None:
    touched = START - HOUR + SECOND
    assert folded().state.touches != []
    assert all(each.at <= touched for each in folded().state.touches)
    proxy = folded(did(1, "email_open", 60, campaign="jan", user_agent=APPLE))
    person = folded(did(1, "email_open", 60, campaign="jan", user_agent=PERSON))
    assert [each.opened for each in proxy.state.touches] == [False] * len(proxy.state.touches)
    assert person.state.touches[-1].opened


def test_a_persons_single_click_gives_its_points() -> None:
    decision = folded(did(1, "email_click", 60, campaign="jan", url="/a"))
    assert [(line.rule, line.points) for line in decision.lines if line.axis == "engagement"] == [
        ("email_click", 3_000)
    ]


def test_a_persons_unsubscribe_is_heard() -> None:
    assert folded(did(1, "unsubscribe", 60, campaign="jan")).state.stage == "suppressed"


def test_what_happens_before_anything_else_by_a_machine_brings_nobody_into_being() -> None:
    events = marked(RULES, [did(1, "email_open", 0, campaign="jan", user_agent=APPLE)])
    decision = advance(PLAYBOOK, newborn("ana"), events, START + HOUR)
    assert decision.effects == ()
    assert decision.state.born is None


def test_people_at_one_account_are_not_counted_where_a_machine_read() -> None:
    views = [
        did(1, "document_view", 0, lead="ana", document="quote"),
        did(2, "document_view", 60, lead="bo", document="quote", user_agent="Barracuda"),
    ]
    state = unseen("acme")
    for each in marked(RULES, views):
        assert isinstance(each, Activity)
        state, derived = observe(PLAYBOOK, state, each, lambda _lead: 0)
        assert derived == ()
