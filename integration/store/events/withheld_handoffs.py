"""Withheld handoffs: tasks of leads that are MQLs now and that were not handed over, since shadow or history kept them.

Each is carried out at most once, under the key of its effect: what is carried out is withheld no longer.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Result, and_, bindparam, null, or_, select, update

from integration.core.run.lateness import TOO_LATE
from integration.store.db.dialects import among, run_many
from integration.store.db.json_codec import decode, encode, listed
from integration.store.events.live_since import CHANGED, HISTORY, OF_SHADOW
from integration.store.outgoing.outbox import NewOnce, want_once
from integration.store.schema.tables import NEW, effects, leads, outbox
from mappings.values.identifiers import ConnectionName, LeadId
from mappings.values.instant import Instant


@dataclass(frozen=True, slots=True, kw_only=True)
class Withheld:
    """A task that was recorded and not carried out: the values of its effect."""

    key: str
    lead_id: LeadId
    at: Instant
    because: tuple[str, ...]
    payload: dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Shadow:
    """Shadow mode that is to end: what was decided since `began` and fell due before `until` is withheld then."""

    began: Instant = 0
    until: Instant = 0


OVER = Shadow()
_RECORDED = (HISTORY, CHANGED, TOO_LATE)
"""Why a task is recorded and not carried out, though its lead's history leads to it."""
_e, _o = effects.c, outbox.c
_kept = (_e.kind == "task", or_(_e.withheld == HISTORY, OF_SHADOW))
_WHO = (
    select(leads.c.id)
    .where(
        leads.c.id > bindparam("after"),
        leads.c.stage == "mql",
        leads.c.merged_into.is_(None),
        select(_e.key).where(_e.lead_id == leads.c.id, *_kept).exists(),
    )
    .order_by(leads.c.id)
    .limit(bindparam("n"))
)
_TASKS = (
    select(_e.key, _e.lead_id, _e.at, _e.because, _e.payload)
    .where(among(_e.lead_id, "ids"), *_kept)
    .order_by(_e.lead_id, _e.at, _e.key)
)
_waits = and_(
    _o.state == NEW, _o.not_before > bindparam("now"), _o.attempts == 0, _o.attempted.is_(False), _o.waits.is_(None)
)
_KEPT_BACK = (
    select(_e.key, _e.lead_id, _e.at, _e.because, _e.payload)
    .outerjoin(outbox, _o.key == _e.key)
    .where(among(_e.lead_id, "ids"), _e.kind == "task", or_(_e.withheld.in_(_RECORDED), _waits))
    .order_by(_e.lead_id, _e.at, _e.key)
)
_CARRY_OUT = update(effects).where(among(_e.key, "keys"), _e.withheld.in_(_RECORDED)).values(withheld=None)
_AGAIN = (
    update(outbox)
    .where(_o.key == bindparam("of"), or_(_o.state == "lapsed", _waits))
    .values(
        state="new",
        payload=bindparam("said"),
        not_before=bindparam("begins"),
        since=bindparam("now"),
        attempts=0,
        error=null(),
        seq=_o.seq + 1,
    )
)


def leads_after(conn: Connection, after: str, limit: int, shadow: Shadow = OVER) -> list[LeadId]:
    """The next leads by id that are MQLs and of whom a task was withheld."""
    asked = {"after": after, "n": limit, "began": shadow.began, "until": shadow.until}
    return list(conn.execute(_WHO, asked).scalars())


def of_leads(conn: Connection, lead_ids: Iterable[LeadId], shadow: Shadow = OVER) -> list[Withheld]:
    """The withheld tasks of these leads, by lead, then time."""
    asked = {"ids": listed(lead_ids), "began": shadow.began, "until": shadow.until}
    return _read(conn.execute(_TASKS, asked))


def kept_back(conn: Connection, lead_ids: Iterable[LeadId], now: Instant) -> list[Withheld]:
    """The tasks of these leads that were recorded and not carried out, or wait for their turn; by lead, then time."""
    return _read(conn.execute(_KEPT_BACK, {"ids": listed(lead_ids), "now": now}))


def _read(found: Result[*tuple[Any, ...]]) -> list[Withheld]:
    return [
        Withheld(
            key=key,
            lead_id=lead,
            at=at,
            because=decode(because, tuple[str, ...]),
            payload=decode(payload, dict[str, Any]),
        )
        for key, lead, at, because, payload in found.all()
    ]


def carry_out(conn: Connection, connection: ConnectionName, rows: Sequence[NewOnce], now: Instant) -> None:
    """These tasks go out after all, from their time on; one that waited in shadow, or for its turn, where it waited."""
    if not rows:
        return
    conn.execute(_CARRY_OUT, {"keys": listed([row.key for row in rows])})
    again = [
        {"of": row.key, "said": encode(row.payload), "begins": row.not_before, "now": now}
        for row in sorted(rows, key=lambda row: row.key)
    ]
    run_many(conn, _AGAIN, again)
    want_once(conn, connection, "task", rows, now)
