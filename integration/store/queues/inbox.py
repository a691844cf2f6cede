"""The inbox: raw deliveries, one row each, kept until they are parsed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, Select, bindparam, delete, func, insert, or_, select, update
from sqlalchemy.sql.expression import literal_column

from integration.store.audit import mentions
from integration.store.db.dialects import among
from integration.store.db.json_codec import decode, encode, listed
from integration.store.db.shards import ALL, Shard, within_numbers
from integration.store.schema.tables import NEW, ONE, inbox
from mappings.values.instant import Instant


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """A webhook as it came: `source` says whose, `headers` what the parser needs of them."""

    id: int
    source: str
    received_at: Instant
    headers: Mapping[str, str]
    body: bytes


_ADD = insert(inbox).returning(inbox.c.id)
_ADD_MANY = insert(inbox).returning(inbox.c.id, sort_by_parameter_order=True)
_PENDING = (
    select(inbox.c.id, inbox.c.source, inbox.c.received_at, inbox.c.headers, inbox.c.body)
    .where(inbox.c.state == NEW)
    .order_by(inbox.c.id)
    .limit(bindparam("n"))
)
_SIZES = (
    select(inbox.c.id, func.length(inbox.c.body).label("size"))
    .where(inbox.c.state == NEW)
    .order_by(inbox.c.id)
    .limit(bindparam("n"))
)


def _within(sizes: Select[tuple[int, int]]) -> Select[tuple[int, str, int, str, bytes]]:
    """The oldest of these that are together no larger than `size`, and the first in any case."""
    oldest = sizes.subquery()
    so_far = select(
        oldest.c.id,
        func.sum(oldest.c.size).over(order_by=oldest.c.id).label("together"),
        func.row_number().over(order_by=oldest.c.id).label("place"),
    ).subquery()
    return (
        select(inbox.c.id, inbox.c.source, inbox.c.received_at, inbox.c.headers, inbox.c.body)
        .join(so_far, so_far.c.id == inbox.c.id)
        .where(or_(so_far.c.together <= bindparam("size"), so_far.c.place == ONE))
        .order_by(inbox.c.id)
    )


_PENDING_SHARD, _SIZES_SHARD = (each.where(within_numbers(inbox.c.id)) for each in (_PENDING, _SIZES))
_came = inbox.c.received_at <= bindparam("before")
_WAITS = select(inbox.c.id).where(inbox.c.state == NEW, _came).limit(literal_column("1"))
_WAITS_SHARD = _WAITS.where(within_numbers(inbox.c.id))
_PENDING_WITHIN, _PENDING_SHARD_WITHIN = _within(_SIZES), _within(_SIZES_SHARD)
_DONE = update(inbox).where(among(inbox.c.id, "ids")).values(state="done", error=None)
_DEAD = update(inbox).where(among(inbox.c.id, "ids")).values(state="dead", error=bindparam("why"))
_END = update(inbox).where(among(inbox.c.id, "ids"), inbox.c.state == "dead").values(state="done")
_REVIVE = update(inbox).where(among(inbox.c.id, "ids")).values(state="new", error=None)
_REWRITE = update(inbox).where(inbox.c.id == bindparam("row")).values(body=bindparam("rest"))
_DROP = delete(inbox).where(among(inbox.c.id, "ids"))
_COUNTS = select(inbox.c.state, func.count()).group_by(inbox.c.state)
_NEWEST = select(func.max(inbox.c.received_at)).where(inbox.c.source == bindparam("whose"))
_PRUNE_SIZE = 1_000
_OLD = (
    select(inbox.c.id)
    .where(inbox.c.state == literal_column("'done'"))
    .order_by(inbox.c.id)
    .limit(_PRUNE_SIZE)
    .scalar_subquery()
)
_OLDEST_DONE = (
    select(inbox.c.received_at).where(inbox.c.state == literal_column("'done'")).order_by(inbox.c.id).limit(1)
)
_PRUNE = delete(inbox).where(inbox.c.id.in_(_OLD), inbox.c.received_at < bindparam("before"))


def add(conn: Connection, rows: Sequence[tuple[str, Mapping[str, str], bytes, Instant]]) -> list[int]:
    """Store deliveries (source, headers, body, received_at); answers their ids, in the same order."""
    values = [
        {"source": source, "headers": encode(headers), "body": body, "received_at": at}
        for source, headers, body, at in rows
    ]
    if not values:
        return []
    if len(values) == 1:
        return [int(conn.execute(_ADD, values[0]).scalar_one())]
    return [int(row_id) for row_id in conn.execute(_ADD_MANY, values).scalars()]


def drop(conn: Connection, ids: Sequence[int]) -> None:
    """Forget deliveries whose senders have had no answer that they are kept."""
    conn.execute(_DROP, {"ids": listed(ids)})


def pending(conn: Connection, limit: int, size: int | None = None, shard: Shard = ALL) -> list[Delivery]:
    """The oldest deliveries that nobody has parsed: of at most `size` bytes together, but always one."""
    asked = {"n": limit} | ({} if size is None else {"size": size}) | ({} if shard.whole else shard.asked)
    whole, part = (_PENDING, _PENDING_SHARD) if size is None else (_PENDING_WITHIN, _PENDING_SHARD_WITHIN)
    return [
        Delivery(
            id=row_id,
            source=source,
            received_at=at,
            headers=decode(headers, dict[str, str]),
            body=body,
        )
        for row_id, source, at, headers, body in conn.execute(whole if shard.whole else part, asked)
    ]


def waiting(conn: Connection, before: Instant, shard: Shard = ALL) -> bool:
    """Whether there is a delivery that nobody has parsed and that came until then."""
    asked = {"before": before}
    found = conn.execute(_WAITS, asked) if shard.whole else conn.execute(_WAITS_SHARD, asked | shard.asked)
    return found.first() is not None


def done(conn: Connection, ids: Sequence[int]) -> None:
    """These deliveries became activities (or nothing); kept until `prune`."""
    conn.execute(_DONE, {"ids": listed(ids)})


def dead(conn: Connection, ids: Sequence[int], error: str) -> None:
    """Nobody tries these deliveries again by themselves; write the sync error with `dead_letters.add`."""
    conn.execute(_DEAD, {"ids": listed(ids), "why": error})


def revive(conn: Connection, ids: Sequence[int]) -> None:
    """Make dead (or done) deliveries pending again: a replay."""
    conn.execute(_REVIVE, {"ids": listed(ids)})


def end(conn: Connection, ids: Sequence[int]) -> None:
    """Nobody will replay these dead deliveries: they are kept as long as those that were read."""
    conn.execute(_END, {"ids": listed(ids)})


def bearing(conn: Connection, needles: Sequence[str], after: int = 0) -> list[tuple[int, str, bytes]]:
    """(id, source, body) of up to a hundred deliveries, by id, that may bear one of these texts (lower case)."""
    coarse = mentions.holds(conn, inbox.c.body, needles)
    found = select(inbox.c.id, inbox.c.source, inbox.c.body).where(inbox.c.id > after, coarse)
    return [
        (row_id, source, bytes(body)) for row_id, source, body in conn.execute(found.order_by(inbox.c.id).limit(100))
    ]


def rewrite(conn: Connection, rows: Sequence[tuple[int, bytes]]) -> None:
    """Keep these bodies in the place of those that came; somebody was erased from them."""
    if rows:
        conn.execute(_REWRITE, [{"row": row_id, "rest": body} for row_id, body in rows])


def newest(conn: Connection, source: str) -> Instant | None:
    """When the newest delivery of a source came that is still kept; a pass over those that are."""
    return conn.execute(_NEWEST, {"whose": source}).scalar()


def counts(conn: Connection) -> dict[str, int]:
    """How many deliveries are `new`, `done` and `dead`."""
    return {"new": 0, "done": 0, "dead": 0} | {state: int(n) for state, n in conn.execute(_COUNTS)}


def prunable(conn: Connection, before: Instant) -> bool:
    """Whether the oldest delivery that is done was received before that."""
    oldest = conn.execute(_OLDEST_DONE).scalar()
    return oldest is not None and oldest < before


def prune(conn: Connection, before: Instant) -> int:
    """Delete done deliveries received before `before`, at most a thousand a call; answers how many."""
    return conn.execute(_PRUNE, {"before": before}).rowcount
