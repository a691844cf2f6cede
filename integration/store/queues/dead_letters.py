"""Sync errors (dead letters): what could not be done, with the reason, until a person replays it."""

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import blake2b
from typing import Literal, TypeAlias

from sqlalchemy import BigInteger, Connection, bindparam, delete, func, insert, select, update

from integration.store.audit import mentions
from integration.store.db.dialects import among, insert_new
from integration.store.db.json_codec import listed
from integration.store.schema.tables import dead_letters
from mappings.values.identifiers import LeadId
from mappings.values.instant import Instant

Stage: TypeAlias = Literal["ingest", "advance", "signals", "joining", "erasing", "deliver", "refresh", "poll", "drift"]
"""The work that failed: reading a delivery, deciding about a lead, an account's signals, joining two leads, erasing
somebody, writing to a CRM, reading a record, looking through an object of a CRM, comparing a CRM with its mapping."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """One thing that failed.

    `ref` names it to people and as a whole (the outbox id, "object:id" of a CRM's record, the lead …); of look-ups that
    a CRM would not answer it is the object alone. Of what could not be read, `delivery` is the inbox row, and `item`
    its place or id in it where one item alone was set aside. `payload` is what to replay. Of sync errors with one
    `once`, one at a time waits: see `same`.
    """

    stage: Stage
    source: str
    ref: str
    payload: bytes
    reason: str
    at: Instant
    lead_id: LeadId | None = None
    id: int = 0
    replayed_at: Instant | None = None
    once: str | None = None
    delivery: int | None = None
    item: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Overdue:
    """Sync errors of one stage and source that wait too long: how many, and the oldest's id and time."""

    stage: str
    source: str
    count: int
    oldest: int
    at: Instant


_ADD = insert_new(dead_letters, None)
_ADD_ONE = insert(dead_letters).returning(dead_letters.c.id)
_RENEW = (
    update(dead_letters)
    .where(dead_letters.c.id == bindparam("row"), dead_letters.c.replayed_at.is_(None))
    .values({name: bindparam(f"new_{name}") for name in ("ref", "payload", "reason", "at")})
)
_OVERDUE = (
    select(
        dead_letters.c.stage,
        dead_letters.c.source,
        func.count(),
        func.min(dead_letters.c.id),
        func.min(dead_letters.c.at),
    )
    .where(dead_letters.c.replayed_at.is_(None), dead_letters.c.at <= bindparam("before"))
    .group_by(dead_letters.c.stage, dead_letters.c.source)
    .order_by(dead_letters.c.stage, dead_letters.c.source)
)
NEWEST = 9_223_372_036_854_775_807
"""An id that is above every other."""
_WAITING = (
    select(*dead_letters.c)
    .where(dead_letters.c.replayed_at.is_(None), dead_letters.c.id < bindparam("before", type_=BigInteger))
    .order_by(dead_letters.c.id.desc())
    .limit(bindparam("n"))
)
_ALIKE = (
    select(*dead_letters.c)
    .where(
        dead_letters.c.stage == bindparam("stage"),
        dead_letters.c.source == bindparam("source"),
        dead_letters.c.reason == bindparam("reason"),
        dead_letters.c.replayed_at.is_(None),
    )
    .order_by(dead_letters.c.id.desc())
    .limit(1)
)
_GET = select(*dead_letters.c).where(among(dead_letters.c.id, "ids")).order_by(dead_letters.c.id)
_REWRITE = update(dead_letters).where(dead_letters.c.id == bindparam("row")).values(payload=bindparam("rest"))
_REMOVE = delete(dead_letters).where(among(dead_letters.c.id, "ids"))
_REPLAYED = (
    update(dead_letters)
    .where(among(dead_letters.c.id, "ids"), dead_letters.c.replayed_at.is_(None))
    .values(replayed_at=bindparam("now"))
    .returning(dead_letters.c.id)
)
_PRUNE_SIZE = 1_000
_ENDED = (
    select(dead_letters.c.id)
    .where(dead_letters.c.replayed_at.is_not(None), dead_letters.c.replayed_at < bindparam("before"))
    .order_by(dead_letters.c.replayed_at)
    .limit(_PRUNE_SIZE)
)
_PRUNE = delete(dead_letters).where(dead_letters.c.id.in_(_ENDED.scalar_subquery()))


def add(conn: Connection, rows: Sequence[Letter]) -> None:
    """Keep what failed; `id` and `replayed_at` of the rows are ignored."""
    if rows:
        conn.execute(_ADD.on(conn), [_values(row) for row in rows])


def write(conn: Connection, letter: Letter, before: int | None = None) -> int:
    """Keep one that failed: the sync error of before, if it still waits, gets the new reason; the sync error's id."""
    if before is not None:
        told = {"ref": letter.ref, "payload": letter.payload, "reason": letter.reason, "at": letter.at}
        anew = {f"new_{name}": value for name, value in told.items()}
        if conn.execute(_RENEW, {"row": before, **anew}).rowcount:
            return before
    return int(conn.execute(_ADD_ONE, _values(letter)).scalar_one())


def close(conn: Connection, ids: Sequence[int], now: Instant) -> None:
    """These succeeded in the end: nobody has to replay their sync errors any more."""
    if ids:
        replayed(conn, ids, now)


def same(*parts: str | bytes) -> str:
    """What sync errors have in common of which one at a time is enough, in a form that any index can store."""
    return blake2b(b"\0".join(each.encode() if isinstance(each, str) else each for each in parts)).hexdigest()[:32]


def waiting(conn: Connection, limit: int, before: int | None = None) -> list[Letter]:
    """The sync errors nobody has replayed, newest first; `before` (an id) turns the page."""
    found = conn.execute(_WAITING, {"n": limit, "before": NEWEST if before is None else before})
    return [Letter(**row) for row in map(dict, found.mappings())]


def overdue(conn: Connection, before: Instant) -> list[Overdue]:
    """What nobody has replayed of the sync errors that are as old as that, by stage and source."""
    return [
        Overdue(stage=stage, source=source, count=count, oldest=oldest, at=at)
        for stage, source, count, oldest, at in conn.execute(_OVERDUE, {"before": before})
    ]


def alike(conn: Connection, stage: Stage, source: str, reason: str) -> Letter | None:
    """The newest sync error of this place and reason that nobody has replayed."""
    row = conn.execute(_ALIKE, {"stage": stage, "source": source, "reason": reason}).mappings().first()
    return None if row is None else Letter(**{**row, "payload": bytes(row["payload"])})


def get(conn: Connection, ids: Sequence[int]) -> list[Letter]:
    """These sync errors, replayed or not."""
    return [Letter(**row) for row in map(dict, conn.execute(_GET, {"ids": listed(ids)}).mappings())]


def replayed(conn: Connection, ids: Sequence[int], now: Instant) -> set[int]:
    """Mark sync errors as replayed; answers those that were not before: only these may be replayed."""
    return set(conn.execute(_REPLAYED, {"ids": listed(ids), "now": now}).scalars())


def prunable(conn: Connection, before: Instant) -> bool:
    """Whether a sync error was ended (replayed, discarded, succeeded by itself) before that."""
    return conn.execute(_ENDED, {"before": before}).first() is not None


def prune(conn: Connection, before: Instant) -> int:
    """Delete sync errors that were ended before that, at most a thousand a call; how many. What waits stays."""
    return conn.execute(_PRUNE, {"before": before}).rowcount


def bearing(conn: Connection, needles: Sequence[str], after: int = 0) -> list[Letter]:
    """Up to a hundred sync errors, by id, whose payload may contain one of these texts (lower case)."""
    coarse = mentions.holds(conn, dead_letters.c.payload, needles)
    found = select(*dead_letters.c).where(dead_letters.c.id > after, coarse).order_by(dead_letters.c.id).limit(100)
    return [Letter(**{**row, "payload": bytes(row["payload"])}) for row in map(dict, conn.execute(found).mappings())]


def rewrite(conn: Connection, rows: Sequence[tuple[int, bytes]]) -> None:
    """Keep these payloads in the place of those that were set aside; somebody was erased from them."""
    if rows:
        conn.execute(_REWRITE, [{"row": letter, "rest": payload} for letter, payload in rows])


def remove(conn: Connection, ids: Sequence[int]) -> None:
    """These sync errors were about somebody who was erased."""
    conn.execute(_REMOVE, {"ids": listed(ids)})


def _values(row: Letter) -> dict[str, object]:
    return {
        "stage": row.stage,
        "source": row.source,
        "ref": row.ref,
        "payload": row.payload,
        "reason": row.reason,
        "at": row.at,
        "lead_id": row.lead_id,
        "once": row.once,
        "delivery": row.delivery,
        "item": row.item,
    }
