"""Decided effects: every effect that was decided, each key once, ever."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, select

from integration.store.db.dialects import among, insert_new
from integration.store.db.json_codec import decode, encode, listed
from integration.store.schema.tables import effects
from mappings.values.identifiers import LeadId
from mappings.values.instant import Instant


@dataclass(frozen=True, slots=True, kw_only=True)
class EffectRow:
    """An effect: `at` is when it fell due, `decided_at` when the service decided it."""

    key: str
    lead_id: LeadId
    kind: str
    at: Instant
    payload: Mapping[str, Any]
    because: tuple[str, ...]
    decided_at: Instant
    withheld: str | None = None
    """Why it is recorded and not carried out; None where it is."""
    assigned: Mapping[str, Any] | None = None
    """To whom a task goes and why (see unassigned.py); None before it was looked at."""
    version: int | None = None
    """The version of the rules by which it was decided; None of old effects, where nobody noted it."""


_ADD = insert_new(effects, ["key"], returning=[effects.c.key])
_KEYS = select(effects.c.key).where(among(effects.c.key, "keys"))
_DECIDED = select(effects.c.key, effects.c.decided_at).where(among(effects.c.key, "keys"))
_HISTORY = select(*effects.c).where(among(effects.c.lead_id, "ids")).order_by(effects.c.at, effects.c.key)


def add(conn: Connection, rows: Sequence[EffectRow]) -> list[str]:
    """Record effects; answers the keys that nobody has recorded before: only these may be carried out."""
    if not rows:
        return []
    values = [
        {
            "key": row.key,
            "lead_id": row.lead_id,
            "kind": row.kind,
            "at": row.at,
            "payload": encode(row.payload),
            "because": encode(row.because),
            "decided_at": row.decided_at,
            "withheld": row.withheld,
            "version": row.version,
        }
        for row in rows
    ]
    return list(conn.execute(_ADD.on(conn), values).scalars())


def known(conn: Connection, keys: Iterable[str]) -> set[str]:
    """Those of the keys that are recorded."""
    wanted = list(keys)
    return set(conn.execute(_KEYS, {"keys": listed(wanted)}).scalars()) if wanted else set()


def decided(conn: Connection, keys: Iterable[str]) -> dict[str, Instant]:
    """When each of the keys was decided; those that are not recorded are absent."""
    return dict(conn.execute(_DECIDED, {"keys": listed(sorted(keys))}).all())


def history(conn: Connection, lead_ids: Iterable[LeadId]) -> list[EffectRow]:
    """Everything that was decided for these leads, by time, then key."""
    return [
        EffectRow(
            **row
            | {"payload": decode(row["payload"], dict[str, Any]), "because": decode(row["because"], tuple[str, ...])}
            | {"assigned": None if row["assigned"] is None else decode(row["assigned"], dict[str, Any])}
        )
        for row in map(dict, conn.execute(_HISTORY, {"ids": listed(lead_ids)}).mappings())
    ]
