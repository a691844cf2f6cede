"""Sync progress: how far the first reading of everything has come, object by object."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from sqlalchemy import Connection

from integration.store.db import kept_values
from integration.store.db.json_codec import decode, encode
from mappings.values.identifiers import ConnectionName
from mappings.values.instant import Instant


@dataclass(frozen=True, slots=True, kw_only=True)
class Course:
    """How far the reading of one object has come; `total` is what the CRM said at the beginning.

    It is `done` when there is nothing more to ask in this run. `skipped` says why the CRM would not show the object, in
    its words; it is asked for again when the sync is run again.
    """

    began_at: Instant
    after: str = ""
    read: int = 0
    total: int = 0
    done: bool = False
    skipped: str = ""

    @property
    def whole(self) -> bool:
        """Whether the object was read to its end."""
        return self.done and not self.skipped


def courses(conn: Connection, connection: ConnectionName, objects: Iterable[str]) -> dict[str, Course]:
    """How far each of these objects has been read, in their order; those not begun are absent."""
    wanted = list(objects)
    found = kept_values.of_objects(conn, "sync", connection, wanted)
    return {name: decode(found[name], Course) for name in wanted if name in found}


def put(conn: Connection, connection: ConnectionName, found: Mapping[str, Course], now: Instant) -> None:
    """These objects have been read so far; in the transaction that stores what was read."""
    kept_values.put_of_objects(conn, "sync", connection, {name: encode(each) for name, each in found.items()}, now)
