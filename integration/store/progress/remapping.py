"""Remapping: how far the records of changed mappings have been asked for, to be read anew."""

from dataclasses import dataclass

from sqlalchemy import Connection

from integration.store.db import kept_values
from integration.store.db.json_codec import decode, encode
from mappings.values.identifiers import ConnectionName, ExternalId
from mappings.values.instant import Instant


@dataclass(frozen=True, slots=True, kw_only=True)
class Remapping:
    """`files` are the mappings that changed, as versions name them; the place is that of the last record asked for."""

    files: tuple[str, ...]
    connection: ConnectionName = ConnectionName("")
    object: str = ""
    record: ExternalId = ExternalId("")


def under_way(conn: Connection) -> Remapping | None:
    """What is still to be asked for; None where nothing is."""
    found = kept_values.of_service(conn, "remapping")
    return None if found is None else decode(found, Remapping)


def begin(conn: Connection, files: tuple[str, ...], now: Instant) -> None:
    """The records of these mappings are to be read anew, after those that are still to be."""
    before = under_way(conn)
    joined = tuple(sorted({*files, *(before.files if before else ())}))
    kept_values.put_of_service(conn, "remapping", encode(Remapping(files=joined)), now)


def moved(conn: Connection, place: Remapping | None, now: Instant) -> None:
    """Asked for as far as there; None once all are."""
    if place is None:
        kept_values.drop_of_service(conn, "remapping")
    else:
        kept_values.put_of_service(conn, "remapping", encode(place), now)
