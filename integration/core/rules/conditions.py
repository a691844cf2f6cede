"""Conditions: what a playbook asks about a lead's fields, its account's fields, scores and stage."""

from collections.abc import Callable
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

Read: TypeAlias = Callable[[str], Value]
"""The value of a subject, None where unknown."""


def holds(condition: Condition, read: Read) -> bool:
    """Whether a condition holds of the values that `read` gives."""
    match condition:
        case Compare():
            return passes(condition, _first_known(condition.subject, read))
        case Every():
            return all(holds(each, read) for each in condition.conditions)
        case Some():
            return any(holds(each, read) for each in condition.conditions)
        case Not():
            return not holds(condition.condition, read)
        case _:
            assert_never(condition)


def subjects(condition: Condition) -> frozenset[str]:
    """Every name that a condition reads."""
    match condition:
        case Compare():
            return frozenset(condition.subject.split("|"))
        case Every() | Some():
            return frozenset().union(*(subjects(each) for each in condition.conditions))
        case Not():
            return subjects(condition.condition)
        case _:
            assert_never(condition)


def _first_known(subject: str, read: Read) -> Value:
    if "|" not in subject:
        return read(subject)
    return next((value for name in subject.split("|") if (value := read(name)) is not None), None)


def passes(compare: Compare, value: Value) -> bool:
    """Whether one value passes one comparison."""
    op = compare.op
    if value is None or value in ("", ()):
        return op == "unknown"
    if op in ("known", "unknown"):
        return op == "known"
    if op in ("is", "is_not"):
        return _among(value, compare.values) == (op == "is")
    if op == "contains":
        text = str(value).casefold()
        return any(str(each).casefold() in text for each in compare.values)
    if op == "includes":
        listed = value if isinstance(value, tuple) else (str(value),)
        return any(_among(each, compare.values) for each in listed)
    return _ranks(op, value, compare.values[0])


def _among(value: Value, values: tuple[Value, ...]) -> bool:
    """Whether a value is one of several. Compared one by one: what a source sends need not be hashable."""
    wanted = folded(value)
    return any(wanted == folded(each) for each in values)


def _ranks(op: str, value: Value, bound: Value) -> bool:
    number, limit = _number(value), _number(bound)
    if number is None or limit is None:
        return False
    if op == "at_least":
        return number >= limit
    if op == "at_most":
        return number <= limit
    return number > limit if op == "above" else number < limit


def _number(value: Value) -> int | float | None:
    """A number, also where a source sent it as text; truth values are none."""
    if isinstance(value, str):
        try:
            return float(value)
        except ValueError:
            return None
    return value if isinstance(value, int | float) and not isinstance(value, bool) else None


def folded(value: Value) -> Value:
    """A value as it is compared: texts without regard to case."""
    return value.casefold() if isinstance(value, str) else value
