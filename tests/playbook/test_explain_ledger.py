"""Explanations: what they say adds up, whatever happened."""

import re
from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from integration.commands.authoring.explain_page import shortened
from integration.core.compiled.compiled_playbook import CompiledPlaybook
from integration.core.model.events import AccountChanged, Event, LeadChanged
from integration.core.run.decide import order
from integration.playbook.compiling.compiler import load
from integration.playbook.explaining.explanation import Explanation, explain
from mappings.model.canonical import Activity, Value
from mappings.values.instant import DAY, HOUR, Instant, parse

START = parse("2026-01-05T09:00:00Z")
_NUMBER = re.compile(r"^[+\u2212]?(\d+)(?:\.(\d{1,3}))?")

PLAYBOOKS = {
    name: CompiledPlaybook.of(found)
    for name in ("two-axis", "behavioural", "operating-model", "fit-engagement")
    if (found := load(name)[0]) is not None
}


def said(words: str) -> int:
    """The number that a sentence begins with, in thousandths."""
    found = _NUMBER.match(words)
    assert found is not None, words
    size = int(found[1]) * 1_000 + int((found[2] or "").ljust(3, "0"))
    return -size if words.startswith("\N{MINUS SIGN}") else size


def happened(number: int, at: Instant, kind: str, **properties: Value) -> Activity:
    return Activity(id=f"a{number:03}", lead="ana", at=at, type=kind, properties=properties)


def born(**fields: Value) -> list[Event]:
    company = {"name": "Acme", "employees": 120, "industry": "software"}
    return [
        AccountChanged(id="joined:acme", at=START, account="acme", fields=company),
        LeadChanged(id="f", at=START, fields={"account": "acme", "source": "newsletter", **fields}),
    ]


def explained(name: str, events: Sequence[Event], at: Instant) -> Explanation:
    return explain(PLAYBOOKS[name], "ana", sorted(events, key=order), at)


_DEEDS = (
    ("page_view", {"page": "pricing"}),
    ("page_view", {"page": "case_study"}),
    ("page_view", {"page": "blog"}),
    ("page_view", {"page": "product"}),
    ("email_open", {}),
    ("email_click", {}),
    ("content_download", {"asset": "Guide", "asset_type": "educational"}),
    ("content_download", {"asset": "Prices", "asset_type": "pricing_sheet"}),
    ("webinar_attend", {"webinar": "March", "minutes": 40, "asked_question": True}),
    ("demo_request", {}),
    ("call_attempt", {"outcome": "connected"}),
    ("sales_rejected", {"reason": "timing"}),
    ("unsubscribe", {}),
)
_SIZES = st.sampled_from([9, 40, 120, 900, None])
_ROLES = st.sampled_from(["ic", "manager", "director", None])


@st.composite
def histories(draw: st.DrawFn) -> list[Event]:
    """Some weeks of a lead's life, with a company that grows and a person who is promoted."""
    events = born()
    for number in range(draw(st.integers(0, 25))):
        at = START + draw(st.integers(0, 150)) * DAY + draw(st.integers(0, 23)) * HOUR
        what = draw(st.sampled_from([*range(len(_DEEDS)), "size", "role"]))
        if what == "size":
            fields: dict[str, Value] = {"employees": draw(_SIZES)}
            events.append(AccountChanged(id=f"c{number}", at=at, account="acme", fields=fields))
        elif what == "role":
            events.append(LeadChanged(id=f"l{number}", at=at, fields={"seniority": draw(_ROLES)}))
        else:
            kind, properties = _DEEDS[int(what)]
            events.append(happened(number, at, kind, **properties))
    return events


@settings(max_examples=300, deadline=None)
@given(st.sampled_from(sorted(PLAYBOOKS)), histories(), st.integers(0, 200 * 24))
def test_explain_every_number_of_the_sentences_sums_to_the_score(name: str, events: list[Event], hours: int) -> None:
    told = explained(name, events, START + hours * HOUR)
    for axis, score in (("fit", told.fit), ("engagement", told.engagement)):
        assert sum(said(entry.words) for entry in told.ledger if entry.axis == axis) == score
    assert [said(entry.words) for entry in told.ledger] == [entry.points for entry in told.ledger]


@settings(max_examples=200, deadline=None)
@given(st.sampled_from(sorted(PLAYBOOKS)), histories(), st.integers(0, 160))
def test_explain_says_the_same_as_the_standing_and_nothing_falls_due_before_the_next_due(
    name: str, events: list[Event], days: int
) -> None:
    told = explained(name, events, START + days * DAY)
    assert told.standing.fit == told.fit // 1_000
    assert told.standing.engagement == told.engagement // 1_000
    assert told.next_due is None or told.next_due > told.at
    assert bool(told.coming) == (told.next_due is not None)


def test_explain_tells_points_and_decay_as_sentences() -> None:
    told = explained("two-axis", [*born(), happened(1, START + DAY, "page_view", page="pricing")], START + 20 * DAY)
    engagement = [entry.words for entry in told.ledger if entry.axis == "engagement"]
    assert engagement == [
        "15 points on 6 January 2026: viewed pricing",
        "\N{MINUS SIGN}3 after 14 idle days, on 20 January 2026",
    ]


def test_explain_tells_which_fit_rule_ended_and_which_began() -> None:
    grown = AccountChanged(id="c", at=START + DAY, account="acme", fields={"employees": 400})
    told = explained("two-axis", [*born(), grown], START + 2 * DAY)
    assert [entry.words for entry in told.ledger] == [
        "15 points on 5 January 2026: employees 50-300",
        "10 points on 5 January 2026: industry = software|manufacturing",
        "\N{MINUS SIGN}15 on 6 January 2026: no longer employees 50-300",
        "10 points on 6 January 2026: employees >= 301",
    ]


def test_explain_daily_decay_is_one_sentence() -> None:
    told = explained("operating-model", [*born(), happened(1, START, "page_view", page="pricing")], START + 30 * DAY)
    decay = [entry.words for entry in told.ledger if entry.line == "decay"]
    assert decay == ["\N{MINUS SIGN}7.5 by the half-life of 30 days, from 6 January 2026 to 4 February 2026"]


def test_explain_names_the_cap_that_points_ran_into() -> None:
    views = [happened(n, START + n * HOUR, "page_view", page="pricing") for n in range(1, 6)]
    told = explained("two-axis", [*born(), *views], START + DAY)
    assert told.ledger[-1].words == "\N{MINUS SIGN}15 on 5 January 2026: engagement stops at 60"


@pytest.mark.parametrize("rule", ["pricing", "case_study", "form_reached"])
def test_explain_an_offer_gives_exactly_what_it_says(rule: str) -> None:
    events = [*born(seniority="director"), happened(1, START + DAY, "email_click")]
    told = explained("two-axis", events, START + 3 * DAY)
    offer = next(offer for offer in told.outlook.offers if offer.rule == rule)
    deed = {
        "pricing": happened(2, START + 3 * DAY, "page_view", page="pricing"),
        "case_study": happened(2, START + 3 * DAY, "page_view", page="case_study"),
        "form_reached": happened(2, START + 3 * DAY, "form_reached"),
    }[rule]
    after = explained("two-axis", [*events, deed], START + 3 * DAY)
    assert after.engagement - told.engagement == offer.points


def test_explain_the_path_to_the_next_band_leads_there() -> None:
    told = explained("two-axis", [*born(seniority="director")], START + DAY)
    assert (told.standing.total, told.standing.band, told.outlook.band) == (40, "warm", "hot")
    assert [gap.words for gap in told.outlook.missing] == ["30 points of total are missing (40 of 70)"]
    assert [offer.points for offer in told.outlook.path] == [15_000, 15_000]
    views = [happened(n, START + DAY + n, "page_view", page="pricing") for n in range(len(told.outlook.path))]
    assert explained("two-axis", [*born(seniority="director"), *views], START + 2 * DAY).standing.band == "hot"


def test_explain_names_the_fit_condition_that_is_missing_for_the_next_band() -> None:
    views = [happened(n, START + n * HOUR, "page_view", page="pricing") for n in range(1, 5)]
    stranger = LeadChanged(id="f", at=START, fields={"source": "newsletter"})
    told = explained("two-axis", [stranger, *views], START + DAY)
    assert (told.standing.engagement, told.standing.band) == (60, "warm")
    assert [gap.words for gap in told.outlook.missing] == [
        "10 points of total are missing (60 of 70)",
        "20 points of fit are missing (0 of 20)",
    ]
    assert told.outlook.path == ()
    assert {offer.axis for offer in told.outlook.offers} == {"fit"}
    assert told.standing.segment == "C"
    assert told.segment == "C: fit 0 is not high (from 20), engagement 60 is high (from 30)"


def test_explain_nobody_stands_above_the_highest_band() -> None:
    views = [happened(n, START + n * HOUR, "page_view", page="pricing") for n in range(1, 4)]
    told = explained("two-axis", [*born(seniority="director"), *views], START + DAY)
    assert (told.standing.band, told.outlook.band, told.outlook.offers) == ("hot", None, ())


def test_explain_says_what_keeps_an_excluded_lead_from_sales() -> None:
    views = [happened(n, START + n * HOUR, "page_view", page="pricing") for n in range(1, 4)]
    told = explained("two-axis", [*born(seniority="director", is_student=True), *views], START + DAY)
    assert (told.standing.band, told.standing.stage) == ("hot", "inquiry")
    assert told.gate == ("never handed to sales: student is yes",)


def test_explain_names_what_fired_every_task() -> None:
    views = [
        happened(1, START + DAY, "page_view", page="case_study"),
        happened(2, START + 2 * DAY, "page_view", page="case_study"),
    ]
    told = explained("two-axis", [*born(seniority="director"), *views], START + 3 * DAY)
    (task,) = [each for each in told.done if each.kind == "task"]
    assert task.because == ("case study revisit: page view",)


def test_explain_tells_what_comes_next_by_itself() -> None:
    told = explained("two-axis", [*born(), happened(1, START + DAY, "page_view", page="pricing")], START + 2 * DAY)
    assert told.next_due is not None
    assert told.coming
    late = explained(
        "two-axis",
        [
            LeadChanged(id="f", at=START, fields={}),
            happened(1, START, "unsubscribe"),
            happened(2, START + HOUR, "page_view", page="pricing"),
        ],
        START + 2 * DAY,
    )
    assert [each.words for each in late.coming] == ["\N{MINUS SIGN}3 of engagement after 14 idle days"]
    assert late.next_due == START + HOUR + 14 * DAY


def test_explain_a_long_ledger_shows_its_older_lines_as_their_sum() -> None:
    views = [happened(n, START + n * HOUR, "email_click") for n in range(1, 13)]
    told = explained("two-axis", [*born(), *views], START + DAY)
    clicks = [entry for entry in told.ledger if entry.axis == "engagement"]
    shown = list(shortened(clicks, "UTC", most=4))
    assert shown[0] == "+24 by 8 earlier lines, 5 January 2026 to 5 January 2026 (--all shows them)"
    assert len(shown) == 5
    assert sum(said(line) for line in shown) == told.engagement
    assert list(shortened(clicks, "UTC", most=12)) == [entry.words for entry in clicks]
