"""The SOQL parser: the text becomes a query, or Salesforce's complaint about it."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from sandbox.salesforce.state.refusals import Refused

_TOKENS = re.compile(
    r"""\s*(?:
      (?P<string>'(?:[^'\\]|\\.)*')
    | (?P<time>\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:?\d\d))
    | (?P<date>\d{4}-\d\d-\d\d)
    | (?P<number>[-+]?\d+(?:\.\d+)?)
    | (?P<word>[A-Za-z_][\w.]*(?::\d+)?)
    | (?P<sign><=|>=|!=|<>|=|<|>|\(|\)|,)
    )""",
    re.VERBOSE,
)
_ESCAPES = {"n": "\n", "r": "\r", "t": "\t", "b": "\b", "f": "\f"}
_RESERVED = {"from", "where", "order", "limit", "offset", "group", "having", "and", "or", "not", "in", "like"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Operand:
    """A value in a query: `kind` is string, time, date, number, word (true, false, null, TODAY …)."""

    kind: str
    value: Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """`field operator value`; `in` has several values."""

    field: str
    operator: str
    values: tuple[Operand, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Both:
    """All of the parts."""

    parts: tuple["Condition", ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Either:
    """One of the parts."""

    parts: tuple["Condition", ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Not:
    """Not the part."""

    part: "Condition"


Condition: TypeAlias = Comparison | Both | Either | Not


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """One ORDER BY: nulls come first unless said otherwise."""

    field: str
    descending: bool = False
    nulls_last: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """A read query. `fields` is ("COUNT()",) for a count."""

    fields: tuple[str, ...]
    object: str
    where: Condition | None = None
    order: tuple[Order, ...] = ()
    limit: int | None = None
    offset: int = 0


def malformed(message: str) -> Refused:
    """400 MALFORMED_QUERY."""
    return Refused(code="MALFORMED_QUERY", message=message)


def unexpected(token: Operand) -> Refused:
    """400 for a word that does not belong where it stands."""
    return malformed(f"unexpected token: '{token.value}'")


def parse(text: str) -> Query:
    """Read a query. Raises Refused."""
    return _Reader(text).query()


def _tokens(text: str) -> list[Operand]:
    found: list[Operand] = []
    place = 0
    body = text.rstrip()
    while place < len(body):
        match = _TOKENS.match(body, place)
        if match is None or match.lastgroup is None:
            message = f"unexpected token: '{body[place : place + 20].strip()}'"
            raise malformed(message)
        kind, value = match.lastgroup, match.group(match.lastgroup)
        if kind == "string":
            value = re.sub(r"\\(.)", lambda found: _ESCAPES.get(found[1], found[1]), value[1:-1])
        found.append(Operand(kind=kind, value=value))
        place = match.end()
    return found


class _Reader:
    def __init__(self, text: str) -> None:
        self._tokens = _tokens(text)
        self._place = 0

    def query(self) -> Query:
        self._expect("select")
        fields = self._names()
        self._expect("from")
        object_name = "Group" if self._take("group") else self._name()
        where = self._any() if self._take("where") else None
        order = self._orders() if self._take("order") else ()
        limit = self._number() if self._take("limit") else None
        offset = self._number() if self._take("offset") else 0
        if self._place < len(self._tokens):
            raise unexpected(self._peek())
        return Query(fields=fields, object=object_name, where=where, order=order, limit=limit, offset=offset)

    def _peek(self) -> Operand:
        if self._place < len(self._tokens):
            return self._tokens[self._place]
        return Operand(kind="end", value="<EOF>")

    def _take(self, *words: str) -> bool:
        token = self._peek()
        if token.kind in {"word", "sign"} and token.value.lower() in words:
            self._place += 1
            return True
        return False

    def _expect(self, word: str) -> None:
        if not self._take(word):
            raise unexpected(self._peek())

    def _name(self) -> str:
        token = self._peek()
        if token.kind != "word" or token.value.lower() in _RESERVED:
            raise unexpected(token)
        self._place += 1
        return str(token.value)

    def _number(self) -> int:
        token = self._peek()
        if token.kind != "number" or not token.value.isdigit():
            raise unexpected(token)
        self._place += 1
        return int(token.value)

    def _names(self) -> tuple[str, ...]:
        names = [self._selected()]
        while self._take(","):
            names.append(self._selected())
        return tuple(names)

    def _selected(self) -> str:
        name = self._name()
        if not self._take("("):
            return name
        self._expect(")")
        if name.lower() != "count":
            raise unexpected(Operand(kind="word", value=f"{name}("))
        return "COUNT()"

    def _any(self) -> Condition:
        parts = [self._all()]
        while self._take("or"):
            parts.append(self._all())
        return parts[0] if len(parts) == 1 else Either(parts=tuple(parts))

    def _all(self) -> Condition:
        parts = [self._one()]
        while self._take("and"):
            parts.append(self._one())
        return parts[0] if len(parts) == 1 else Both(parts=tuple(parts))

    def _one(self) -> Condition:
        if self._take("not"):
            return Not(part=self._one())
        if self._take("("):
            inner = self._any()
            self._expect(")")
            return inner
        return self._comparison()

    def _comparison(self) -> Comparison:
        field = self._name()
        if self._take("not"):
            self._expect("in")
            return Comparison(field=field, operator="not in", values=self._values())
        for word in ("in", "includes", "excludes"):
            if self._take(word):
                return Comparison(field=field, operator=word, values=self._values())
        if self._take("like"):
            return Comparison(field=field, operator="like", values=(self._value(),))
        token = self._peek()
        if token.kind != "sign" or token.value not in {"=", "!=", "<>", "<", "<=", ">", ">="}:
            raise unexpected(token)
        self._place += 1
        sign = "!=" if token.value == "<>" else token.value
        return Comparison(field=field, operator=sign, values=(self._value(),))

    def _values(self) -> tuple[Operand, ...]:
        self._expect("(")
        values = [self._value()]
        while self._take(","):
            values.append(self._value())
        self._expect(")")
        return tuple(values)

    def _value(self) -> Operand:
        token = self._peek()
        if token.kind in {"end", "sign"} or (token.kind == "word" and token.value.lower() in _RESERVED):
            raise unexpected(token)
        self._place += 1
        return token

    def _orders(self) -> tuple[Order, ...]:
        self._expect("by")
        orders: list[Order] = []
        while not orders or self._take(","):
            field = self._name()
            descending = self._take("desc") or (self._take("asc") and False)
            last = False
            if self._take("nulls"):
                last = self._take("last") or (self._take("first") and False)
            orders.append(Order(field=field, descending=descending, nulls_last=last))
        return tuple(orders)


def conjuncts(where: Condition | None) -> Sequence[Condition]:
    """The conditions that must all be true."""
    if where is None:
        return ()
    return where.parts if isinstance(where, Both) else (where,)
