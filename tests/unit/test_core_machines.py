"""Which opens, clicks and unsubscribes no person made: a function of the set of what happened, at bounded cost."""

import time
from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from integration.core.model.events import LeadChanged
from integration.core.model.state import newborn
from integration.core.run.account_signals import observe, unseen
from integration.core.run.decide import Decision, order
from integration.core.run.fold_events import advance
from integration.core.scoring.machines import marked
from integration.core.scoring.mail_rules import AGAIN, SCANNED
from integration.playbook.compiling.compiler import load
from mappings.model.canonical import Activity, Value
from mappings.values.instant import HOUR, SECOND, parse
from mappings.vocabulary.load_vocabulary import shipped
from mappings.vocabulary.machine_rules import Clicks, MachineRules, Opens

START = parse("2026-01-06T10:00:00Z")
RULES = shipped().machine
APPLE = "Mozilla/5.0"
PERSON = "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko)"


def did(number: int, kind: str, after: float, lead: str = "ana", **properties: Value) -> Activity:
    at = START + round(after * SECOND)
    return Activity(id=f"a{number:04}", lead=lead, at=at, type=kind, properties=properties)


def told(*activities: Activity, rules: MachineRules = RULES) -> dict[str, str]:
    found = marked(rules, sorted(activities, key=order))
    return {each.id: each.machine for each in found if isinstance(each, Activity)}


def people(found: dict[str, str]) -> list[str]:
    return [name for name, rule in found.items() if not rule]


def test_a_single_open_and_a_single_click_are_a_persons() -> None:
    found = told(
        did(1, "email_sent", 0, campaign="jan"),
        did(2, "email_open", 60, campaign="jan", user_agent=PERSON),
        did(3, "email_click", 75, campaign="jan", url="/pricing", method="GET"),
        did(4, "page_view", 76, url="/pricing", user_agent=PERSON),
        did(5, "unsubscribe", 90, campaign="jan"),
    )
    assert people(found) == ["a0001", "a0002", "a0003", "a0004", "a0005"]


def test_a_person_may_click_two_links_and_one_of_them_thrice() -> None:
    clicks = [did(n, "email_click", n, campaign="jan", url=url) for n, url in enumerate(["/a", "/b", "/b", "/b"])]
    assert len(people(told(*clicks))) == 4


@pytest.mark.parametrize("count", [5, 31, 400])
@pytest.mark.parametrize("mail", [{"campaign": "jan"}, {"touch": "t1"}, {}])
def test_many_opens_of_one_mail_within_a_minute_are_a_proxys(count: int, mail: dict[str, str]) -> None:
    found = told(*(did(n, "email_open", n * 50 / count, **mail) for n in range(count)))
    assert people(found) == []


@pytest.mark.parametrize("apart", [20, 61, 600, 3_599])
def test_of_opens_that_follow_each_other_the_first_counts(apart: int) -> None:
    found = told(*(did(n, "email_open", n * apart, campaign="jan") for n in range(31)))
    assert len(people(found)) <= 1
    if apart > 15:
        assert found["a0030"] in (AGAIN, "opens")


def test_who_opens_a_mail_again_another_day_opens_it_again() -> None:
    found = told(did(1, "email_open", 0, campaign="jan"), did(2, "email_open", 7_200, campaign="jan"))
    assert people(found) == ["a0001", "a0002"]


def test_two_mails_without_a_name_may_be_two() -> None:
    assert len(people(told(did(1, "email_open", 0), did(2, "email_open", 1)))) == 2


def test_opens_of_several_mails_or_by_several_people_are_told_apart() -> None:
    mails = [did(n, "email_open", n, campaign=f"c{n}") for n in range(10)]
    crowd = [did(n + 100, "email_open", 1, lead=f"l{n}", campaign="jan") for n in range(10)]
    assert len(people(told(*mails, *crowd))) == 20


@pytest.mark.parametrize(
    "clicks",
    [
        [(0, "/a"), (0, "/b"), (0, "/c")],
        [(0, "/a"), (2, "/b"), (5, "/c")],
        [(n / 12, f"/{n}") for n in range(12)],
        [(n / 12, "/a") for n in range(12)],
        [(n / 12, "") for n in range(12)],
    ],
)
def test_several_links_or_many_clicks_of_one_mail_within_seconds_are_a_scanners(
    clicks: list[tuple[float, str]],
) -> None:
    found = told(*(did(n, "email_click", at, campaign="jan", url=url) for n, (at, url) in enumerate(clicks)))
    assert people(found) == []


def test_three_links_within_six_seconds_are_a_quick_persons() -> None:
    clicks = [did(n, "email_click", at, campaign="jan", url=f"/{n}") for n, at in enumerate([0, 3, 5.1])]
    assert len(people(told(*clicks))) == 3


def test_nobody_opens_or_clicks_within_seconds_of_the_sending() -> None:
    found = told(
        did(1, "email_sent", 10, campaign="jan"),
        did(2, "email_open", 9.9, campaign="jan"),
        did(3, "email_open", 15, campaign="jan"),
        did(4, "email_click", 10, campaign="jan", url="/a"),
        did(0, "email_click", 10, campaign="jan", url="/a"),
        did(5, "email_click", 15.1, campaign="jan", url="/a"),
        did(6, "unsubscribe", 12, campaign="jan"),
        did(7, "email_click", 12, campaign="feb", url="/a"),
    )
    assert people(found) == ["a0002", "a0001", "a0007", "a0005"]


def test_programs_by_their_names_requests_for_heads_and_what_the_sender_marked() -> None:
    found = told(
        did(1, "email_open", 0, campaign="a", user_agent=APPLE),
        did(2, "email_open", 100, campaign="b", user_agent="Mozilla/5.0 (via ggpht.com GoogleImageProxy)"),
        did(3, "email_click", 200, campaign="c", url="/x", user_agent="BARRACUDA sentinel"),
        did(4, "email_click", 300, campaign="d", url="/x", method="head"),
        did(5, "email_open", 400, campaign="e", machine=True),
        did(6, "email_open", 500, campaign="f", machine=False),
        did(7, "page_view", 600, url="/pricing", user_agent="Googlebot/2.1"),
        did(8, "unsubscribe", 700, campaign="g", machine=True),
        did(9, "email_reply", 800, campaign="g", machine=True),
        did(10, "demo_request", 900, machine=True, user_agent=APPLE),
        did(11, "email_bounce", 900, machine=True),
    )
    assert {name: rule for name, rule in found.items() if rule} == {
        "a0001": "agent",
        "a0002": "agent",
        "a0003": "agent",
        "a0004": "method",
        "a0005": "marked",
        "a0007": "agent",
        "a0008": "marked",
        "a0009": "marked",
    }


def test_an_unsubscribe_that_a_scanners_click_made_is_no_persons() -> None:
    burst = [did(n, "email_click", n / 4, campaign="jan", url=f"/{n}") for n in range(4)]
    for mail in ({"campaign": "jan"}, {}):
        for after in (-5, 0.5, 5.75):
            found = told(*burst, did(9, "unsubscribe", after, **mail))
            assert found["a0009"] == SCANNED
    for mail, after in (({"campaign": "jan"}, 6), ({"campaign": "jan"}, -5.1), ({"campaign": "feb"}, 1)):
        assert told(*burst, did(9, "unsubscribe", after, **mail))["a0009"] == ""


def test_a_click_before_and_one_after_make_no_machine_of_an_unsubscribe() -> None:
    clicks = [did(1, "email_click", 0, campaign="jan", url="/a"), did(2, "email_click", 2, campaign="jan", url="/bye")]
    assert people(told(*clicks, did(3, "unsubscribe", 2, campaign="jan"))) == ["a0001", "a0002", "a0003"]


def test_a_machines_open_does_not_hide_the_persons_that_follows() -> None:
    found = told(
        did(1, "email_open", 0, campaign="jan", user_agent=APPLE),
        did(2, "email_open", 600, campaign="jan", user_agent=PERSON),
        did(3, "email_open", 700, campaign="jan", user_agent=PERSON),
    )
    assert found == {"a0001": "agent", "a0002": "", "a0003": AGAIN}


def test_without_rules_everything_is_a_persons_but_what_the_sender_marked() -> None:
    found = told(*(did(n, "email_open", 0, campaign="jan") for n in range(40)), rules=MachineRules())
    assert len(people(found)) == 40
    assert told(did(1, "email_open", 0, machine=True), rules=MachineRules()) == {"a0001": "marked"}


SMALL = MachineRules(
    agents=RULES.agents,
    methods=RULES.methods,
    after_send=2 * SECOND,
    clicks=Clicks(links=2, times=4, within=3 * SECOND),
    opens=Opens(times=3, within=4 * SECOND, apart=9 * SECOND),
)


def _name(each: Activity) -> str:
    return str(each.properties.get("campaign") or "")


def _touching(one: Activity, other: Activity) -> bool:
    """Whether two activities may be of one mail: one without a name may be of any."""
    return one.lead == other.lead and (_name(one) == _name(other) or not _name(one) or not _name(other))


def _of_one_mail(like: Activity, events: Sequence[Activity]) -> list[Activity]:
    return [e for e in events if (e.type, e.lead, _name(e)) == (like.type, like.lead, _name(like))]


def _soon_after_sending(each: Activity, events: Sequence[Activity]) -> bool:
    sendings = [e for e in events if e.type == "email_sent" and _touching(e, each)]
    return any(0 <= each.at - e.at <= SMALL.after_send for e in sendings)


def _in_burst(each: Activity, events: Sequence[Activity]) -> bool:
    those = _of_one_mail(each, events)
    place = those.index(each)
    runs = [those[first : last + 1] for first in range(place + 1) for last in range(place, len(those))]
    if each.type == "email_open":
        return any(len(run) >= 3 and run[-1].at - run[0].at <= SMALL.opens.within for run in runs)
    quick = [run for run in runs if run[-1].at - run[0].at <= SMALL.clicks.within]
    return any(len(run) >= 4 or len({e.properties.get("url") for e in run} - {None}) >= 2 for run in quick)


def _again(each: Activity, events: Sequence[Activity], machines: set[str]) -> bool:
    before = [e for e in _of_one_mail(each, events) if order(e) < order(each) and e.id not in machines]
    return _name(each) != "" and any(each.at - e.at <= SMALL.opens.apart for e in before)


def _by_scanner(each: Activity, events: Sequence[Activity], machines: set[str]) -> bool:
    clicks = [e for e in events if e.type == "email_click" and e.id in machines and _touching(e, each)]
    return any(abs(e.at - each.at) <= SMALL.clicks.within for e in clicks)


def naive(activities: Sequence[Activity]) -> set[str]:
    """The rules as one reads them, each activity against all others; the ids of what no person did."""
    events = sorted(activities, key=order)
    asked = [e for e in events if e.type != "email_sent"]
    machines = {e.id for e in asked if e.properties.get("machine") is True or _soon_after_sending(e, events)}
    machines |= {e.id for e in asked if e.type != "unsubscribe" and _in_burst(e, events)}
    rest = [e for e in asked if e.id not in machines]
    more = {e.id for e in rest if e.type == "email_open" and _again(e, events, machines)}
    return machines | more | {e.id for e in rest if e.type == "unsubscribe" and _by_scanner(e, events, machines)}


KINDS = ("email_sent", "email_open", "email_open", "email_click", "email_click", "unsubscribe")


@st.composite
def histories(draw: st.DrawFn) -> list[Activity]:
    made = []
    for number in range(draw(st.integers(1, 14))):
        kind = draw(
            st.sampled_from(["email_sent", "email_open", "email_open", "email_click", "email_click", "unsubscribe"])
        )
        properties: dict[str, Value] = {}
        if campaign := draw(st.sampled_from(["", "jan", "jan", "feb"])):
            properties["campaign"] = campaign
        if kind == "email_click" and (url := draw(st.sampled_from(["", "/a", "/b"]))):
            properties["url"] = url
        if draw(st.integers(0, 9)) == 0:
            properties["machine"] = True
        lead = draw(st.sampled_from(["ana", "ana", "bo"]))
        made.append(did(number, kind, draw(st.integers(0, 24)), lead=lead, **properties))
    return made


@settings(max_examples=400, deadline=None)
@given(histories())
def test_the_rules_are_those_that_a_naive_reader_would_apply(activities: list[Activity]) -> None:
    assert {name for name, rule in told(*activities, rules=SMALL).items() if rule} == naive(activities)


@settings(max_examples=100, deadline=None)
@given(histories(), st.data())
def test_nothing_depends_on_what_lies_further_away_than_the_reach_of_the_rules(
    activities: list[Activity], data: st.DataObject
) -> None:
    whole = told(*activities, rules=SMALL)
    each = data.draw(st.sampled_from(activities))
    back, ahead = 9 + 2 * 6 + 2, 6
    near = [a for a in activities if each.at - back * SECOND <= a.at <= each.at + ahead * SECOND]
    assert told(*near, rules=SMALL)[each.id] == whole[each.id]


@pytest.mark.parametrize("kind", ["email_open", "email_click", "unsubscribe", "mixed"])
@pytest.mark.parametrize("spacing", [0, 0.0001, 0.9])
def test_a_flood_of_one_lead_costs_no_more_each_than_a_few(kind: str, spacing: float) -> None:
    """Twenty times as many within the same mail take about twenty times as long."""

    def seconds(count: int) -> float:
        kinds = ["email_open", "email_click", "unsubscribe"] if kind == "mixed" else [kind]
        flood = [
            did(n, kinds[n % len(kinds)], n * spacing, campaign="jan", url=f"/{n}", user_agent=(APPLE, PERSON)[n % 2])
            for n in range(count)
        ]
        flood.sort(key=order)
        started = time.process_time()
        marked(RULES, flood)
        return time.process_time() - started

    few = min(seconds(500) for _ in range(3)) / 500
    many = min(seconds(10_000) for _ in range(2)) / 10_000
    assert many < 8 * few + 20e-6


# What follows from a machine's activity: nothing.

PLAYBOOK, _ = load("two-axis")
assert PLAYBOOK is not None


def folded(*activities: Activity, fields: dict[str, Value] | None = None) -> Decision:
    assert PLAYBOOK is not None
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
    assert PLAYBOOK is not None
    events = marked(RULES, [did(1, "email_open", 0, campaign="jan", user_agent=APPLE)])
    decision = advance(PLAYBOOK, newborn("ana"), events, START + HOUR)
    assert decision.effects == ()
    assert decision.state.born is None


def test_people_at_one_account_are_not_counted_where_a_machine_read() -> None:
    assert PLAYBOOK is not None
    views = [
        did(1, "document_view", 0, lead="ana", document="quote"),
        did(2, "document_view", 60, lead="bo", document="quote", user_agent="Barracuda"),
    ]
    state = unseen("acme")
    for each in marked(RULES, views):
        assert isinstance(each, Activity)
        state, derived = observe(PLAYBOOK, state, each, lambda _lead: 0)
        assert derived == ()
