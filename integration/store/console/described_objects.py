"""Described objects: the fields of a CRM's object as it described them last, for the console's pages."""

from sqlalchemy import Connection

from integration.store.db import kept_values
from mappings.values.identifiers import ConnectionName
from mappings.values.instant import Instant


def last(conn: Connection, connection: ConnectionName, object_name: str) -> str | None:
    """The last description as JSON text; None before the first."""
    return kept_values.of_objects(conn, "described", connection, [object_name]).get(object_name)


def put(conn: Connection, connection: ConnectionName, object_name: str, described: str, now: Instant) -> None:
    """Keep a description, as JSON text."""
    kept_values.put_of_objects(conn, "described", connection, {object_name: described}, now)
