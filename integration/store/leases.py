"""Leases: who may drain which lane, by the database's clock, with a token that fences off the past.

A worker that was frozen and wakes up after its lease was taken over finds that its token is no
longer the lease's: `hold` raises inside its transaction, and nothing it decided is saved.
"""

from dataclasses import dataclass

from sqlalchemy import Connection, bindparam, select, update

from integration.store.dialects import Clock, upsert
from integration.store.errors import LeaseLostError
from integration.store.tables import leases
from mappings.instant import Span


@dataclass(frozen=True, slots=True, kw_only=True)
class Lease:
    """The right to work on `name`; `token` grows by one whenever somebody takes it.

    `recovered` says that the last holder never gave it back: it was killed, or froze.
    """

    name: str
    token: int
    recovered: bool = False


_LAST = select(leases.c.expires_at <= Clock(), leases.c.expires_at > 0).where(leases.c.name == bindparam("name"))
_TAKE = upsert(
    leases,
    ["name"],
    lambda new: {"token": leases.c.token + 1, "holder": new.holder, "expires_at": Clock() + bindparam("span")},
    only_where=leases.c.expires_at <= Clock(),
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


def take(conn: Connection, name: str, holder: str, span: Span) -> Lease | None:
    """Take a lease that is free or has expired, for `span`; None while somebody holds it."""
    # Looking first keeps a taker from waiting for the row lock of a holder at work.
    free, abandoned = conn.execute(_LAST, {"name": name}).one_or_none() or (True, False)
    if not free:
        return None
    token = conn.execute(_TAKE.on(conn), {"name": name, "holder": holder, "span": span}).scalar()
    return None if token is None else Lease(name=name, token=token, recovered=bool(abandoned))


def free(conn: Connection, name: str) -> bool:
    """Whether nobody holds the lease now; whoever polls for one asks this first, since taking it is a write."""
    found, _ = conn.execute(_LAST, {"name": name}).one_or_none() or (True, False)
    return bool(found)


def hold(conn: Connection, lease: Lease, span: Span) -> None:
    """Extend the lease by `span` from now, or raise LeaseLostError. Call it first in every write transaction.

    On PostgreSQL the row stays locked until the transaction ends, so nobody takes the lease in between.
    """
    if conn.execute(_HOLD, {"lease": lease.name, "mine": lease.token, "span": span}).rowcount == 0:
        msg = f"lease {lease.name} is no longer ours (token {lease.token})"
        raise LeaseLostError(msg)


def release(conn: Connection, lease: Lease) -> None:
    """Give the lease back, if it is still ours. The row stays, so that the token never repeats."""
    conn.execute(_RELEASE, {"lease": lease.name, "mine": lease.token})


def revoke(conn: Connection, spared: str = "") -> None:
    """Take every lease but one from its holder: what anybody has in memory now, nobody will save.

    On PostgreSQL this waits for transactions under way, and until this one ends nobody takes a lease again.
    """
    conn.execute(_REVOKE, {"spared": spared})
