"""Suspects: items at which a lane failed, or by which its worker may have been killed, and what was set aside.

A row is written before its item is tried by itself, so that an item that kills its worker is known by the next one.
An item that was set aside keeps its row until it succeeds: when it comes up again it is tried apart from the others.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sqlalchemy import BigInteger, Connection, bindparam, delete, exists, func, select, update

from integration.store.db.dialects import among, upsert
from integration.store.db.json_codec import listed
from integration.store.queues import dead_letters as letters
from integration.store.schema.tables import dead_letters, suspects
from mappings.values.instant import Instant


@dataclass(frozen=True, slots=True, kw_only=True)
class Suspect:
    """`tries` since it was last set aside; `letter` is the sync error of one that was, None while it is still tried.

    `at` is when it was last tried or set aside.
    """

    tries: int
    letter: int | None
    at: Instant


@dataclass(frozen=True, slots=True, kw_only=True)
class Aside:
    """What a lane has set aside: how many items, and the reason of the one that was set aside last."""

    lane: str
    count: int
    letter: int
    reason: str


_s = suspects.c
_OF = select(_s.item, _s.tries, _s.letter, _s.at).where(_s.lane == bindparam("lane"), among(_s.item, "items"))
_ANY_OF = select(exists().where(_s.lane == bindparam("lane")))
_LANES = select(_s.lane).distinct()
_TRYING = upsert(
    suspects,
    ["lane", "item"],
    lambda new: {"tries": _s.tries + 1, "at": new.at},
    values={
        "lane": bindparam("lane"),
        "item": bindparam("item"),
        "lead_id": bindparam("lead_id"),
        "tries": 1,
        "at": bindparam("at"),
    },
)
_ASIDE = (
    update(suspects)
    .where(_s.lane == bindparam("of"), _s.item == bindparam("it"))
    .values(tries=0, letter=bindparam("kept"), at=bindparam("now"))
)
_LETTERS = select(_s.letter).where(_s.lane == bindparam("lane"), among(_s.item, "items"), _s.letter.is_not(None))
_PASSED = delete(suspects).where(_s.lane == bindparam("lane"), among(_s.item, "items"))
_SPARED = delete(suspects).where(_s.lane == bindparam("lane"), among(_s.item, "items"), _s.letter.is_(None))
_UNTRIED = update(suspects).where(_s.lane == bindparam("of"), among(_s.item, "items")).values(tries=0)
_OF_LEAD = select(_s.letter).where(_s.lead_id == bindparam("lead"), _s.letter.is_not(None))
_FORGET = delete(suspects).where(_s.lead_id == bindparam("lead"))
_STALE = delete(suspects).where(_s.letter.is_(None), _s.at < bindparam("before", type_=BigInteger))
_COUNTS = (
    select(_s.lane, func.count(), func.max(_s.letter)).where(_s.letter.is_not(None)).group_by(_s.lane).order_by(_s.lane)
)
_REASONS = select(dead_letters.c.id, dead_letters.c.reason).where(among(dead_letters.c.id, "ids"))
_LEADS = select(_s.item).where(_s.lane == bindparam("lane"), _s.letter.is_not(None)).order_by(_s.item)


def known(conn: Connection, lane: str, items: Iterable[str]) -> dict[str, Suspect]:
    """Those of these items that the lane has failed at before."""
    rows = conn.execute(_OF, {"lane": lane, "items": listed(items)})
    return {item: Suspect(tries=tries, letter=letter, at=at) for item, tries, letter, at in rows}


def any_of(conn: Connection, lane: str) -> bool:
    """Whether the lane has failed at anything that is known still."""
    return bool(conn.execute(_ANY_OF, {"lane": lane}).scalar_one())


def lanes(conn: Connection) -> set[str]:
    """The lanes that have failed at anything which is known still."""
    return set(conn.execute(_LANES).scalars())


def trying(conn: Connection, lane: str, items: Iterable[tuple[str, str | None]], at: Instant) -> None:
    """These (item, lead) are about to be tried: one more try of each is counted, in a transaction of its own."""
    rows = [{"lane": lane, "item": item, "lead_id": lead, "at": at} for item, lead in items]
    conn.execute(_TRYING.on(conn), rows)


def passed(conn: Connection, lane: str, items: Sequence[str], at: Instant) -> None:
    """These succeeded: they are no suspects any more, and their sync errors are closed."""
    asked = {"lane": lane, "items": listed(items)}
    letters.close(conn, list(conn.execute(_LETTERS, asked).scalars()), at)
    conn.execute(_PASSED, asked)


def spared(conn: Connection, lane: str, items: Sequence[str]) -> None:
    """The tries that were counted prove nothing against these: they begin again; sync errors stay."""
    these = listed(items)
    conn.execute(_SPARED, {"lane": lane, "items": these})
    conn.execute(_UNTRIED, {"of": lane, "items": these})


def release(conn: Connection, lane: str, items: Sequence[str]) -> None:
    """Nothing is known of these any more, as if the lane had never met them; their sync errors stay as they are."""
    conn.execute(_PASSED, {"lane": lane, "items": listed(items)})


def aside(conn: Connection, lane: str, item: str, letter: int, at: Instant) -> None:
    """The lane leaves this one, which it has tried, alone until it comes up again; its sync error says why."""
    conn.execute(_ASIDE, {"of": lane, "it": item, "kept": letter, "now": at})


def forget_lead(conn: Connection, lead: str, at: Instant) -> None:
    """This lead lives on as another one: what was set aside of it will not come up again."""
    letters.close(conn, list(conn.execute(_OF_LEAD, {"lead": lead}).scalars()), at)
    conn.execute(_FORGET, {"lead": lead})


def prune(conn: Connection, before: Instant) -> None:
    """Items that were tried before `before` and never came up again are no suspects."""
    conn.execute(_STALE, {"before": before})


def set_aside(conn: Connection) -> list[Aside]:
    """What each lane has set aside; lanes with nothing are absent."""
    counted = conn.execute(_COUNTS).all()
    reasons = dict(conn.execute(_REASONS, {"ids": listed(letter for _, _, letter in counted)}).all()) if counted else {}
    return [
        Aside(lane=lane, count=count, letter=letter, reason=reasons.get(letter, "")) for lane, count, letter in counted
    ]


def items(conn: Connection, lane: str) -> list[str]:
    """Every item that a lane has set aside."""
    return list(conn.execute(_LEADS, {"lane": lane}).scalars())
