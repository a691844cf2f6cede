"""Saved filters: filters of the list of leads that somebody has saved under a name."""

from dataclasses import dataclass, replace

from sqlalchemy import Connection, bindparam, delete, func, select

from integration.store.db.dialects import upsert
from integration.store.db.json_codec import decode, encode
from integration.store.people.lead_lists import LeadFilter
from integration.store.schema.kept_tables import saved_filters
from mappings.values.instant import Instant

MOST = 40
"""Filters that a person may have."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SavedFilter:
    """A filter under the name that its person gave it. No text that somebody searched for is saved."""

    name: str
    filter: LeadFilter


_c = saved_filters.c
_PUT = upsert(saved_filters, ["person", "name"], lambda new: {"filter": new["filter"], "saved_at": new["saved_at"]})
_OF = select(_c.name, _c["filter"]).where(_c.person == bindparam("who")).order_by(_c.name)
_COUNT = select(func.count()).where(_c.person == bindparam("who"), _c.name != bindparam("which"))
_DROP = delete(saved_filters).where(_c.person == bindparam("who"), _c.name == bindparam("which"))


def of(conn: Connection, person: str) -> list[SavedFilter]:
    """Everything that somebody has saved, by name."""
    return [
        SavedFilter(name=name, filter=decode(body, LeadFilter)) for name, body in conn.execute(_OF, {"who": person})
    ]


def put(conn: Connection, person: str, saved: SavedFilter, now: Instant) -> bool:
    """Save a filter, in the place of one of that name; False where the person has too many others."""
    if (conn.execute(_COUNT, {"who": person, "which": saved.name}).scalar() or 0) >= MOST:
        return False
    body = encode(replace(saved.filter, begins=""))
    conn.execute(_PUT.on(conn), {"person": person, "name": saved.name, "filter": body, "saved_at": now})
    return True


def drop(conn: Connection, person: str, name: str) -> bool:
    """Delete one; whether there was one."""
    return conn.execute(_DROP, {"who": person, "which": name}).rowcount > 0
