"""Lane shards: into how many shards the lanes of leads and of deliveries are parted, and what crosses them.

The number is one of the store, so that every process on every host has the same. Whoever takes a lease looks at it in
the same transaction; whoever changes it takes every lease from its holder in its own. So nobody works a lead by a
number that is over, and no lead is decided about twice at once. SQLite has one writer, and always one shard.

A lead is decided about under its shard's lease; what concerns leads of several shards (two that are one person, a
derived activity that is taken back) is done by the first shard, while no other decides.
"""

from dataclasses import dataclass

from sqlalchemy import Connection, bindparam, func, select, text

from integration.store.db import kept_values
from integration.store.db.dialects import Clock
from integration.store.db.shards import Shard
from integration.store.queues import leases
from integration.store.queues.leases import Lease
from integration.store.schema.tables import leases as held
from mappings.values.instant import Instant, Span

_CROSSING = "leads of several shards"
_PATIENT = text("SET LOCAL lock_timeout = 20000")
"""Milliseconds: a batch of another shard may take longer than what a writer waits for usually."""
_ALONE = select(func.pg_advisory_xact_lock(func.hashtext(bindparam("name"))))
_BESIDE = select(func.pg_advisory_xact_lock_shared(func.hashtext(bindparam("name"))))
_NOBODY_TAKES = text("LOCK TABLE leases IN SHARE ROW EXCLUSIVE MODE")
_BUSY = select(held.c.name, held.c.holder, held.c.expires_at).where(
    held.c.expires_at > Clock(), held.c.expires_at <= Clock() + leases.LONGEST
)


@dataclass(frozen=True, slots=True)
class Holder:
    """Who holds a lease, and until when."""

    name: str
    until: Instant


def many(conn: Connection) -> bool:
    """Whether the database is one whose lanes can have several shards."""
    return conn.dialect.name == "postgresql"


def count(conn: Connection) -> int:
    """How many shards the lanes have; asks nothing of SQLite, which has one."""
    return int(kept_values.of_service(conn, "lane_shards") or 1) if many(conn) else 1


def change(conn: Connection, of: int, now: Instant) -> None:
    """From this transaction's commit on the lanes have so many shards; whoever works one loses it, and saves nothing.

    Waits for batches under way, and keeps new ones from beginning. Raises ValueError for a number that cannot be.
    """
    Shard(of=of)
    if not many(conn):
        msg = "SQLite has one writer at a time, and its lanes one shard: several need PostgreSQL"
        raise ValueError(msg)
    conn.execute(_PATIENT)
    conn.execute(_NOBODY_TAKES)
    leases.revoke(conn)
    kept_values.put_of_service(conn, "lane_shards", str(of), now)


def name(lane: str, shard: Shard) -> str:
    """What the lease of a lane's shard is called: `advance`, or `advance:2` where there are several."""
    return lane if shard.whole else f"{lane}:{shard.number}"


def take(conn: Connection, lane: str, shard: Shard, holder: str, span: Span) -> tuple[Lease | None, int]:
    """Take the lease of a lane's shard, as `leases.take`, and how many shards the lane has.

    No lease where it has another number of shards than the caller knew.
    """
    lease = leases.take(conn, name(lane, shard), holder, span, shard)
    if lease is None:
        return None, shard.of
    of = count(conn)  # after the lease's row: a change of the number is either seen here, or waits and revokes
    if of == shard.of:
        return lease, of
    leases.release(conn, lease)
    return None, of


def free(conn: Connection, lane: str, of: int) -> list[Shard]:
    """The shards of a lane that nobody works now."""
    busy = holders(conn)
    shards = (Shard(number=number, of=of) for number in range(of))
    return [shard for shard in shards if name(lane, shard) not in busy]


def holders(conn: Connection) -> dict[str, Holder]:
    """Who holds which lease now, by its name."""
    return {lease: Holder(holder, until) for lease, holder, until in conn.execute(_BUSY)}


def beside(conn: Connection, lease: Lease) -> None:
    """Until this transaction ends, nothing that concerns several shards is done; other shards go on."""
    if not lease.shard.whole:
        conn.execute(_BESIDE, {"name": _CROSSING})


def alone(conn: Connection, lease: Lease) -> None:
    """Until this transaction ends, no shard decides about leads. Waits for batches under way."""
    if not lease.shard.whole:
        conn.execute(_PATIENT)
        conn.execute(_ALONE, {"name": _CROSSING})
