"""What follows from a condition: the ground of every warning about what can never happen."""

import pytest

from integration.core.rules.conditions import Compare, Every, Some
from integration.playbook.compiling.condition_logic import contradictory, implies


def compare(subject: str, op: str, *values: object) -> Compare:
    return Compare(subject=subject, op=op, values=values)  # type: ignore[arg-type]


def every(*conditions: Compare) -> Every:
    return Every(conditions=conditions)


@pytest.mark.parametrize(
    ("narrow", "wide"),
    [
        (compare("fit", "at_least", 30), compare("fit", "at_least", 20)),
        (compare("fit", "at_least", 20), compare("fit", "at_least", 20)),
        (compare("fit", "above", 20), compare("fit", "at_least", 20)),
        (compare("fit", "above", 20), compare("fit", "above", 20)),
        (compare("fit", "below", 20), compare("fit", "at_most", 20)),
        (compare("industry", "is", "software"), compare("industry", "is", "SOFTWARE", "retail")),
        (compare("industry", "is", "software"), compare("industry", "known")),
        (every(compare("fit", "at_least", 30), compare("total", "at_least", 5)), compare("fit", "at_least", 20)),
    ],
)
def test_a_narrow_condition_implies_a_wide_one(narrow: Compare, wide: Compare) -> None:
    assert implies(narrow, wide)


@pytest.mark.parametrize(
    ("narrow", "wide"),
    [
        (compare("fit", "at_least", 20), compare("fit", "at_least", 30)),
        (compare("fit", "at_least", 20), compare("fit", "above", 20)),
        (compare("fit", "at_most", 20), compare("fit", "at_least", 10)),
        (compare("fit", "at_least", 30), compare("total", "at_least", 20)),
        (compare("industry", "is", "a", "b"), compare("industry", "is", "a")),
        (compare("industry", "unknown"), compare("industry", "known")),
        (Some(conditions=(compare("fit", "at_least", 30),)), compare("fit", "at_least", 20)),
    ],
)
def test_where_it_cannot_be_told_nothing_is_implied(narrow: Compare, wide: Compare) -> None:
    assert not implies(narrow, wide)


@pytest.mark.parametrize(
    "clauses",
    [
        (compare("total", "at_least", 40), compare("total", "below", 40)),
        (compare("total", "above", 40), compare("total", "at_most", 40)),
        (compare("stage", "is", "mql"), compare("stage", "is", "sal")),
        (compare("industry", "unknown"), compare("industry", "is", "a")),
    ],
)
def test_clauses_that_cannot_hold_together_are_found(clauses: tuple[Compare, ...]) -> None:
    assert contradictory(every(*clauses)) == clauses


@pytest.mark.parametrize(
    "clauses",
    [
        (compare("total", "at_least", 40), compare("total", "at_most", 40)),
        (compare("total", "at_least", 40), compare("fit", "below", 40)),
        (compare("stage", "is", "mql", "sal"), compare("stage", "is", "sal")),
    ],
)
def test_clauses_that_can_hold_together_are_left_alone(clauses: tuple[Compare, ...]) -> None:
    assert contradictory(every(*clauses)) is None
