"""One numbering for everything that happens to leads and accounts, so that one `seen` covers it all.

On PostgreSQL a sequence, which no writer waits for; on SQLite, where one writes at a time, a counter. Numbers only
grow and are never used twice, also not after an erasure.
"""

from sqlalchemy import BigInteger, Connection, bindparam, func, select

from integration.store.db import counters
from integration.store.schema.tables import EVENTS

_NEXT = select(EVENTS.next_value()).select_from(func.generate_series(1, bindparam("step", type_=BigInteger)))


def numbers(conn: Connection, count: int) -> list[int]:
    """The next `count` numbers, ascending."""
    if conn.dialect.name == "postgresql":
        return [int(number) for number in conn.execute(_NEXT, {"step": count}).scalars()]
    last = counters.add(conn, "event_seq", count)
    return list(range(last - count + 1, last + 1))
