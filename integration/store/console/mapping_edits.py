"""Mapping edits: changes of single fields that somebody has made in the console and not proposed or published yet."""

from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

from sqlalchemy import Connection

from integration.store.console import rule_drafts
from integration.store.db import kept_values
from integration.store.db.json_codec import decode, encode
from mappings.values.identifiers import ConnectionName
from mappings.values.instant import Instant

EditedFile: TypeAlias = Literal["mapping", "vocabulary"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Edit:
    """One place of a file and what is to stand there, as JSON's values; None for nothing any more."""

    file: EditedFile
    path: tuple[str, ...]
    value: Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Edits:
    """The edits of a person, in the order in which they were made; `draft` is the last that was made of them."""

    edits: tuple[Edit, ...] = ()
    draft: str = ""


def of(conn: Connection, connection: ConnectionName, person: str) -> Edits:
    """What somebody has changed and not published."""
    found = kept_values.of_objects(conn, "mapping_edits", connection, [person]).get(person)
    held = Edits() if found is None else decode(found, Edits)
    draft = rule_drafts.get(conn, held.draft) if held.draft else None
    return Edits() if draft is not None and draft.state == "published" else held


def put(conn: Connection, connection: ConnectionName, person: str, edits: Edits, now: Instant) -> None:
    """Keep somebody's edits in the place of those before."""
    kept_values.put_of_objects(conn, "mapping_edits", connection, {person: encode(edits)}, now)


def drop(conn: Connection, connection: ConnectionName, person: str) -> None:
    """Keep none of somebody's edits."""
    kept_values.drop_of_objects(conn, "mapping_edits", connection, [person])
