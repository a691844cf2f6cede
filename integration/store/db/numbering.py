"""One numbering for everything that happens to leads and accounts, so that one `seen` covers it all.

On PostgreSQL a sequence, which no writer waits for; on SQLite, where one writes at a time, a row of
`cursors`. Numbers only grow and are never used twice, also not after an erasure.
"""

from sqlalchemy import BigInteger, Connection, Text, bindparam, cast, func, select

from integration.store.db.dialects import upsert
from integration.store.schema.tables import EVENTS, cursors

_NAME = "event_seq"
_STEP = bindparam("step", type_=BigInteger)
_NEXT = select(EVENTS.next_value()).select_from(func.generate_series(1, _STEP))
_ADVANCE = upsert(
    cursors,
    ["name"],
    lambda _new: {"value": cast(cast(cursors.c.value, BigInteger) + _STEP, Text)},
    values={"name": _NAME, "value": cast(_STEP, Text), "updated_at": 0},
    returning=[cursors.c.value],
)


def numbers(conn: Connection, count: int) -> list[int]:
    """The next `count` numbers, ascending."""
    if conn.dialect.name == "postgresql":
        return [int(number) for number in conn.execute(_NEXT, {"step": count}).scalars()]
    last = int(conn.execute(_ADVANCE.on(conn), {"step": count}).scalar_one())
    return list(range(last - count + 1, last + 1))
