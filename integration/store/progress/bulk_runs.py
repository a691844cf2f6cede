"""Bulk runs: what is done for everybody at once, in parts that workers take, and how far each part has come."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import Literal, TypeAlias

from sqlalchemy import Connection, bindparam, insert, select, update

from integration.store.db.json_codec import decode, encode
from integration.store.schema.kept_tables import bulk_runs, bulk_shards
from mappings.values.identifiers import LeadId
from mappings.values.instant import Instant

What: TypeAlias = Literal["rescore"]
Outcome: TypeAlias = Literal["done", "overtaken"]
"""`overtaken`: other rules were put in force meanwhile."""
_NAMED = 20
"""So many leads of each part are named."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One run. It is under way while it has no outcome; `mends` says that leads it finds wrong are derived anew."""

    id: int
    what: What
    version: int | None
    author: str
    mends: bool
    began_at: Instant
    ended_at: Instant | None
    outcome: Outcome | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Unequal:
    """A lead that stands otherwise than its history says: (fit, engagement, total) in whole points."""

    lead: LeadId
    stands: tuple[int, int, int]
    is_: tuple[int, int, int]


@dataclass(slots=True, kw_only=True)
class Result:
    """What came of a part, or of all: leads looked at, compared, not settled, unequal, that cannot be scored."""

    leads: int = 0
    compared: int = 0
    unsettled: int = 0
    unequal: int = 0
    failed: int = 0
    activities: int = 0
    named: list[Unequal] = field(default_factory=list)
    not_scored: list[LeadId] = field(default_factory=list)

    def add(self, other: "Result") -> None:
        """Count another part with this one."""
        for name in ("leads", "compared", "unsettled", "unequal", "failed", "activities"):
            setattr(self, name, getattr(self, name) + getattr(other, name))
        self.named = [*self.named, *other.named][:_NAMED]
        self.not_scored = [*self.not_scored, *other.not_scored][:_NAMED]


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """A part of a run: the leads after `place` up to `upto`, that one included."""

    run: int
    number: int
    place: str
    upto: str | None
    result: Result
    ended_at: Instant | None


_r, _s = bulk_runs.c, bulk_shards.c
_LAST = select(*_r).order_by(_r.id.desc()).limit(1)
_PARTS = select(*_s).where(_s.run == bindparam("of")).order_by(_s.number)
_PART = _PARTS.where(_s.number == bindparam("one"))
_ADD = insert(bulk_runs).returning(_r.id)
_OPEN = (
    select(_s.number)
    .join(bulk_runs, _r.id == _s.run)
    .where(_r.ended_at.is_(None), _s.ended_at.is_(None))
    .order_by(_s.number)
)
_MOVED = (
    update(bulk_shards)
    .where(_s.run == bindparam("of"), _s.number == bindparam("one"))
    .values(place=bindparam("at"), result=bindparam("told"), ended_at=bindparam("over"))
)
_ENDED = (
    update(bulk_runs)
    .where(_r.id == bindparam("of"), _r.ended_at.is_(None))
    .values(ended_at=bindparam("over"), outcome=bindparam("how"))
)


def last(conn: Connection) -> Run | None:
    """The run that began last; None before the first."""
    row = conn.execute(_LAST).mappings().one_or_none()
    return None if row is None else Run(**row)


def begin(  # noqa: PLR0913 - what a run is
    conn: Connection,
    what: What,
    version: int | None,
    bounds: Sequence[str],
    *,
    author: str,
    mends: bool,
    now: Instant,
) -> int:
    """Begin a run whose parts end at these leads, the last one after all of them; its number."""
    row = {"what": what, "version": version, "author": author, "mends": mends, "began_at": now}
    run = int(conn.execute(_ADD, row).scalar_one())
    rows = [
        {"run": run, "number": number, "place": place, "upto": upto, "result": encode(asdict(Result()))}
        for number, (place, upto) in enumerate(zip(("", *bounds), (*bounds, None), strict=True))
    ]
    conn.execute(insert(bulk_shards), rows)
    return run


def parts(conn: Connection, run: int) -> list[Part]:
    """The parts of a run, by number."""
    rows = conn.execute(_PARTS, {"of": run}).mappings()
    return [Part(**{**row, "result": decode(row["result"], Result)}) for row in rows]


def part(conn: Connection, run: int, number: int) -> Part | None:
    """One part of a run; None where it has no such part."""
    row = conn.execute(_PART, {"of": run, "one": number}).mappings().one_or_none()
    return None if row is None else Part(**{**row, "result": decode(row["result"], Result)})


def open_parts(conn: Connection) -> list[int]:
    """The numbers of the parts that are still to be done of a run that is under way."""
    return list(conn.execute(_OPEN).scalars())


def moved(conn: Connection, of: Part, place: str, result: Result, over: Instant | None) -> None:
    """A part has come so far; check the lease in the same transaction."""
    conn.execute(_MOVED, {"of": of.run, "one": of.number, "at": place, "told": encode(asdict(result)), "over": over})


def ended(conn: Connection, run: int, outcome: Outcome, now: Instant) -> None:
    """A run is over; one that is over already stays as it is."""
    conn.execute(_ENDED, {"of": run, "over": now, "how": outcome})
