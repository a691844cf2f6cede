"""SQL that SQLite and PostgreSQL spell differently, in one place.

Lists travel as one JSON parameter: a statement keeps its text whatever the length of the list, so it
is built at import and prepared once, and no limit on bind variables applies.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from operator import itemgetter
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    ColumnElement,
    Connection,
    CursorResult,
    Select,
    Table,
    Text,
    bindparam,
    cast,
    column,
    func,
    select,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.dml import UpdateBase
from sqlalchemy.sql.expression import FunctionElement, TableValuedAlias

from integration.store.db.json_codec import encode

_SQLITE = sqlite.dialect()
_MAPPED_BYTES = 16 << 30
"""At most; SQLite's own limit may be lower."""


class _Elements(FunctionElement[Any]):
    name = "elements"
    inherit_cache = True


class _Pairs(FunctionElement[Any]):
    name = "pairs"
    inherit_cache = True


class Clock(FunctionElement[int]):
    """The database's own clock as an Instant; to the microsecond on PostgreSQL, to the millisecond on SQLite."""

    name = "clock"
    type = BigInteger()
    inherit_cache = True


@compiles(_Elements, "sqlite")
@compiles(_Pairs, "sqlite")
def _sqlite_each(element: FunctionElement[Any], compiler: SQLCompiler, **kw: Any) -> str:
    return f"json_each({compiler.process(element.clauses, **kw)})"


@compiles(_Elements, "postgresql")
def _postgresql_elements(element: _Elements, compiler: SQLCompiler, **kw: Any) -> str:
    return f"json_array_elements_text(CAST({compiler.process(element.clauses, **kw)} AS JSON))"


@compiles(_Pairs, "postgresql")
def _postgresql_pairs(element: _Pairs, compiler: SQLCompiler, **kw: Any) -> str:
    return f"json_each_text(CAST({compiler.process(element.clauses, **kw)} AS JSON))"


@compiles(Clock, "sqlite")
def _sqlite_clock(_element: Clock, _compiler: SQLCompiler, **_kw: Any) -> str:
    seconds = "CAST(strftime('%s', 'now') AS INTEGER) * 1000000"
    return f"({seconds} + CAST(substr(strftime('%f', 'now'), 4) AS INTEGER) * 1000)"


@compiles(Clock, "postgresql")
def _postgresql_clock(_element: Clock, _compiler: SQLCompiler, **_kw: Any) -> str:
    return "CAST(extract(epoch FROM clock_timestamp()) * 1000000 AS BIGINT)"


def among(subject: ColumnElement[Any], name: str) -> ColumnElement[bool]:
    """`subject` is in the list that parameter `name` carries as JSON text."""
    value = _Elements(bindparam(name, type_=Text)).table_valued("value").c.value
    if isinstance(subject.type, BigInteger):
        return subject.in_(select(cast(value, BigInteger)))
    return subject.in_(select(value))


def elements(name: str) -> TableValuedAlias:
    """A table of `value` (text) from the JSON list in parameter `name`."""
    return _Elements(bindparam(name, type_=Text)).table_valued("value")


def pairs(name: str) -> TableValuedAlias:
    """A table of `key` (text) and `value` (cast it) from the JSON object in parameter `name`."""
    return _Pairs(bindparam(name, type_=Text)).table_valued("key", "value")


@dataclass(frozen=True, slots=True)
class PerDialect:
    """One statement in both dialects."""

    sqlite: UpdateBase
    postgresql: UpdateBase
    answers: bool = False
    """Whether it answers with rows, which SQLite's driver does for one row at a time only."""

    def on(self, conn: Connection) -> UpdateBase:
        """The statement for this connection's database."""
        return self.postgresql if conn.dialect.name == "postgresql" else self.sqlite

    def many(self, conn: Connection, rows: Sequence[Mapping[str, Any]]) -> CursorResult[*tuple[Any, ...]]:
        """Run a statement that was built with `columns` for any number of rows, but not none.

        SQLite runs it row by row, which is its fastest way. PostgreSQL gets all rows as one JSON
        document, three times as fast as thousands of bind variables (measured).
        """
        if conn.dialect.name == "postgresql":
            return conn.execute(self.postgresql, {"rows": encode(rows)})
        return conn.execute(self.sqlite, rows) if self.answers else run_many(conn, self.sqlite, rows)


def run_many(
    conn: Connection, statement: UpdateBase, rows: Sequence[Mapping[str, Any]]
) -> CursorResult[*tuple[Any, ...]]:
    """Run a statement once for each row, but not for none; every row names the same parameters.

    On SQLite the rows go to the driver as they are, which halves the time under the writer lock: SQLAlchemy would look
    at each value again. So their values must be what the driver takes: text, numbers, bytes, None.
    """
    if conn.dialect.name == "postgresql":
        return conn.execute(statement, rows)
    sql, names, fixed = _spelled(statement, tuple(rows[0]))
    if fixed:
        return conn.exec_driver_sql(sql, [tuple(row.get(name, fixed.get(name)) for name in names) for row in rows])
    if len(names) == 1:
        return conn.exec_driver_sql(sql, [(row[names[0]],) for row in rows])
    return conn.exec_driver_sql(sql, list(map(itemgetter(*names), rows)))


def plain_rows(conn: Connection, statement: Select[Any], values: Mapping[str, Any]) -> list[Any]:
    """The rows of a statement as the driver has them, for very many of them: SQLAlchemy makes an object of each.

    Only for columns of text and numbers. SQLite reads its file through memory from then on in this connection: rows
    that lie far apart cost a call of the system each otherwise.
    """
    if conn.dialect.name == "sqlite":
        conn.exec_driver_sql(f"PRAGMA mmap_size = {_MAPPED_BYTES}")
    with conn.execute(statement, values) as result:
        return list(result.cursor.fetchall())


@lru_cache(maxsize=128)
def _spelled(statement: UpdateBase, given: tuple[str, ...]) -> tuple[str, tuple[str, ...], Mapping[str, Any]]:
    """A statement in SQLite's words, the names of its parameters in order, and the values of those that are fixed."""
    compiled = statement.compile(dialect=_SQLITE, column_keys=list(given))
    names = tuple(getattr(compiled, "positiontup", None) or ())
    return str(compiled), names, {name: compiled.params[name] for name in names if name not in given}


def _source(table: Table, columns: Sequence[str]) -> Any:
    """The rows of the JSON document in parameter `rows`, under the table's own types."""
    document = func.json_to_recordset(cast(bindparam("rows", type_=Text), JSON))
    given = document.table_valued(*(column(name, table.c[name].type) for name in columns), name="given")
    typed = given.render_derived(with_types=True)
    return select(*(typed.c[name] for name in columns))


def insert_new(
    table: Table,
    key: Sequence[str] | None,
    *,
    columns: Sequence[str] = (),
    returning: Sequence[ColumnElement[Any]] = (),
) -> PerDialect:
    """Insert rows, silently leaving out those whose `key` (None: any unique key) is already there."""
    here, there = sqlite.insert(table), postgresql.insert(table)
    if columns:
        there = there.from_select(columns, _source(table, columns))
    here, there = (
        here.on_conflict_do_nothing(index_elements=key),
        there.on_conflict_do_nothing(index_elements=key),
    )
    if returning:
        return PerDialect(here.returning(*returning), there.returning(*returning), answers=True)
    return PerDialect(here, there)


def upsert(  # noqa: PLR0913 - an upsert has these parts
    table: Table,
    key: Sequence[str],
    update: Callable[[Any], Mapping[str, Any]],
    *,
    columns: Sequence[str] = (),
    values: Mapping[str, Any] | None = None,
    only_where: ColumnElement[bool] | None = None,
    returning: Sequence[ColumnElement[Any]] = (),
) -> PerDialect:
    """Insert rows, or update those whose `key` is there; `update` gets the row that was to be inserted."""
    here, there = sqlite.insert(table), postgresql.insert(table)
    if columns:
        there = there.from_select(columns, _source(table, columns))
    if values is not None:
        here, there = here.values(values), there.values(values)
    here = here.on_conflict_do_update(index_elements=key, set_=update(here.excluded), where=only_where)
    there = there.on_conflict_do_update(index_elements=key, set_=update(there.excluded), where=only_where)
    if returning:
        return PerDialect(here.returning(*returning), there.returning(*returning), answers=True)
    return PerDialect(here, there)
