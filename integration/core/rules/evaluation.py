"""Evaluation: the one way in which a condition is asked, whether of a lead or of an activity's properties.

A condition becomes a function once, so that the engine does not interpret it each time. What a comparison says of
texts, numbers, flags, lists and values that are missing stands in `comparison`, and nowhere else.
"""

from collections.abc import Callable, Sequence
from typing import Literal, TypeAlias, TypeVar, assert_never

from integration.core.rules.conditions import Compare, Condition, Every, Not, Some, alternatives, caseless
from mappings.model.canonical import Value

T = TypeVar("T")

Test: TypeAlias = Callable[[Value], bool]
"""Whether one value passes a comparison."""

Reader: TypeAlias = Callable[[str], Callable[[T], Value]]
"""For the name of a field, what gives its value in that of which a condition is asked; None where it is unknown."""

_BLANKS: tuple[Value, ...] = (None, "", ())


def evaluator(condition: Condition, reader: Reader[T]) -> Callable[[T], bool]:
    """A condition as a function of whatever `reader` reads."""
    match condition:
        case Compare():
            return _compared(comparison(condition), first_known(condition.subject, reader))
        case Every():
            return every([evaluator(each, reader) for each in condition.conditions])
        case Some():
            return some([evaluator(each, reader) for each in condition.conditions])
        case Not():
            holds = evaluator(condition.condition, reader)
            return lambda asked: not holds(asked)
        case _:
            assert_never(condition)


def first_known(subject: str, reader: Reader[T]) -> Callable[[T], Value]:
    """What gives a subject's value: of several names (`country|account.country`) that of the first that is known."""
    reads = [reader(name) for name in alternatives(subject)]
    if len(reads) == 1:
        return reads[0]
    return lambda asked: next((value for read in reads if (value := read(asked)) is not None), None)


def every(checks: Sequence[Callable[[T], bool]]) -> Callable[[T], bool]:
    """Whether all of these are true; of none, true."""
    if not checks:
        return lambda _: True
    first, *others = checks
    if not others:
        return first
    rest = every(others)
    return lambda asked: first(asked) and rest(asked)


def some(checks: Sequence[Callable[[T], bool]]) -> Callable[[T], bool]:
    """Whether at least one of these holds; of none, false."""
    if not checks:
        return lambda _: False
    first, *others = checks
    if not others:
        return first
    rest = some(others)
    return lambda asked: first(asked) or rest(asked)


def comparison(compare: Compare) -> Test:
    """Whether a value passes. One that is missing (None, an empty text or list) passes `unknown` and nothing else."""
    match compare.op:
        case "unknown":
            return _blank
        case "known":
            return _given
        case "is" | "is_not" | "contains" | "includes":
            return _chosen(compare.op, compare.values)
        case "at_least" | "at_most" | "above" | "below":
            return _ranks(compare.op, _number(compare.values[0]) if compare.values else None)
        case _:
            assert_never(compare.op)


def _blank(value: Value) -> bool:
    return value in _BLANKS


def _given(value: Value) -> bool:
    return value not in _BLANKS


def _chosen(op: Literal["is", "is_not", "contains", "includes"], values: Sequence[Value]) -> Test:
    match op:
        case "is":
            return _among([value for value in values if _given(value)])
        case "is_not":
            among = _among(values)
            return lambda value: _given(value) and not among(value)
        case "contains":
            texts = [str(value).casefold() for value in values]
            return lambda value: _given(value) and any(text in str(value).casefold() for text in texts)
        case "includes":
            return _includes(_among(values))


def _compared(test: Test, read: Callable[[T], Value]) -> Callable[[T], bool]:
    return lambda asked: test(read(asked))


def _among(values: Sequence[Value]) -> Test:
    """Whether a value is one of several, without regard to case."""
    wanted = frozenset(caseless(value) for value in values)

    def among(value: Value) -> bool:
        try:
            return (value.casefold() if type(value) is str else value) in wanted
        except TypeError:  # what a source sends need not be hashable: it is none of what a playbook can name
            return False

    return among


def _includes(among: Test) -> Test:
    """Whether a list has one of several values; a single value is a list of one text."""

    def includes(value: Value) -> bool:
        return _given(value) and any(map(among, value if isinstance(value, tuple) else (str(value),)))

    return includes


def _ranks(op: str, limit: float | None) -> Test:
    """Whether a value is a number on one side of a limit; without a limit, or where it is no number, it is not."""
    if limit is None:
        return lambda _: False
    bound = limit
    match op:
        case "at_least":
            return lambda value: (n := value if type(value) is int else _number(value)) is not None and n >= bound
        case "at_most":
            return lambda value: (n := value if type(value) is int else _number(value)) is not None and n <= bound
        case "above":
            return lambda value: (n := value if type(value) is int else _number(value)) is not None and n > bound
        case _:
            return lambda value: (n := value if type(value) is int else _number(value)) is not None and n < bound


def _number(value: Value) -> int | float | None:
    """A number, also where a source sent it as text; truth values are none."""
    if type(value) is int:
        return value
    if isinstance(value, str):
        try:
            return float(value)
        except ValueError:
            return None
    return value if isinstance(value, int | float) and not isinstance(value, bool) else None
