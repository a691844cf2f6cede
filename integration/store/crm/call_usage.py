"""Call usage: what each connection has asked of its CRM lately, for all workers; see connectors/base/limits.py.

Nothing here has to survive a power cut: the CRM's next reply gives a lost count again.
"""

from sqlalchemy import Connection, bindparam, select

from connectors.base.limits import Tally
from integration.store.db.dialects import Clock, upsert
from integration.store.db.json_codec import decode, encode
from integration.store.db.session import serialise
from integration.store.schema.tables import usage
from mappings.values.identifiers import ConnectionName
from mappings.values.instant import Instant

_GET = select(usage.c.tally).where(usage.c.connection == bindparam("lane"), usage.c.pool == bindparam("sort"))
_WITH_CLOCK = select(
    Clock(),
    select(usage.c.tally)
    .where(usage.c.connection == bindparam("lane"), usage.c.pool == bindparam("sort"))
    .scalar_subquery(),
)
_ALL = select(usage.c.connection, usage.c.tally).where(usage.c.pool == "").order_by(usage.c.connection)
_PUT = upsert(usage, ["connection", "pool"], lambda new: {"tally": new.tally, "updated_at": new.updated_at})


def alone(conn: Connection, connection: ConnectionName) -> None:
    """Until this transaction ends, nobody else counts calls of this connection; it need not be durable."""
    if conn.dialect.name == "postgresql":
        conn.exec_driver_sql("SET LOCAL synchronous_commit TO off")
    serialise(conn, f"usage:{connection}")


def get(conn: Connection, connection: ConnectionName, pool: str = "") -> Tally:
    """What has been counted; an empty tally before the first call."""
    held = conn.execute(_GET, {"lane": connection, "sort": pool}).scalar()
    return Tally() if held is None else decode(held, Tally)


def by_now(conn: Connection, connection: ConnectionName, pool: str = "") -> tuple[Tally, Instant]:
    """What has been counted, and the database's time, in one statement."""
    now, held = conn.execute(_WITH_CLOCK, {"lane": connection, "sort": pool}).one()
    return Tally() if held is None else decode(held, Tally), int(now)


def put(conn: Connection, connection: ConnectionName, pool: str, tally: Tally, now: Instant) -> None:
    """Store it, in the transaction that has read it `alone`."""
    row = {"connection": connection, "pool": pool, "tally": encode(tally), "updated_at": now}
    conn.execute(_PUT.on(conn), row)


def everything(conn: Connection) -> dict[str, Tally]:
    """The tally of every connection, searches apart."""
    return {name: decode(tally, Tally) for name, tally in conn.execute(_ALL)}
