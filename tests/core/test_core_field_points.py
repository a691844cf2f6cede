"""Points for a field's change: by the change's own time, from and to; what arrives first, or is first read, is none."""

from typing import Any

import pytest
from core_builders import START, STEPS, being, did, fold, on, playbook, rule
from hypothesis import given
from hypothesis import strategies as st

from integration.core.compiled.compiled_playbook import CompiledPlaybook
from integration.core.model.events import AccountChanged, Event, LeadChanged
from integration.core.model.ledger import Line
from integration.core.model.state import newborn
from integration.core.rules.conditions import Compare
from integration.core.rules.scoring_rules import Engagement, EngagementRule, FieldChange, Limit
from integration.core.run.apply_events import advance
from integration.core.run.decide import order
from mappings.model.canonical import Value
from mappings.values.instant import DAY, Instant


def change(field: str, points: int = 10, name: str = "moved", **more: Any) -> EngagementRule:
    said = {key: more.pop(key) for key in ("before", "after") if key in more}
    return rule(name, points, change=FieldChange(field=field, **said), resets_idle=False, **more)


UNKNOWN = Compare(subject="value", op="unknown")
MANAGER, DIRECTOR = being("value", "manager"), being("value", "director", "vp")
FIFTY = Compare(subject="value", op="at_least", values=(50,))


def book(*rules: EngagementRule, decay: Any = None) -> CompiledPlaybook:
    clicks = rule("click", 3, on("email_click"))
    return playbook(engagement=Engagement(rules=(*rules, clicks), decay=decay), first_moves=(), fit=None)


def lead(day: float, number: int = 0, *, initial: bool = False, **fields: Value) -> LeadChanged:
    return LeadChanged(id=f"l{day}-{number}", at=START + int(day * DAY), fields=fields, initial=initial)


def firm(day: float, account: str = "acme", *, initial: bool = False, **fields: Value) -> AccountChanged:
    return AccountChanged(
        id=f"c{day}",
        at=START + int(day * DAY),
        account=account,
        fields=fields,
        initial=initial,  # type: ignore[arg-type] - an account's id
    )


def value(compiled: CompiledPlaybook, *events: Event, until: Instant | None = None) -> int:
    return fold(compiled, *events, until=until).state.score.value // 1_000


@pytest.mark.parametrize(
    ("row", "told", "points"),
    [
        (change("seniority"), ["manager", "director"], 10),
        (change("seniority"), ["manager", "director", "director", "manager"], 20),
        (change("seniority"), ["manager", "Manager"], 0),
        (change("seniority"), ["manager", None, "director"], 0),
        (change("seniority", after=DIRECTOR), ["manager", "director"], 10),
        (change("seniority", after=DIRECTOR), ["manager", "ic"], 0),
        (change("seniority", after=DIRECTOR), ["director", "vp"], 0),
        (change("seniority", after=DIRECTOR), ["manager", "director", "manager", "vp"], 20),
        (change("seniority", before=MANAGER), ["manager", "ic"], 10),
        (change("seniority", before=MANAGER), ["ic", "manager", "ic"], 10),
        (change("seniority", before=MANAGER, after=DIRECTOR), ["ic", "director"], 0),
        (change("seniority", before=MANAGER, after=DIRECTOR), ["manager", "vp"], 10),
        (change("seniority", before=DIRECTOR, after=DIRECTOR), ["director", "vp"], 10),
        (change("seniority", after=UNKNOWN), ["manager", None], 10),
        (change("seniority", before=UNKNOWN), ["manager", None, "vp"], 20),
        (change("seniority", before=UNKNOWN, after=DIRECTOR), [None, "ic", None, "vp"], 10),
    ],
)
def test_a_change_counts_by_what_the_field_was_and_what_it_became(
    row: EngagementRule, told: list[Value], points: int
) -> None:
    events = [lead(0, name="Ana"), *(lead(day, seniority=each) for day, each in enumerate(told, 1))]
    assert value(book(row), *events) == points


def test_a_value_that_arrives_first_is_no_change_unless_that_is_asked_for() -> None:
    events = [lead(0, name="Ana"), lead(1, budget="50k")]
    assert value(book(change("budget")), *events) == 0
    assert value(book(change("budget", before=UNKNOWN)), *events) == 10


def test_a_records_first_reading_is_no_change_whatever_is_asked_for() -> None:
    asked = book(change("budget", before=UNKNOWN), change("seniority", name="promoted"))
    assert value(asked, lead(0, budget="50k")) == 0
    known = [lead(0, name="Ana", seniority="ic"), lead(1, budget="50k", seniority="vp", initial=True)]
    assert value(asked, *known) == 0, "another CRM's record was read"
    assert value(asked, *known, lead(2, seniority="ic")) == 10


def test_a_change_counts_at_its_own_time_and_the_ledger_names_it() -> None:
    decision = fold(book(change("seniority")), lead(0, seniority="ic"), lead(3, seniority="vp"), until=START + 9 * DAY)
    assert decision.lines == (Line(START + 3 * DAY, "engagement", "points", "moved", "l3-0", 10_000),)


def test_an_accounts_field_changes_for_its_people_and_not_by_joining_another_company() -> None:
    grown = book(change("account.employees", after=FIFTY))
    member = [firm(0, employees=20), lead(0, account="acme")]
    assert value(grown, *member, firm(1, employees=60)) == 10
    assert value(grown, *member, firm(1, employees=60), firm(2, employees=90)) == 10
    moved = [firm(5, "other", initial=True, employees=900), lead(5, account="other")]
    assert value(grown, *member, *moved) == 0
    assert value(grown, *member, *moved, firm(6, "other", employees=20), firm(7, "other", employees=50)) == 10
    assert value(grown, lead(0, account="acme"), firm(1, employees=60)) == 0, "the company is read for the first time"


def test_a_change_of_a_list_is_another_set_of_words() -> None:
    salesforce = Compare(subject="value", op="includes", values=("salesforce",))
    bought = book(change("account.technologies", after=salesforce))
    member = [firm(0, technologies=("hubspot", "slack")), lead(0, account="acme")]
    assert value(bought, *member, firm(1, technologies=("Slack", "HubSpot"))) == 0
    assert value(bought, *member, firm(1, technologies=("hubspot", "salesforce"))) == 10
    assert value(book(change("account.technologies")), *member, firm(1, technologies=("Slack", "HubSpot"))) == 0


def test_a_change_ends_no_idleness_and_is_no_engagement() -> None:
    decayed = book(change("seniority"), decay=STEPS)
    events = [lead(0, seniority="ic"), did("email_click", START), lead(10, seniority="vp")]
    decision = fold(decayed, *events, until=START + 14 * DAY)
    assert decision.state.score.value == (10_000 + 3_000) * 800 // 1_000
    assert (decision.state.scored, decision.state.engaged) == (START, START)


def test_limits_and_nth_hold_for_changes_too() -> None:
    flips = [lead(day, seniority=("ic", "vp")[day % 2]) for day in range(6)]
    assert value(book(change("seniority", limit=Limit(times=1, within=2 * DAY))), *flips) == 30
    assert value(book(change("seniority", nth=2)), *flips) == 10


def test_points_of_a_change_may_be_below_zero_and_may_end() -> None:
    left = book(change("seniority", -5, after=being("value", "ic")))
    events = [
        lead(0, seniority="vp"),
        did("email_click", START),
        did("email_click", START + 1),
        lead(1, seniority="ic"),
    ]
    assert value(left, *events) == 1
    ending = book(change("seniority", expires=7 * DAY))
    moved = [lead(0, seniority="vp"), lead(1, seniority="ic")]
    assert [value(ending, *moved, until=START + days * DAY) for days in (1, 7, 8)] == [10, 10, 0]


@given(st.lists(st.tuples(st.integers(1, 50), st.sampled_from(["ic", "manager", "vp", None])), max_size=12), st.data())
def test_changes_in_any_order_of_arrival_count_alike(drawn: list[tuple[int, str | None]], data: st.DataObject) -> None:
    compiled = book(change("seniority", before=MANAGER), change("seniority", name="again", before=UNKNOWN))
    told = {day: lead(day, seniority=level) for day, level in drawn}
    events: list[Event] = [lead(0, name="Ana"), *told.values()]
    arrived = data.draw(st.permutations([*events, *events[:2]]))
    once = {event.id: event for event in arrived}
    found = advance(compiled, newborn("ana"), sorted(once.values(), key=order), START + 60 * DAY)
    assert found == advance(compiled, newborn("ana"), sorted(events, key=order), START + 60 * DAY)
    assert sum(line.points for line in found.lines) == found.state.score.value
