"""The kinds of columns that the tables are made of, defined once."""

from typing import Any

from sqlalchemy import BigInteger, Column, Integer, Text
from sqlalchemy.sql.expression import text

RowId = BigInteger().with_variant(Integer(), "sqlite")
"""SQLite numbers rows by itself only where the type is spelled INTEGER."""


def words(name: str, *, null: bool = False, **more: Any) -> Column[Any]:
    """Text; an id, a name, or JSON."""
    return Column(name, Text, nullable=null, **more)


def big(name: str, *, null: bool = False, **more: Any) -> Column[Any]:
    """A whole number of 64 bits; an Instant, or a count that grows."""
    return Column(name, BigInteger, nullable=null, **more)


def number(name: str, *, null: bool = False, **more: Any) -> Column[Any]:
    """A small whole number."""
    return Column(name, Integer, nullable=null, **more)


def serial(name: str = "id") -> Column[Any]:
    """A key that the database numbers by itself."""
    return Column(name, RowId, primary_key=True, autoincrement=True)


def where(condition: str) -> dict[str, Any]:
    """The condition of a partial index, for both databases."""
    return {"sqlite_where": text(condition), "postgresql_where": text(condition)}
