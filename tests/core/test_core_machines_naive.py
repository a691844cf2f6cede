"""The rules about machines against a naive reader of them, and what they cost."""

import time
from collections.abc import Sequence

import pytest
from core_machines import APPLE, PERSON, RULES, did, told
from hypothesis import given, settings
from hypothesis import strategies as st

from integration.core.run.decide import order
from integration.core.scoring.machines import marked
from mappings.model.canonical import Activity, Value
from mappings.values.instant import SECOND
from mappings.vocabulary.machine_rules import Clicks, MachineRules, Opens

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
