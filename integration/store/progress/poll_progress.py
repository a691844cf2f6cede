"""Poll progress: how far a connection's changes have been read, object by object, and which object comes next."""

from dataclasses import dataclass

from sqlalchemy import Connection

from integration.store.db import kept_values
from integration.store.db.json_codec import decode, encode
from mappings.values.identifiers import ConnectionName
from mappings.values.instant import Instant


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """How far the reading of one object has come.

    `newest` is the last change seen (the CRM's time), `grown_at` when it was first seen, `began_at` when the pass under
    way began and `passed_at` when the last whole one did (our time). `after` is where the pass under way goes on.
    """

    newest: Instant
    grown_at: Instant
    began_at: Instant = 0
    passed_at: Instant = 0
    since: Instant = 0
    after: str = ""


def mark(conn: Connection, connection: ConnectionName, object_name: str) -> Mark | None:
    """How far the reading of an object has come; None before its first pass."""
    found = kept_values.of_objects(conn, "poll", connection, [object_name])
    return decode(found[object_name], Mark) if found else None


def put_mark(conn: Connection, connection: ConnectionName, object_name: str, found: Mark, now: Instant) -> None:
    """The reading has come this far; in the transaction that stores what was read."""
    kept_values.put_of_objects(conn, "poll", connection, {object_name: encode(found)}, now)


def start(conn: Connection, connection: ConnectionName, object_name: str, now: Instant) -> None:
    """Changes of an object are looked for from now on, where they are not already."""
    if mark(conn, connection, object_name) is None:
        put_mark(conn, connection, object_name, Mark(newest=now, grown_at=now), now)


def next_object(conn: Connection, connection: ConnectionName) -> str:
    """The object with which the next stint begins; "" for the first of all."""
    return kept_values.of_connection(conn, "next_poll_object", connection) or ""


def put_next_object(conn: Connection, connection: ConnectionName, object_name: str, now: Instant) -> None:
    """The next stint begins with this object; "" for the first of all."""
    kept_values.put_of_connection(conn, "next_poll_object", connection, object_name, now)
