"""Deliveries taken in the last minutes, so that one that comes again is answered and not stored again.

A signature is good for five minutes before and after the time it names: whoever overhears a delivery can send it again
for as long. Senders, too, send again what they have had no answer to.
"""

import hashlib
from collections.abc import Mapping, Sequence
from typing import TypeAlias

from sqlalchemy import Connection, bindparam, delete, select

from integration.store.db.dialects import among, insert_new
from integration.store.db.json_codec import listed
from integration.store.queues import inbox
from integration.store.schema.tables import inbox as inbox_table
from integration.store.schema.tables import taken
from mappings.values.instant import MINUTE, Instant, Span

REMEMBERED: Span = 15 * MINUTE
"""Longer than any signature is good for."""

Row: TypeAlias = tuple[str, Mapping[str, str], bytes, Instant]
"""Source, headers, body, when it came."""

_PRUNE_SIZE = 1_000
_KEEP = insert_new(taken, ["digest"], columns=("digest", "at", "delivery"))
_KNOWN = select(taken.c.digest, taken.c.delivery).where(among(taken.c.digest, "digests"))
_BODIES = select(inbox_table.c.id, inbox_table.c.source, inbox_table.c.body).where(among(inbox_table.c.id, "ids"))
_OLD = select(taken.c.digest).where(taken.c.at < bindparam("before")).order_by(taken.c.at).limit(_PRUNE_SIZE)
_PRUNE = delete(taken).where(taken.c.digest.in_(_OLD.scalar_subquery()))


def digest(source: str, name: str, body: bytes) -> int:
    """A number for a delivery: the same for what a sender sends twice under one name. `name` is not empty."""
    found = hashlib.sha256(b"\0".join((source.encode(), name.encode(), body))).digest()
    return int.from_bytes(found[:8], signed=True)


def keep(conn: Connection, rows: Sequence[Row], digests: Sequence[int | None]) -> list[int]:
    """Store deliveries in the inbox, but for those that are there already; the ids of all, in the same order.

    A delivery without a digest is always stored.
    """
    ids = inbox.add(conn, rows)
    named = [
        {"digest": number, "at": row[3], "delivery": row_id}
        for number, row, row_id in zip(digests, rows, ids, strict=True)
        if number is not None
    ]
    if not named or _KEEP.many(conn, named).rowcount == len(named):
        return ids
    again = _again(conn, rows, digests, ids)
    inbox.drop(conn, list(again))
    return [again.get(row_id, row_id) for row_id in ids]


def _again(conn: Connection, rows: Sequence[Row], digests: Sequence[int | None], ids: Sequence[int]) -> dict[int, int]:
    """The rows just stored that were there before: their ids, and those of the first ones.

    A digest is short: only what is the same to the last byte is the same delivery.
    """
    wanted = listed(number for number in digests if number is not None)
    first = dict(conn.execute(_KNOWN, {"digests": wanted}).all())
    bodies = {
        row_id: (source, bytes(body))
        for row_id, source, body in conn.execute(_BODIES, {"ids": listed(sorted(set(first.values())))})
    }
    return {
        row_id: first[number]
        for number, (source, _, body, _), row_id in zip(digests, rows, ids, strict=True)
        if number is not None and first.get(number, row_id) != row_id and bodies.get(first[number]) == (source, body)
    }


def prunable(conn: Connection, now: Instant) -> bool:
    """Whether there is something to forget."""
    return conn.execute(_OLD, {"before": now - REMEMBERED}).first() is not None


def prune(conn: Connection, now: Instant) -> int:
    """Forget what was taken long ago, at most a thousand a call; how many."""
    return conn.execute(_PRUNE, {"before": now - REMEMBERED}).rowcount
