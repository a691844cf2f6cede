"""Cursors: how far each reader of a CRM's or the store's data has come."""

from sqlalchemy import Connection, bindparam, delete, select

from integration.store.db.dialects import upsert
from integration.store.schema.tables import cursors
from mappings.values.instant import Instant

_GET = select(cursors.c.value).where(cursors.c.name == bindparam("cursor"))
_DROP = delete(cursors).where(cursors.c.name == bindparam("cursor"))
_PUT = upsert(cursors, ["name"], lambda new: {"value": new.value, "updated_at": new.updated_at})


def get(conn: Connection, name: str) -> str | None:
    """Where the reader stands, or None before its first step."""
    return conn.execute(_GET, {"cursor": name}).scalar()


def put(conn: Connection, name: str, value: str, now: Instant) -> None:
    """The reader has come this far; store it in the transaction that stores what was read."""
    conn.execute(_PUT.on(conn), {"name": name, "value": value, "updated_at": now})


def drop(conn: Connection, name: str) -> None:
    """There is nothing to read any more."""
    conn.execute(_DROP, {"cursor": name})
