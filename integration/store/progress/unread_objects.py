"""Unread objects: the objects whose changes a CRM will not show, why, and since when; `coldframe doctor` says so."""

from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import Connection

from integration.store.db import kept_values
from integration.store.db.json_codec import decode, encode
from mappings.values.identifiers import ConnectionName
from mappings.values.instant import Instant


@dataclass(frozen=True, slots=True, kw_only=True)
class Unread:
    """One object: since when it is not read, and the CRM's words."""

    object: str
    since: Instant
    said: str


@dataclass(frozen=True, slots=True, kw_only=True)
class _Kept:
    """What is kept of one."""

    since: Instant
    said: str


def note(conn: Connection, connection: ConnectionName, object_name: str, said: str, now: Instant) -> None:
    """The CRM will not show an object's changes."""
    before = known(conn, connection, [object_name])
    kept = _Kept(since=before[0].since if before else now, said=said)
    kept_values.put_of_objects(conn, "unread", connection, {object_name: encode(kept)}, now)


def clear(conn: Connection, connection: ConnectionName, objects: Iterable[str]) -> None:
    """These were read."""
    kept_values.drop_of_objects(conn, "unread", connection, objects)


def known(conn: Connection, connection: ConnectionName, objects: Iterable[str]) -> list[Unread]:
    """Those of the objects that are not read."""
    wanted = list(objects)
    found = kept_values.of_objects(conn, "unread", connection, wanted)
    kept = [(name, decode(found[name], _Kept)) for name in wanted if name in found]
    return [Unread(object=name, since=each.since, said=each.said) for name, each in kept]
