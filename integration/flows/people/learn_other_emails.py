"""Learn other emails: keeps the further addresses of people's records, as they come and go.

An address that a record no longer has may be another person's from now on: it still finds its lead for what names
nothing else, as a former address does, and joins no records any more.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection as Sql

from connectors.base.port import Record
from integration.flows.base.service import Connection
from integration.store.people import other_emails as addresses
from integration.store.people import record_references
from integration.store.queues import people_to_find
from mappings.translate.translation import Inward
from mappings.values.identifiers import ConnectionName

TOLD = "other_emails"
"""The name under which a reference remembers what its record said."""


@dataclass(frozen=True, slots=True)
class Changed:
    """Further addresses that records have for the first time, and those that they have no longer."""

    new: frozenset[str]
    gone: frozenset[str]


def changed(conn: Sql, connection: Connection, persons: Sequence[tuple[Record, Inward]]) -> Changed:
    """What has become of the further addresses of these records since they were read last."""
    if not any(found.other_emails for found in connection.mapping.objects.values()):
        return Changed(frozenset(), frozenset())
    before = record_references.last_said(conn, [(connection.name, record.object, record.id) for record, _ in persons])
    new: set[str] = set()
    gone: set[str] = set()
    for record, told in persons:
        held = before.get((connection.name, record.object, record.id), {}).get(TOLD)
        was, now = set(held if isinstance(held, tuple) else ()), set(told.other_emails)
        new |= now - was
        gone |= was - now
    return Changed(frozenset(new), frozenset(gone - new))


def let_go(conn: Sql, emails: Iterable[str]) -> None:
    """These are nobody's further addresses any more. Call it before people are looked for by them."""
    addresses.demote(conn, emails)


def ask(conn: Sql, emails: Iterable[str], connections: Iterable[ConnectionName]) -> None:
    """Look for people's records under their further addresses too."""
    people_to_find.seek(conn, connections, emails)
