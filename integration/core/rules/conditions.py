"""Conditions: what a playbook asks about a lead's fields, its account's fields, scores and stage."""

from dataclasses import dataclass
from typing import Literal, TypeAlias, assert_never

from mappings.model.canonical import Value

Op: TypeAlias = Literal[
    "is", "is_not", "at_least", "at_most", "above", "below", "known", "unknown", "contains", "includes"
]
"""`is` one of the values; `contains` one of the texts; `includes`: a list that has one of the values."""

STANDING: tuple[str, ...] = (
    "fit",
    "engagement",
    "total",
    "band",
    "segment",
    "stage",
    "track",
    "funnel",
    "persona",
    "buying_job",
    "recycle_reason",
    "excluded",
)
"""Names of the standing that a condition may use. Scores are compared in thousandths of a point."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Compare:
    """One field against values. A field that nobody has supplied matches nothing but `unknown`.

    `subject` is a lead field (`seniority`), an account field (`account.employees`) or a name of STANDING
    (`engagement`); in a Match it is a property of the activity. A subject with several names separated by
    `|` takes the first that is known (`country|account.country`). Texts compare without regard to case.
    The numbers of `fit`, `engagement` and `total` are thousandths of a point.
    """

    subject: str
    op: Op
    values: tuple[Value, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Every:
    """All of these are true (an empty one always is)."""

    conditions: tuple["Condition", ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Some:
    """At least one of these holds."""

    conditions: tuple["Condition", ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Not:
    """This is not true; so it is true of an unknown field."""

    condition: "Condition"


Condition: TypeAlias = Compare | Every | Some | Not

ALWAYS: Condition = Every(conditions=())


def alternatives(subject: str) -> tuple[str, ...]:
    """The names that a subject gives, in turn: the first that is known counts (`country|account.country`)."""
    return tuple(subject.split("|"))


def subjects(condition: Condition) -> frozenset[str]:
    """Every name that a condition reads."""
    match condition:
        case Compare():
            return frozenset(alternatives(condition.subject))
        case Every() | Some():
            return frozenset().union(*(subjects(each) for each in condition.conditions))
        case Not():
            return subjects(condition.condition)
        case _:
            assert_never(condition)


def caseless(value: Value) -> Value:
    """A value as it is compared: texts without regard to case."""
    return value.casefold() if isinstance(value, str) else value
