"""The grammar of the language: conditions, patterns, spans. Text in, values with offsets out.

A condition is clauses joined by `and`: `employees 50-300`, `seniority = director|vp`, `function ~ sales`,
`industry in icp_industries`, `problem known`, `is_student`, `not opted_out`. A pattern is an activity type or the
name of a signal, with clauses on its properties: `page_view page=pricing`. Nothing here knows which names exist.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Literal, TypeAlias

from mappings.values.instant import DAY, HOUR, MINUTE, SECOND, Span, parse_span

Op: TypeAlias = Literal["is", "is_not", "at_least", "at_most", "above", "below", "contains", "known", "unknown", "in"]

_OPS: dict[str, Op] = {
    "=": "is",
    "!=": "is_not",
    ">=": "at_least",
    "<=": "at_most",
    ">": "above",
    "<": "below",
    "~": "contains",
}
NUMERIC: frozenset[Op] = frozenset({"at_least", "at_most", "above", "below"})

LONGEST: Span = 36_525 * DAY
"""A hundred years."""

ANY_ENGAGEMENT = "any engagement"
"""The pattern of every activity that scores and resets the idle clock."""

_NAME = re.compile(r"[A-Za-z_][\w.]*")
_AND = re.compile(r"(?<!\s)\s+and\s+")
_CLAUSE = re.compile(
    r"""(?P<not>not\s+)?(?P<name>[A-Za-z_][\w.]*)
    (?:\s*(?P<op>!=|>=|<=|=|>|<|~)\s*(?P<values>.*)
      |\s+(?P<low>\d+(?:\.\d+)?)\s*-\s*(?P<high>\d+(?:\.\d+)?)
      |\s+in\s+(?P<list>[A-Za-z_]\w*)
      |\s+(?P<word>known|unknown))?\s*""",
    re.VERBOSE,
)
_VALUE = re.compile(r"(?P<bare>!=|>=|<=|=|>|<|~|known$|unknown$|in\s+[A-Za-z_]\w*$|\d+(?:\.\d+)?\s*-\s*\d+(?:\.\d+)?$)")
_DATED = re.compile(
    r"\s*(?:(?P<span>\d+\s*[a-z])\s+(?P<side>before|after)|on)\s+(?P<name>[A-Za-z_][A-Za-z0-9_]*(?:\.[A-Za-z0-9_]+)?)\s*"
)
_NUMBER = re.compile(r"-?\d+(?:\.\d+)?|\d{4}-\d{2}-\d{2}(?:T\S+)?")
"""A number, or a date: which of the two a comparison takes, the field says."""


class Unreadable(ValueError):
    """A text that is not of this grammar; `at` counts characters from its beginning."""

    def __init__(self, text: str, at: int = 0) -> None:
        super().__init__(text)
        self.text = text
        self.at = at


@dataclass(frozen=True, slots=True, kw_only=True)
class Clause:
    """One comparison: `values` are texts as written; `at` and `values_at` are offsets in the whole text."""

    name: str
    op: Op
    values: tuple[str, ...]
    at: int
    values_at: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ConditionText:
    """Clauses that must all be true, and the text they were read from."""

    text: str
    clauses: tuple[Clause, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class PatternText:
    """An activity type or signal with conditions on its properties, and the text they were read from."""

    text: str
    name: str
    clauses: tuple[Clause, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class DatedText:
    """So long before (negative) or after the date that a field holds, and the text it was read from."""

    text: str
    name: str
    offset: Span
    at: int


def dated(text: str) -> DatedText:
    """Read `90d before renewal_date`, `7d after opportunity.closed_at` or `on renewal_date`; Unreadable otherwise."""
    found = _DATED.fullmatch(text)
    if found is None:
        msg = f"'{text}' cannot be read here (such as: 90d before renewal_date, on renewal_date)"
        raise Unreadable(msg)
    offset = span(found["span"]) if found["span"] else 0
    sign = -1 if found["side"] == "before" else 1
    return DatedText(text=text.strip(), name=found["name"], offset=sign * offset, at=found.start("name"))


def condition(text: str) -> ConditionText:
    """Read `total >= 70 and fit >= 20`; Unreadable with the offset of the first mistake."""
    return ConditionText(text=text, clauses=tuple(_clauses(text, 0)))


def value_of(field: str, text: str) -> ConditionText:
    """Read `director|vp`, `>= 50` or `unknown` as a condition on a field; offsets count in `text` alone."""
    before = f"{field} " if _VALUE.match(text) else f"{field} = "
    try:
        found = condition(before + text)
    except Unreadable as error:
        msg = f"'{text}' is no value of '{field}'"
        raise Unreadable(msg, max(0, error.at - len(before))) from None
    return ConditionText(text=text, clauses=tuple(_shifted(each, len(before)) for each in found.clauses))


def _shifted(clause: Clause, by: int) -> Clause:
    places = tuple(max(0, at - by) for at in clause.values_at)
    return replace(clause, at=max(0, clause.at - by), values_at=places)


def pattern(text: str) -> PatternText:
    """Read `page_view page=pricing and url ~ enterprise`; Unreadable with the offset of the first mistake."""
    if text.strip() == ANY_ENGAGEMENT:
        return PatternText(text=text, name=ANY_ENGAGEMENT, clauses=())
    if (found := _NAME.match(text)) is None:
        msg = f"'{text}' does not begin with an activity type or a signal"
        raise Unreadable(msg)
    rest = text[found.end() :]
    if rest and not rest[0].isspace():
        msg = f"a space is missing after '{found.group()}'"
        raise Unreadable(msg, found.end())
    start = found.end() + len(rest) - len(rest.lstrip())
    clauses = tuple(_clauses(text, start)) if rest.strip() else ()
    return PatternText(text=text, name=found.group(), clauses=clauses)


def _clauses(text: str, start: int) -> Iterator[Clause]:
    while True:
        joint = _AND.search(text, start)
        yield from _clause(text[: joint.start()] if joint else text, start)
        if joint is None:
            return
        start = joint.end()


def _clause(text: str, start: int) -> tuple[Clause, ...]:
    """The clause between `start` and the end of `text`; a range is two."""
    start += len(text[start:]) - len(text[start:].lstrip())
    found = _CLAUSE.fullmatch(text, start)
    if found is None:
        msg = f"'{text[start:]}' is not a condition (such as: employees 50-300, seniority = vp)"
        raise Unreadable(msg, start)
    name, at = found["name"], found.start("name")
    if found["op"]:
        return (_compared(found, name, at),)
    if found["low"]:
        return (
            Clause(name=name, op="at_least", values=(found["low"],), at=at, values_at=(found.start("low"),)),
            Clause(name=name, op="at_most", values=(found["high"],), at=at, values_at=(found.start("high"),)),
        )
    if found["list"]:
        return (Clause(name=name, op="in", values=(found["list"],), at=at, values_at=(found.start("list"),)),)
    if found["word"]:
        op: Op = "known" if found["word"] == "known" else "unknown"
        return (Clause(name=name, op=op, values=(), at=at, values_at=()),)
    return (Clause(name=name, op="is", values=("false" if found["not"] else "true",), at=at, values_at=(at,)),)


def _compared(found: re.Match[str], name: str, at: int) -> Clause:
    op = _OPS[found["op"]]
    values, places, here = [], [], found.start("values")
    for piece in found["values"].split("|"):
        value = piece.strip()
        if not value:
            msg = f"a value is missing after '{found['op']}'"
            raise Unreadable(msg, here)
        values.append(value)
        places.append(here + piece.index(value))
        here += len(piece) + 1
    if op in NUMERIC and (len(values) != 1 or not _NUMBER.fullmatch(values[0])):
        msg = f"'{found['values'].strip()}' is not a number"
        raise Unreadable(msg, places[0])
    return Clause(name=name, op=op, values=tuple(values), at=at, values_at=tuple(places))


def span(text: str) -> Span:
    """Read `30m`, `24h`, `14d` or `2w`; Unreadable otherwise."""
    try:
        length = parse_span(text)
    except ValueError as error:
        raise Unreadable(str(error)) from None
    if not length or text.rstrip().endswith("s"):  # nothing that a playbook says is a matter of seconds
        msg = f"'{text}' is not a length of time (such as: 24h, 14d)"
        raise Unreadable(msg)
    return bounded(length, text)


def bounded(length: Span, text: str) -> Span:
    """A length of time of a hundred years at the most; Unreadable otherwise: no calendar goes on for ever."""
    if length > LONGEST:
        msg = f"'{text}' is longer than a hundred years"
        raise Unreadable(msg)
    return length


def shown(length: Span) -> str:
    """A length of time as the language writes it: hours up to two days, then days."""
    for unit, size in (("d", DAY), ("h", HOUR), ("m", MINUTE)):
        if length and length % size == 0 and (unit != "d" or length > 2 * DAY):
            return f"{length // size}{unit}"
    return f"{length // SECOND}s"
