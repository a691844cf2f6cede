"""Leads and accounts to decide about: something new is stored for them and nothing is decided yet.

Ten activities of one lead leave one row, and one decision. Mark BEFORE inserting the activities, in
the same transaction: on PostgreSQL the row's lock then makes the numbers of one lead's events come
in the order of their commits, so that "after the number seen" never skips an event that commits
late. Rows are marked in the order of ids, so that two transactions cannot wait for each other.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence

from sqlalchemy import Column, Connection, Table, bindparam, case, delete, func, select, update

from integration.store.db.dialects import PerDialect, among, run_many, upsert
from integration.store.db.json_codec import listed
from integration.store.db.shards import ALL, Shard, within
from integration.store.people import accounts
from integration.store.schema.tables import ONE, dirty, dirty_accounts
from mappings.values.identifiers import AccountId, LeadId
from mappings.values.instant import Instant, Span

Mark = tuple[LeadId, int]
"""(lead, the state of its mark): what `take` answers and `clear` wants back."""

AccountMark = tuple[AccountId, int]
"""As `Mark`, of an account."""

_FRONT, _REGULAR = 0, 1


def _mark(table: Table, key: Column[str], *least: str) -> PerDialect:
    # A row's numbers start at the time of its first mark: a mark set after a clear is never taken for the old one.
    least = ("since", *least)
    return upsert(
        table,
        [key.name],
        lambda new: {
            "seq": table.c.seq + ONE,
            **{name: case((table.c[name] <= new[name], table.c[name]), else_=new[name]) for name in least},
        },
        columns=[key.name, "seq", *least],
    )


_MARK = _mark(dirty, dirty.c.lead_id, "place", "received_at")
_MARK_ACCOUNTS = _mark(dirty_accounts, dirty_accounts.c.account_id)
_TAKE = (
    select(dirty.c.lead_id, dirty.c.seq)
    .where(dirty.c.since <= bindparam("now"))
    .order_by(dirty.c.place, dirty.c.since, dirty.c.lead_id)
    .limit(bindparam("n"))
)
_TAKE_SHARD = _TAKE.where(within(dirty.c.lead_id))
_TAKE_ACCOUNTS = (
    select(dirty_accounts.c.account_id, dirty_accounts.c.seq)
    .where(dirty_accounts.c.since <= bindparam("now"))
    .order_by(dirty_accounts.c.since, dirty_accounts.c.account_id)
    .limit(bindparam("n"))
)
_MARKED = select(dirty.c.lead_id).where(among(dirty.c.lead_id, "ids"))
_RECEIVED = select(dirty.c.lead_id, dirty.c.received_at).where(
    among(dirty.c.lead_id, "ids"), dirty.c.received_at.is_not(None)
)
_REST = (
    update(dirty)
    .where(dirty.c.since >= bindparam("at"), dirty.c.since <= bindparam("later"))
    .values(since=bindparam("until"))
)
_RELEASE = update(dirty).where(dirty.c.since > bindparam("now")).values(since=bindparam("now"))
_COUNT = select(func.count()).select_from(dirty).where(dirty.c.since <= bindparam("now"))
_CLEAR = delete(dirty).where(dirty.c.lead_id == bindparam("row"), dirty.c.seq == bindparam("mark"))
_CLEAR_ACCOUNTS = delete(dirty_accounts).where(
    dirty_accounts.c.account_id == bindparam("row"), dirty_accounts.c.seq == bindparam("mark")
)


def marked(conn: Connection, lead_ids: Iterable[LeadId]) -> set[LeadId]:
    """Those of these leads for whom something is stored that has not been decided yet."""
    return set(conn.execute(_MARKED, {"ids": listed(sorted(set(lead_ids)))}).scalars())


def received(conn: Connection, lead_ids: Iterable[LeadId]) -> dict[LeadId, Instant]:
    """Since when the first of what is not decided yet has been here, for those of these leads that are marked."""
    return dict(conn.execute(_RECEIVED, {"ids": listed(sorted(set(lead_ids)))}).all())


def mark(  # noqa: PLR0913 - whom, and what is known of what is about to be stored
    conn: Connection,
    lead_ids: Iterable[LeadId],
    at: Instant,
    *,
    rest: Span = 0,
    first: Collection[LeadId] = (),
    came_at: Instant | None = None,
) -> None:
    """Something new is about to be stored for these leads. See the module on when to call it.

    With `rest` (a span), `take` leaves them alone for so long, unless they are marked again without it. Those who are
    among `first` come before everybody else. `came_at` is when we received it, where that was earlier.
    """
    came = at if came_at is None else min(came_at, at)
    rows = [
        {
            "lead_id": lead,
            "seq": at,
            "since": at + rest,
            "place": _FRONT if lead in first else _REGULAR,
            "received_at": came,
        }
        for lead in sorted(set(lead_ids))
    ]
    if rows:
        _MARK.many(conn, rows)


def mark_accounts(conn: Connection, account_ids: Iterable[AccountId], at: Instant, *, only_new: bool = False) -> None:
    """As `mark`, for accounts. `only_new`: activities nobody has seen are all that changes about them.

    Of any other account the next derivation starts from the beginning.
    """
    ids = sorted(set(account_ids))
    if ids:
        _MARK_ACCOUNTS.many(conn, [{"account_id": account, "seq": at, "since": at} for account in ids])
        if not only_new:
            accounts.forget(conn, ids)


def wait_accounts(conn: Connection, times: Mapping[AccountId, Instant]) -> None:
    """These accounts are to be looked at again at these instants, not before: something there is dated ahead."""
    rows = [{"account_id": account, "seq": at, "since": at} for account, at in sorted(times.items())]
    if rows:
        _MARK_ACCOUNTS.many(conn, rows)


def take(conn: Connection, now: Instant, limit: int, shard: Shard = ALL) -> list[Mark]:
    """The leads that have waited longest and need not wait longer, with their marks; they stay until `clear`."""
    asked = {"now": now, "n": limit}
    if shard.whole:
        return [(lead, seq) for lead, seq in conn.execute(_TAKE, asked).all()]
    return [(lead, seq) for lead, seq in conn.execute(_TAKE_SHARD, asked | shard.asked).all()]


def defer(conn: Connection, at: Instant, span: Span, until: Instant) -> None:
    """Those marked at this instant, deferred at most for `span`, are left alone until then or `release`."""
    conn.execute(_REST, {"at": at, "later": at + span, "until": until})


def release(conn: Connection, now: Instant) -> None:
    """Nobody is deferred any longer."""
    conn.execute(_RELEASE, {"now": now})


def count(conn: Connection, now: Instant) -> int:
    """How many leads can be decided about."""
    return int(conn.execute(_COUNT, {"now": now}).scalar_one())


def take_accounts(conn: Connection, now: Instant, limit: int) -> list[AccountMark]:
    """The accounts that have waited longest, with their marks; they stay dirty until `clear_accounts`.

    One that is marked for an instant ahead waits until then.
    """
    return [(account, seq) for account, seq in conn.execute(_TAKE_ACCOUNTS, {"now": now, "n": limit})]


def clear(conn: Connection, marks: Sequence[Mark]) -> None:
    """These leads are decided; one that was marked again meanwhile stays dirty."""
    if marks:
        run_many(conn, _CLEAR, [{"row": lead, "mark": seq} for lead, seq in sorted(marks)])


def clear_accounts(conn: Connection, marks: Sequence[AccountMark]) -> None:
    """As `clear`, for accounts."""
    if marks:
        conn.execute(_CLEAR_ACCOUNTS, [{"row": account, "mark": seq} for account, seq in sorted(marks)])
