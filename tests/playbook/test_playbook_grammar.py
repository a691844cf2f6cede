"""The few words of the playbook language: what reads how, and where a mistake begins."""

import pytest

from integration.playbook.language.grammar import Clause, Unreadable, condition, pattern, shown, span
from mappings.values.instant import DAY, HOUR, MINUTE


def told(clause: Clause) -> tuple[str, str, tuple[str, ...]]:
    return clause.name, clause.op, clause.values


@pytest.mark.parametrize(
    ("text", "clauses"),
    [
        ("fit >= 20", [("fit", "at_least", ("20",))]),
        ("fit>=20", [("fit", "at_least", ("20",))]),
        ("fit <= 20", [("fit", "at_most", ("20",))]),
        ("fit > 20", [("fit", "above", ("20",))]),
        ("fit < 2.5", [("fit", "below", ("2.5",))]),
        ("seniority = vp|director", [("seniority", "is", ("vp", "director"))]),
        ("stage != mql", [("stage", "is_not", ("mql",))]),
        ("function ~ sales operations|revops", [("function", "contains", ("sales operations", "revops"))]),
        ("industry known", [("industry", "known", ())]),
        ("industry unknown", [("industry", "unknown", ())]),
        ("industry in icp", [("industry", "in", ("icp",))]),
        ("is_student", [("is_student", "is", ("true",))]),
        ("not is_student", [("is_student", "is", ("false",))]),
        ("employees 50-300", [("employees", "at_least", ("50",)), ("employees", "at_most", ("300",))]),
        ("account.name known", [("account.name", "known", ())]),
        ("total >= 70 and fit >= 20", [("total", "at_least", ("70",)), ("fit", "at_least", ("20",))]),
    ],
)
def test_a_condition_is_clauses_joined_by_and(text: str, clauses: list[tuple[str, str, tuple[str, ...]]]) -> None:
    assert [told(each) for each in condition(text).clauses] == clauses


def test_clauses_know_where_they_and_their_values_stand() -> None:
    text = "total >= 70 and seniority = vp | director"
    first, second = condition(text).clauses
    assert (first.at, second.at) == (text.index("total"), text.index("seniority"))
    assert second.values_at == (text.index("vp"), text.index("director"))


@pytest.mark.parametrize(
    ("text", "at"),
    [
        ("fit >=", 6),
        ("fit >= much", 7),
        ("fit is 20", 0),
        ("fit >= 20 and", 7),
        ("fit >= 20 and ?", 14),
        ("= 3", 0),
        ("", 0),
    ],
)
def test_what_is_no_condition_is_told_where(text: str, at: int) -> None:
    with pytest.raises(Unreadable) as caught:
        condition(text)
    assert caught.value.at == at


def test_a_pattern_is_a_name_and_conditions_on_properties() -> None:
    found = pattern("page_view page=pricing and url ~ enterprise")
    assert found.name == "page_view"
    assert [told(each) for each in found.clauses] == [
        ("page", "is", ("pricing",)),
        ("url", "contains", ("enterprise",)),
    ]


def test_any_engagement_is_a_pattern() -> None:
    assert pattern("any engagement").name == "any engagement"


@pytest.mark.parametrize("text", ["", "9lives", "page-view", "page_view page=", "page_view=pricing"])
def test_what_is_no_pattern_is_refused(text: str) -> None:
    with pytest.raises(Unreadable):
        pattern(text)


@pytest.mark.parametrize(
    ("text", "length"),
    [("30m", 30 * MINUTE), ("24h", 24 * HOUR), ("14d", 14 * DAY), ("2w", 14 * DAY), ("3 d", 3 * DAY)],
)
def test_spans(text: str, length: int) -> None:
    assert span(text) == length


@pytest.mark.parametrize("text", ["14", "d", "14x", "0d", "-1d", "1.5d", "14 days", ""])
def test_what_is_no_span_is_refused(text: str) -> None:
    with pytest.raises(Unreadable):
        span(text)


@pytest.mark.parametrize("text", ["30m", "24h", "48h", "3d", "14d"])
def test_a_span_is_shown_as_it_is_written(text: str) -> None:
    assert shown(span(text)) == text
