"""Mentions: finds an e-mail address in any text of any table, and blacks it out there.

What is about a person is deleted elsewhere (store/erasure.py). This is for what others said that holds the person's
address: a property of a colleague's activity, a CRM's words about another record.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from sqlalchemy import Column, ColumnElement, Connection, Table, Text, and_, cast, func, or_, select, update
from sqlalchemy.dialects.postgresql import BYTEA
from sqlalchemy.sql.sqltypes import LargeBinary

from integration.store.schema.tables import audit, erased, erasure_keys, leases, metadata
from mappings.values import emails
from mappings.values.person_names import ERASED

_ESCAPED = ("\\u00", "&#")
"""Spellings of JSON and XML behind which an address could stand unseen."""
_APART = {audit, erased, erasure_keys, leases}
"""The audit is never changed, and contains no personal data; nor do the others, by the way they are made."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Mention:
    """A text that holds one of the addresses: table, primary key, column."""

    table: Table
    key: tuple[Any, ...]
    column: str


def find(conn: Connection, addresses: Iterable[str]) -> list[Mention]:
    """Every text, outside raw deliveries, in which one of these addresses stands in any of its spellings."""
    wanted = written(addresses)
    if not wanted:
        return []
    pattern = spelled(wanted)
    found: list[Mention] = []
    for table in metadata.sorted_tables:
        if table not in _APART:
            found += _in_table(conn, table, wanted, pattern)
    return found


def black(conn: Connection, mentions: Sequence[Mention], addresses: Iterable[str], unique: Callable[[str], str]) -> int:
    """Put `[erased]` in the place of the addresses; `unique` distinguishes texts that must differ."""
    pattern = spelled(addresses)
    changed = 0
    for mention in mentions:
        table, column = mention.table, mention.table.c[mention.column]
        here = _at(table, mention.key)
        text = conn.execute(select(column).where(here)).scalar()
        if text is None or not pattern.search(text):
            continue
        rest = pattern.sub(ERASED, text)
        if _is_unique(table, column) and conn.execute(select(column).where(column == rest)).first():
            rest += unique(text)
        conn.execute(update(table).where(here).values({column: rest}))
        changed += 1
    return changed


def written(addresses: Iterable[str]) -> list[str]:
    """The addresses in every spelling in which others, or earlier versions, may have written them."""
    return sorted({form for each in addresses for form in (*emails.spellings(each), *emails.casefolded(each))})


def spelled(addresses: Iterable[str]) -> re.Pattern[str]:
    """What matches these addresses in any spelling, also as a link writes them, and not as a part of longer ones."""
    forms = written(addresses)
    each = (re.escape(form) for email in forms for form in (email, email.replace("@", "%40"), quote(email)))
    return re.compile(rf"(?<![\w.+])(?<![a-z]-)(?:{'|'.join(each)})(?!\w|-[a-z]|\.\w)", re.IGNORECASE)


def holds(conn: Connection, column: ColumnElement[Any], needles: Iterable[str]) -> ColumnElement[bool]:
    """A first, coarse look at a text or raw body: whether any of the needles (ASCII, lower case) may stand in it.

    True also where JSON or XML could hide one.
    """
    text = func.lower(_plain(conn, column))
    return or_(*(text.contains(needle, autoescape=True) for needle in (*needles, *_ESCAPED)))


def core(name: str) -> str:
    """The longest part of a text that every database lowers alike: its longest run of ASCII."""
    runs: list[str] = re.findall(r"[\x21-\x7e]+", name.lower())
    return max(runs, key=len, default="")


def _plain(conn: Connection, column: ColumnElement[Any]) -> ColumnElement[Any]:
    if isinstance(column.type, LargeBinary) and conn.dialect.name == "postgresql":
        return func.encode(cast(column, BYTEA), "escape")  # bytes that are no UTF-8 are no error here
    return cast(column, Text)


def _in_table(conn: Connection, table: Table, forms: Sequence[str], pattern: re.Pattern[str]) -> Iterator[Mention]:
    for column in table.columns:
        if not isinstance(column.type, Text):
            continue  # a raw delivery is read item by item: flows/privacy/raw_deliveries.py
        keys = list(table.primary_key.columns)
        text = func.lower(cast(column, Text))
        parts = [[core(part) for part in form.split("@")] for form in forms]
        there = or_(*(and_(*(text.contains(part, autoescape=True) for part in each)) for each in parts))
        for *key, value in conn.execute(select(*keys, column).where(column.is_not(None), there)):
            if pattern.search(value):
                yield Mention(table=table, key=tuple(key), column=column.name)


def _at(table: Table, key: Sequence[Any]) -> ColumnElement[bool]:
    return and_(*(column == value for column, value in zip(table.primary_key.columns, key, strict=True)))


def _is_unique(table: Table, column: Column[Any]) -> bool:
    constrained = {each.name for held in table.constraints for each in getattr(held, "columns", ())}
    return str(column.name) in constrained
