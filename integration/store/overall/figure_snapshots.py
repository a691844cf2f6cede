"""Figure snapshots: the figures that were counted last, for whoever asks often."""

from dataclasses import asdict
from typing import Any, TypeVar

import msgspec
from sqlalchemy import Connection, bindparam, select

from integration.store.db.dialects import upsert
from integration.store.db.json_codec import decode, encode
from integration.store.db.session import Store
from integration.store.overall.store_figures import Numbers, counts
from integration.store.schema.tables import figures
from mappings.values.instant import Instant

T = TypeVar("T")
_NAME = "numbers"
_ROOM = "room"
_GET = select(figures.c.body).where(figures.c.name == bindparam("which"))
_PUT = upsert(figures, ["name"], lambda new: {"counted_at": new.counted_at, "body": new.body})


def count(store: Store, now: Instant) -> None:
    """Count everything and keep it for `latest`; a pass over the leads, and one write. Raises StoreError."""
    with store.read() as conn:
        found = asdict(counts(conn))
    found["outbox"] = [(*labels, number) for labels, number in found["outbox"].items()]  # JSON has no such keys
    with store.write() as conn:
        conn.execute(_PUT.on(conn), {"name": _NAME, "counted_at": now, "body": encode({**found, "counted_at": now})})


def latest(conn: Connection) -> Numbers | None:
    """What was counted last; None before the first time, or where another version counted."""
    body = conn.execute(_GET, {"which": _NAME}).scalar()
    if body is None:
        return None
    given: dict[str, Any] = decode(body, dict[str, Any])
    try:
        given["outbox"] = {tuple(labels): number for *labels, number in given["outbox"]}
        return msgspec.convert(given, Numbers)
    except (KeyError, TypeError, msgspec.ValidationError):
        return None


def keep(conn: Connection, name: str, body: Any, now: Instant) -> None:
    """Keep what was counted under a name, in the place of what was kept there."""
    conn.execute(_PUT.on(conn), {"name": name, "counted_at": now, "body": encode(body)})


def kept(conn: Connection, name: str, kind: type[T]) -> T | None:
    """What was kept under that name; None before the first time, or where another version kept it in another form."""
    body = conn.execute(_GET, {"which": name}).scalar()
    if body is None:
        return None
    try:
        return decode(body, kind)
    except msgspec.ValidationError:
        return None


def try_room(conn: Connection, now: Instant, body: str) -> None:
    """Write this in the place of what was written here before, to see whether anything can be written at all."""
    conn.execute(_PUT.on(conn), {"name": _ROOM, "counted_at": now, "body": body})
