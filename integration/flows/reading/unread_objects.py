"""Unread objects: the objects whose changes a CRM will not show, why, and since when; `coldframe doctor` says so."""

import json
from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import Connection as Sql

from integration.store.db import cursors
from mappings.values.instant import Instant


@dataclass(frozen=True, slots=True, kw_only=True)
class Unread:
    """One object: since when it is not read, and the CRM's words."""

    object: str
    since: Instant
    said: str


def note(conn: Sql, connection: str, object_name: str, said: str, now: Instant) -> None:
    """The CRM will not show an object's changes."""
    before = _known(conn, connection, object_name)
    held = {"since": before.since if before else now, "said": said}
    cursors.put(conn, _name(connection, object_name), json.dumps(held), now)


def clear(conn: Sql, connection: str, objects: Iterable[str], now: Instant) -> None:
    """These were read."""
    for name in objects:
        if _known(conn, connection, name):
            cursors.put(conn, _name(connection, name), "", now)


def known(conn: Sql, connection: str, objects: Iterable[str]) -> list[Unread]:
    """Those of the objects that are not read."""
    return [found for name in objects if (found := _known(conn, connection, name))]


def _known(conn: Sql, connection: str, object_name: str) -> Unread | None:
    stored = cursors.get(conn, _name(connection, object_name))
    return Unread(object=object_name, **json.loads(stored)) if stored else None


def _name(connection: str, object_name: str) -> str:
    return f"unread:{connection}:{object_name}"
