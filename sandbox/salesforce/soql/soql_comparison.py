"""SOQL comparison: what a value in a query stands for, and each operator."""

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Self, TypeAlias

from sandbox.salesforce.soql.soql_parser import Operand
from sandbox.salesforce.state import salesforce_ids
from sandbox.salesforce.state.field_values import Field
from sandbox.salesforce.state.org import Values
from sandbox.salesforce.state.refusals import Refused
from sandbox.shared import sandbox_clock

Test: TypeAlias = Callable[[Values], bool]
Get: TypeAlias = Callable[[Values], Any]
_LENGTHS = frozenset({"last_n_days", "next_n_days", "n_days_ago"})
_FARTHEST = 36_500
"""Days: a century is enough."""
_DAYS = {"today": 0, "yesterday": -1, "tomorrow": 1}


class Span(tuple[Any, Any]):
    """What a value stands for: from the first to just before the second (the same for a point in time)."""

    __slots__ = ()

    def __new__(cls, low: Any, high: Any) -> Self:
        """From `low` to just before `high`."""
        return super().__new__(cls, (low, high))

    def holds(self, value: Any) -> bool:
        """Whether the value is the point, or lies within."""
        low, high = self
        return bool(value == low) if low == high else value is not None and bool(low <= value < high)


def _equal(get: Get, spans: Sequence[Span]) -> Test:
    chosen = {low for low, high in spans if low == high}
    wide = [span for span in spans if span[0] != span[1]]
    return lambda record: get(record) in chosen or any(span.holds(get(record)) for span in wide)


def _unequal(get: Get, spans: Sequence[Span]) -> Test:
    among = _equal(get, spans)
    return lambda record: not among(record)


def _includes(get: Get, spans: Sequence[Span]) -> Test:
    wanted = [set(str(low).split(";")) for low, _ in spans]
    return lambda record: any(part <= set((get(record) or "").split(";")) for part in wanted)


def _excludes(get: Get, spans: Sequence[Span]) -> Test:
    among = _includes(get, spans)
    return lambda record: not among(record)


def _like(get: Get, spans: Sequence[Span]) -> Test:
    pattern = re.compile(_written(str(spans[0][0])))
    return lambda record: pattern.fullmatch(get(record) or "") is not None


def _written(wanted: str) -> str:
    """A text with `%` for any text and `_` for any character, as a regular expression that tries no `%` twice."""
    first, *others = (".".join(map(re.escape, part.split("_"))) for part in wanted.split("%"))
    if not others:
        return f"(?s){first}"
    between = "".join(f"(?>.*?{part})" for part in others[:-1])
    return f"(?s){first}{between}.*{others[-1]}"


def _ordered(compare: Callable[[Any, Span], bool]) -> Callable[[Get, Sequence[Span]], Test]:
    def build(get: Get, spans: Sequence[Span]) -> Test:
        span = spans[0]
        return lambda record: (value := get(record)) is not None and span[0] is not None and compare(value, span)

    return build


TESTS: Mapping[str, Callable[[Get, Sequence[Span]], Test]] = {
    "=": _equal,
    "in": _equal,
    "!=": _unequal,
    "not in": _unequal,
    "like": _like,
    "includes": _includes,
    "excludes": _excludes,
    "<": _ordered(lambda value, span: bool(value < span[0])),
    ">=": _ordered(lambda value, span: bool(value >= span[0])),
    ">": _ordered(lambda value, span: bool(value > span[0] if span[0] == span[1] else value >= span[1])),
    "<=": _ordered(lambda value, span: bool(value <= span[1] if span[0] == span[1] else value < span[1])),
}


def caseless(value: Any) -> Any:
    """Text without regard to case; anything else as it is."""
    return value.lower() if isinstance(value, str) else value


def folder(field: Field) -> Callable[[Any], Any]:
    """Text is compared without regard to case; ids and times as they are."""
    if field.type in {"id", "reference", "date", "datetime"}:
        return lambda value: value
    return caseless


def span(field: Field, operand: Operand, now: int) -> tuple[Any, Any]:
    """A value from the query in the form the field is stored in, as a span. Raises Refused."""
    word = str(operand.value).lower()
    if operand.kind == "word" and word == "null":
        return None, None
    if field.type in {"date", "datetime"}:
        return _time_span(field, operand, now)
    if field.type == "boolean":
        if operand.kind == "word" and word in {"true", "false"}:
            return word == "true", word == "true"
        raise _mismatch(field, operand)
    if field.type in {"int", "double", "currency", "percent"}:
        if operand.kind != "number":
            raise _mismatch(field, operand)
        return float(operand.value), float(operand.value)
    if operand.kind != "string":
        raise _mismatch(field, operand)
    if field.type in {"id", "reference"}:
        long = salesforce_ids.long(operand.value)
        if not long:
            message = f"invalid ID field: {operand.value}"
            raise Refused(code="INVALID_QUERY_FILTER_OPERATOR", message=message)
        return long, long
    return operand.value, operand.value


def _time_span(field: Field, operand: Operand, now: int) -> tuple[str, str]:
    if field.type == "datetime" and operand.kind == "time":
        stamp = sandbox_clock.offset(sandbox_clock.read(operand.value.replace(" ", "+")))
        return stamp, stamp
    if field.type == "date" and operand.kind == "date":
        return operand.value, operand.value
    if operand.kind != "word":
        raise _mismatch(field, operand)
    name, _, count = operand.value.lower().partition(":")
    today = now // sandbox_clock.DAY
    if name in _DAYS:
        first, last = today + _DAYS[name], today + _DAYS[name] + 1
    elif name in _LENGTHS and count.isdigit() and int(count) <= _FARTHEST:
        away = int(count)
        bounds = {"last_n_days": (today - away, today + 1), "next_n_days": (today + 1, today + away + 1)}
        first, last = bounds.get(name, (today - away, today - away + 1))
    else:
        raise _mismatch(field, operand)
    write = sandbox_clock.day if field.type == "date" else sandbox_clock.offset
    return write(first * sandbox_clock.DAY), write(last * sandbox_clock.DAY)


def _mismatch(field: Field, operand: Operand) -> Refused:
    message = f"value of filter criterion for field '{field.name}' must be of type {field.type}: {operand.value}"
    return Refused(code="INVALID_FIELD", message=message)
