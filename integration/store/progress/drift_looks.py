"""Drift looks: what the last look at each connection found amiss between its CRM and its mapping."""

from dataclasses import dataclass

from sqlalchemy import Connection

from integration.store.db import kept_values
from integration.store.db.json_codec import decode, encode
from mappings.values.identifiers import ConnectionName
from mappings.values.instant import Instant
from mappings.yaml_files.problems import Severity


@dataclass(frozen=True, slots=True, kw_only=True)
class Trouble:
    """One thing amiss in a CRM: what it is about, in words, and what to do."""

    subject: str
    text: str
    remedy: str
    severity: Severity = "error"


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """The last look at one connection: when, and what was amiss."""

    at: Instant
    troubles: tuple[Trouble, ...]


def last(conn: Connection, connection: ConnectionName) -> Look | None:
    """What the last look at a connection found; None before the first."""
    stored = kept_values.of_connection(conn, "drift", connection)
    return None if stored is None else decode(stored, Look)


def put(conn: Connection, connection: ConnectionName, look: Look) -> None:
    """Keep the last look at a connection."""
    kept_values.put_of_connection(conn, "drift", connection, encode(look), look.at)
