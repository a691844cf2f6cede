"""Lists of sync errors that nobody has ended: pages of them, and which kinds there are."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import BigInteger, Connection, LargeBinary, Select, Text, bindparam, func, literal, or_, select

from integration.store.queues.dead_letters import NEWEST, Letter
from integration.store.schema.tables import dead_letters
from mappings.values.instant import Instant


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Which sync errors: of a stage, from a source, with a word in their reason in whatever case; "" for all."""

    stage: str = ""
    source: str = ""
    word: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sort:
    """Sync errors of one stage, source and reason: how many wait, since when, and the newest's id."""

    stage: str
    source: str
    reason: str
    count: int
    since: Instant
    newest: int


_d = dead_letters.c
_LOOKED_AT = 10_000
"""So many of the newest are sorted by kind, so that a page never passes over more."""
_NO_PAYLOAD = literal(b"", type_=LargeBinary).label("payload")
_COLUMNS = [_NO_PAYLOAD if each.name == "payload" else each for each in _d]


def _those(found: Select[Any]) -> Select[Any]:
    return found.where(
        _d.replayed_at.is_(None),
        _d.id < bindparam("before", type_=BigInteger),
        or_(bindparam("stage", type_=Text) == "", _d.stage == bindparam("stage", type_=Text)),
        or_(bindparam("source", type_=Text) == "", _d.source == bindparam("source", type_=Text)),
        func.lower(_d.reason).like(func.lower(bindparam("pattern", type_=Text)), escape="/"),
    )


_PAGE = _those(select(*_COLUMNS)).order_by(_d.id.desc()).limit(bindparam("n"))
_IDS = _those(select(_d.id)).order_by(_d.id.desc()).limit(bindparam("n"))
_newest = (
    select(_d.id, _d.stage, _d.source, _d.reason, _d.at)
    .where(_d.replayed_at.is_(None))
    .order_by(_d.id.desc())
    .limit(_LOOKED_AT)
    .subquery()
)
_SORTS = (
    select(
        _newest.c.stage,
        _newest.c.source,
        _newest.c.reason,
        func.count().label("count"),
        func.min(_newest.c.at).label("since"),
        func.max(_newest.c.id).label("newest"),
    )
    .group_by(_newest.c.stage, _newest.c.source, _newest.c.reason)
    .order_by(func.count().desc(), func.max(_newest.c.id).desc())
    .limit(bindparam("n"))
)


def page(conn: Connection, wanted: Wanted, before: int, limit: int) -> list[Letter]:
    """Those whose id is below that, newest first, without their payloads."""
    return [Letter(**row) for row in map(dict, conn.execute(_PAGE, _asked(wanted, before, limit)).mappings())]


def ids(conn: Connection, wanted: Wanted, before: int, limit: int) -> list[int]:
    """The ids below that one of those that are wanted, newest first."""
    return list(conn.execute(_IDS, _asked(wanted, before, limit)).scalars())


def sorts(conn: Connection, limit: int) -> Sequence[Sort]:
    """The kinds of sync errors among the newest ten thousand, the most frequent first."""
    return [Sort(**row) for row in map(dict, conn.execute(_SORTS, {"n": limit}).mappings())]


def _asked(wanted: Wanted, before: int, limit: int) -> dict[str, object]:
    literally = "".join(f"/{each}" if each in "/%_" else each for each in wanted.word)
    asked = {"stage": wanted.stage, "source": wanted.source, "pattern": f"%{literally}%"}
    return {**asked, "before": min(before, NEWEST), "n": limit}
