"""Leases: which worker may drain which lane, by the database's clock, with a fencing token.

A worker that was frozen and wakes up after its lease was taken over finds that its token is no
longer the lease's: `extend` raises inside its transaction, and nothing it decided is saved.

No lease is given for longer than LONGEST. One that is dated further ahead was given while the database's clock was
wrong: it counts as expired, so that a clock that jumped never idles a lane for longer than a dead worker does.
"""

from dataclasses import dataclass, field

from sqlalchemy import Connection, bindparam, or_, select, update

from integration.store.db.dialects import Clock, upsert
from integration.store.db.errors import LeaseLostError
from integration.store.db.shards import ALL, Shard
from integration.store.schema.tables import leases
from mappings.values.instant import MINUTE, Instant, Span

LONGEST: Span = 2 * MINUTE
"""The longest time a lease is given for; settings allow a minute."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Lease:
    """The right to work on `name` for `span`; `token` grows by one whenever somebody takes it.

    `recovered` says that the last holder never gave it back: it was killed, or froze. `passed` names the kinds of work
    whose first batch has gone well since: what killed the last holder was not in it. Its holder works one `shard`.
    """

    name: str
    token: int
    span: Span
    recovered: bool = False
    shard: Shard = ALL
    passed: set[str] = field(default_factory=set, compare=False)


_AHEAD = leases.c.expires_at > Clock() + LONGEST
_FREE = or_(leases.c.expires_at <= Clock(), _AHEAD)
_LAST = select(_FREE, leases.c.expires_at > 0).where(leases.c.name == bindparam("name"))
_TAKE = upsert(
    leases,
    ["name"],
    lambda new: {"token": leases.c.token + 1, "holder": new.holder, "expires_at": Clock() + bindparam("span")},
    only_where=_FREE,
    values={
        "name": bindparam("name"),
        "token": 1,
        "holder": bindparam("holder"),
        "expires_at": Clock() + bindparam("span"),
    },
    returning=[leases.c.token],
)
_MINE = (leases.c.name == bindparam("lease"), leases.c.token == bindparam("mine"))
_HOLD = update(leases).where(*_MINE).values(expires_at=Clock() + bindparam("span"))
_REVOKE = (
    update(leases)
    .where(leases.c.expires_at > 0, leases.c.name != bindparam("spared"))
    .values(token=leases.c.token + 1, expires_at=0)
)
_RELEASE = update(leases).where(*_MINE).values(expires_at=0)
_DATED_AHEAD = select(leases.c.name, leases.c.holder, leases.c.expires_at).where(_AHEAD).order_by(leases.c.name)


def take(conn: Connection, name: str, holder: str, span: Span, shard: Shard = ALL) -> Lease | None:
    """Take a lease that is free, has expired or is dated too far ahead, for `span`; None while somebody holds it."""
    # Looking first keeps a taker from waiting for the row lock of a holder at work.
    free, abandoned = conn.execute(_LAST, {"name": name}).one_or_none() or (True, False)
    if not free:
        return None
    span = min(span, LONGEST)
    token = conn.execute(_TAKE.on(conn), {"name": name, "holder": holder, "span": span}).scalar()
    if token is None:
        return None
    return Lease(name=name, token=token, span=span, recovered=bool(abandoned), shard=shard)


def free(conn: Connection, name: str) -> bool:
    """Whether nobody holds the lease now; whoever polls for one asks this first, since taking it is a write."""
    found, _ = conn.execute(_LAST, {"name": name}).one_or_none() or (True, False)
    return bool(found)


def extend(conn: Connection, lease: Lease) -> None:
    """Extend the lease by its span from now, or raise LeaseLostError. Call it first in every write transaction.

    On PostgreSQL the row stays locked until the transaction ends, so nobody takes the lease in between.
    """
    if conn.execute(_HOLD, {"lease": lease.name, "mine": lease.token, "span": lease.span}).rowcount == 0:
        msg = f"lease {lease.name} is no longer ours (token {lease.token})"
        raise LeaseLostError(msg)


def dated_ahead(conn: Connection) -> list[tuple[str, str, Instant]]:
    """(lane, holder, end) of every lease that ends later than any lease can: the clock was wrong when it was given."""
    return [(name, holder, end) for name, holder, end in conn.execute(_DATED_AHEAD)]


def release(conn: Connection, lease: Lease) -> None:
    """Give the lease back, if it is still ours. The row stays, so that the token never repeats."""
    conn.execute(_RELEASE, {"lease": lease.name, "mine": lease.token})


def revoke(conn: Connection, spared: str = "") -> None:
    """Take every lease but one from its holder: what anybody has in memory now, nobody will save.

    On PostgreSQL this waits for transactions under way, and until this one ends nobody takes a lease again.
    """
    conn.execute(_REVOKE, {"spared": spared})
