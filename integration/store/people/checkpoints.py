"""Checkpoints: states of leads on the way, from which they are derived where something arrives late.

They belong to the state that stands with the lead, which every decision replaces in the transaction that stores them:
each is what the same history led to up to its place. Where that state is forgotten, or was derived under another
version of the rules, a lead is derived from the beginning, and the decision that does so replaces them all.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from sqlalchemy import BigInteger, Connection, bindparam, cast, delete, select

from integration.core.model.state import Mark
from integration.store.db.dialects import among, pairs, run_many, upsert
from integration.store.db.json_codec import encode, listed
from integration.store.schema.tables import checkpoints
from mappings.values.identifiers import LeadId


class Reached(NamedTuple):
    """Where a checkpoint lies: its number, the place of the last event in it, and how many events are in it."""

    number: int
    place: Mark
    applied: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Checkpoint:
    """A checkpoint with its state, as JSON text."""

    reached: Reached
    state: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """What a decision changes about a lead's checkpoints.

    Those with a number above `above` go (None: none of them), and those in `dropped`; `new` are added.
    """

    lead: LeadId
    above: int | None = None
    dropped: Sequence[int] = ()
    new: Sequence[Checkpoint] = ()


_c = checkpoints.c
_PLACES = (
    select(_c.lead_id, _c.number, _c.at, _c.kind, _c.event, _c.applied)
    .where(among(_c.lead_id, "ids"))
    .order_by(_c.lead_id, _c.number)
)
_chosen = pairs("chosen")
_STATES = select(_c.lead_id, _c.state).select_from(
    _chosen.join(checkpoints, (_c.lead_id == _chosen.c.key) & (_c.number == cast(_chosen.c.value, BigInteger)))
)
_ADD = upsert(
    checkpoints,
    ["lead_id", "number"],
    lambda new: {name: getattr(new, name) for name in ("at", "kind", "event", "applied", "state")},
)
_ABOVE = delete(checkpoints).where(_c.lead_id == bindparam("row"), _c.number > bindparam("above"))
_DROP = delete(checkpoints).where(_c.lead_id == bindparam("row"), _c.number == bindparam("dropped"))
_FORGET = delete(checkpoints).where(among(_c.lead_id, "ids"))


def places(conn: Connection, lead_ids: Iterable[LeadId]) -> dict[LeadId, list[Reached]]:
    """Where the checkpoints of these leads lie, in order. Ask only of leads whose own state can be gone on from."""
    found: dict[LeadId, list[Reached]] = {}
    for lead, number, at, kind, event, applied in conn.execute(_PLACES, {"ids": listed(sorted(set(lead_ids)))}):
        found.setdefault(lead, []).append(Reached(number, (at, kind, event), applied))
    return found


def states(conn: Connection, chosen: Mapping[LeadId, int]) -> dict[LeadId, str]:
    """The states (JSON text) of the checkpoints of these numbers, one of each lead."""
    rows = conn.execute(_STATES, {"chosen": encode(chosen)}).all() if chosen else []
    return dict(rows)


def keep(conn: Connection, changes: Sequence[Kept]) -> None:
    """Bring the checkpoints of these leads in line with their states, which are stored in the same transaction."""
    gone = [{"row": each.lead, "above": each.above} for each in changes if each.above is not None]
    dropped = [{"row": each.lead, "dropped": number} for each in changes for number in each.dropped]
    new = [
        {
            "lead_id": each.lead,
            "number": one.reached.number,
            "at": one.reached.place[0],
            "kind": one.reached.place[1],
            "event": one.reached.place[2],
            "applied": one.reached.applied,
            "state": one.state,
        }
        for each in changes
        for one in each.new
    ]
    for statement, rows in ((_ABOVE, gone), (_DROP, dropped)):
        if rows:
            run_many(conn, statement, rows)
    if new:
        conn.execute(_ADD.on(conn), new)


def forget(conn: Connection, lead_ids: Iterable[LeadId]) -> None:
    """These leads have none any more: what they are is derived from the beginning the next time."""
    conn.execute(_FORGET, {"ids": listed(sorted(set(lead_ids)))})
