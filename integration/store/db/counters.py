"""Counters: numbers that only grow, each under a name of its own."""

from typing import Literal, TypeAlias

from sqlalchemy import BigInteger, Connection, bindparam, select

from integration.store.db.dialects import upsert
from integration.store.schema.tables import counters

Counter: TypeAlias = Literal["event_seq", "erased_dropped"]
"""SQLite's numbering of what happens; how many things were dropped because they were about somebody erased."""

_MORE = bindparam("more", type_=BigInteger)
_ADD = upsert(
    counters,
    ["name"],
    lambda _new: {"value": counters.c.value + _MORE},
    values={"name": bindparam("counter"), "value": _MORE},
    returning=[counters.c.value],
)
_VALUE = select(counters.c.value).where(counters.c.name == bindparam("counter"))


def add(conn: Connection, name: Counter, more: int) -> int:
    """Count so many more; the number that is reached."""
    return int(conn.execute(_ADD.on(conn), {"counter": name, "more": more}).scalar_one())


def value(conn: Connection, name: Counter) -> int:
    """The number that is reached; 0 before the first."""
    return int(conn.execute(_VALUE, {"counter": name}).scalar() or 0)
