"""Connection of a system: which connection is meant where webhooks and mappings know systems alone.

A webhook says whose it is by the portal's or organization's id. A field of one CRM that holds a record id of the other
does not: where several connections of that system stand, nobody can say which, and no records are joined by it.
"""

from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from typing import NamedTuple

import structlog

from integration.flows.base.service import Connection
from integration.store.people.record_references import Address
from mappings.translate.translation import Inward
from mappings.values import record_ids
from mappings.values.identifiers import ConnectionName, ExternalId, System, first_of
from webhooks.facts import Noticed, source_of
from webhooks.persons import RecordNames

log = structlog.get_logger()


def of_account(connections: Mapping[ConnectionName, Connection], system: System, account: str) -> Connection | None:
    """The connection to that account; the only one of its system, where it or the sender does not say whose it is."""
    those = [each for each in connections.values() if each.system == system]
    mine = [each for each in those if account and record_ids.same(system, each.account, account)]
    if mine:
        return mine[0]
    return those[0] if len(those) == 1 and not (account and those[0].account) else None


class Routed(NamedTuple):
    """A change, and the connection to the account in which it happened."""

    connection: Connection
    noticed: Noticed

    @property
    def address(self) -> Address:
        """The record that changed."""
        return self.connection.name, self.noticed.object, self.noticed.id


def routed(connections: Mapping[ConnectionName, Connection], noticed: Sequence[Noticed]) -> list[Routed]:
    """Changes with their connections; those of an account that is not connected are left out."""
    found: list[Routed] = []
    strange: set[tuple[str, str]] = set()
    for each in noticed:
        connection = of_account(connections, each.system, each.account)
        if connection is None:
            strange.add((each.system, each.account))
        else:
            found.append(Routed(connection, each))
    for system, account in sorted(strange):
        log.warning("changes of an account that is not connected are left out", system=system, account=account)
    return found


def called(connections: Mapping[ConnectionName, Connection]) -> RecordNames:
    """What the records of senders are called here, for `webhooks.persons`.

    Those of an account that is not connected are nobody's here, whoever has their ids in one that is.
    """

    def connection(system: System, account: str) -> ConnectionName:
        found = of_account(connections, system, account)
        return found.name if found else ConnectionName(f"{system}#{account}")

    return RecordNames(connection=connection, address=partial(address, connections))


def address(connections: Mapping[ConnectionName, Connection], source: str, lead: str) -> Address:
    """Whom an activity of `source` means by `lead`: a CRM's record (`hubspot:contact:17`), or the source's own id.

    A record is known by its connection's name, and by the long spelling of its id where its CRM has two.
    """
    meant, object_name, record = source_of(source, lead)
    name = named(connections, meant)
    found = connections.get(name)
    return name, object_name, record_ids.full(found.system if found else System(meant), record)


def addressed(
    connections: Mapping[ConnectionName, Connection], connection: Connection, told: Inward
) -> tuple[Address, ...]:
    """A record's references to other records, with the names of their connections."""
    return tuple(_addressed(connections, connection, told.references))


def named(connections: Mapping[ConnectionName, Connection], meant: ConnectionName) -> ConnectionName:
    """The connection that a sender means by its own name or by its system's; itself where there is none."""
    if meant in connections:
        return meant
    found = of_account(connections, System(meant), "")
    return found.name if found else meant


def _addressed(
    connections: Mapping[ConnectionName, Connection],
    connection: Connection,
    references: Iterable[tuple[System, str, ExternalId]],
) -> Iterable[Address]:
    for system, object_name, record in references:
        if system == connection.system:
            yield connection.name, object_name, record
            continue
        those = [each.name for each in connections.values() if each.system == system]
        if len(those) <= 1:  # one that is not connected yet keeps the system's name
            yield (those[0] if those else first_of(system)), object_name, record
