"""Copied leads: an installation that was lived through becomes one of any size, by copies of all of its rows.

A copy is told apart by a mark in every id: `lead000012` of the seventh copy is `c7lead000012`, at `c7firm000003`. The
database copies by itself, a copy a transaction. On PostgreSQL secondary indexes are made anew at the end, which takes
a tenth of the time that keeping them takes.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import (
    Column,
    ColumnElement,
    Connection,
    Engine,
    Table,
    Text,
    UniqueConstraint,
    create_engine,
    func,
    insert,
    literal,
    select,
    text,
)
from sqlalchemy.schema import AddConstraint, DropConstraint

from integration.rig.publish_drill.living_people import FIRM, LEAD
from integration.store.db.session import Store
from integration.store.schema import tables

COPIED: tuple[Table, ...] = (
    tables.accounts,
    tables.leads,
    tables.references,
    tables.activities,
    tables.changes,
    tables.effects,
    tables.outbox,
    tables.assignments,
    tables.alerts,
    tables.clock_runs,
    tables.checkpoints,
)
"""What an installation has of each lead; of what it has once, a large one has no more."""
_PATIENCE = 60.0
"""Seconds for which SQLite waits for others."""
_IDS = (f"{LEAD}0", f"{FIRM}0")
"""How the ids of all originals begin."""
_MARKED = {("activities", "key"), ("crm_references", "external_id")}
"""Columns that name their row without naming a lead."""
_NUMBERED = {("outbox", "id")}
_SEQUENCES = {("activities", "seq"), ("changes", "seq"), ("leads", "seen"), ("accounts", "seen")}


def multiply(store: Store, already: int, copies: int, tell: Callable[[int], None]) -> None:
    """Have so many copies of the first leads, where `already` are there; `tell` gets how many there are."""
    engine = _engine(store)
    try:
        with engine.connect() as conn:
            span = _last(conn) + 1
        with _without_indexes(engine):
            for number in range(already, copies):
                with engine.begin() as conn:
                    for table in COPIED:
                        conn.execute(_copy(table, mark(number), number * span))
                tell(number + 1)
        with engine.begin() as conn:
            _go_on_after(conn, copies * span)
        if not _is_sqlite(engine):
            with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as conn:
                conn.execute(text("VACUUM ANALYZE"))
        else:
            store.tend()
    finally:
        engine.dispose()


def mark(copy: int) -> str:
    """What every id of a copy begins with; "" for the originals, which are copy 0."""
    return f"c{copy}" if copy else ""


def _engine(store: Store) -> Engine:
    """A way to the database beside the store's: nobody waits for what takes minutes, and a power cut may take it."""
    if store.url.get_backend_name() == "sqlite":
        return create_engine(store.url, connect_args={"timeout": _PATIENCE})
    options = "-c synchronous_commit=off -c maintenance_work_mem=256MB"
    return create_engine(store.url, connect_args={"options": options})


def _copy(table: Table, marked: str, further: int) -> Any:
    """INSERT … SELECT of the original rows, each id with the mark; originals are those whose ids have none."""
    columns = [each for each in table.columns if (table.name, each.name) not in _NUMBERED]
    owner = next(table.columns[name] for name in ("lead_id", "account_id", "id") if name in table.columns)
    originals = [owner.startswith(each) for each in _IDS]
    if table is tables.changes or table is tables.activities or table is tables.references:
        originals = [table.c.lead_id.startswith(_IDS[0]), table.c.account_id.startswith(_IDS[1])]
    rows = select(*(_copied(table, each, marked, further) for each in columns)).where(originals[0] | originals[1])
    return insert(table).from_select([each.name for each in columns], rows)


def _copied(table: Table, column: Column[Any], marked: str, further: int) -> ColumnElement[Any]:
    place = (table.name, column.name)
    if place in _SEQUENCES:
        return column + further
    if place in _MARKED:
        return literal(marked) + column
    if isinstance(column.type, Text):
        found: ColumnElement[Any] = column
        for each in _IDS:
            found = func.replace(found, each, f"{marked}{each}")
        return found
    return column


def _last(conn: Connection) -> int:
    """The highest number of what happened, among the originals."""
    found = [
        conn.execute(select(func.max(each.c.seq)).where(each.c.lead_id.startswith(_IDS[0]))).scalar()
        for each in (tables.activities, tables.changes)
    ]
    return max(int(each or 0) for each in found)


def _go_on_after(conn: Connection, number: int) -> None:
    """What happens from now on is numbered above all copies."""
    if conn.dialect.name == "sqlite":
        conn.execute(
            text("UPDATE counters SET value = max(value, :number) WHERE name = 'event_seq'"), {"number": number}
        )
    else:
        conn.execute(text("SELECT setval('event_seq', greatest(:number, nextval('event_seq')))"), {"number": number})


@contextmanager
def _without_indexes(engine: Engine) -> Iterator[None]:
    if _is_sqlite(engine):
        yield
        return
    indexes = [index for table in COPIED for index in table.indexes]
    unique = [each for table in COPIED for each in table.constraints if isinstance(each, UniqueConstraint)]
    with engine.begin() as conn:
        for index in indexes:
            index.drop(conn, checkfirst=True)
        for each in unique:
            conn.execute(DropConstraint(each))
    yield
    with engine.begin() as conn:
        for each in unique:
            conn.execute(AddConstraint(each))
        for index in indexes:
            index.create(conn)


def _is_sqlite(engine: Engine) -> bool:
    return engine.dialect.name == "sqlite"
