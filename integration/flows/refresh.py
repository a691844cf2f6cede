"""Refresh: read CRM records that webhooks named, and find people that only activities named.

What survives a crash: a wish to read stays until the transaction that stored what was read removes
it. Reading twice changes nothing, since only differences are stored.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from functools import partial

import structlog
from sqlalchemy import Connection as Sql

from connectors.base import Record, Unavailable
from integration.flows.lane import drain
from integration.flows.records import bury_missing, store_records
from integration.flows.resting import open_for, rest
from integration.flows.service import Connection, Service
from integration.store import dirty, lanes, leads, leases, refresh
from integration.store.leases import Lease
from integration.store.references import Address
from integration.store.refresh import Wanted
from integration.store.session import serialise
from mappings.instant import Instant
from mappings.translate import inward

log = structlog.get_logger()


def read_records(service: Service, connection: str) -> int:
    """Read everything that waits to be read from one connection."""
    return drain(service, f"refresh:{connection}", partial(_turn, connection=service.connections[connection]))


def _turn(service: Service, lease: Lease, /, *, connection: Connection) -> bool:
    limits = connection.connector.limits
    now = service.now()
    with service.store.read() as conn:
        if open_for(connection.name, lanes.paused(conn, now)) != "everything":
            return False
        wishes = refresh.take(conn, connection.name, now, min(limits.read, limits.find))
    if not wishes:
        return False
    try:
        records = _fetch(connection, wishes)
    except Unavailable as fault:
        with service.store.write() as conn:
            leases.hold(conn, lease, service.lease)
            rest(conn, connection.name, fault.receipt, service.now())
        return False
    with service.store.write() as conn:
        leases.hold(conn, lease, service.lease)
        serialise(conn, "people")
        store_records(conn, service, connection, records, asked_at=now)
        wished = [(connection.name, wish.object, wish.external_id) for wish in wishes]
        bury_missing(conn, connection, wished, records)
        refresh.done(conn, wishes)
        _release(conn, wishes, service.now())
    log.info("read records", connection=connection.name, asked=len(wishes), found=len(records))
    service.wake("advance")
    return True


def _release(conn: Sql, wishes: Sequence[Wanted], now: Instant) -> None:
    """Those for whom every CRM has been asked by now can be decided about."""
    emails = {wish.external_id for wish in wishes if not wish.object}
    dirty.mark(conn, sorted(leads.by_email(conn, emails - refresh.sought(conn, emails)).values()), now)


def _fetch(connection: Connection, wishes: Sequence[Wanted]) -> list[Record]:
    """Records by id, people by e-mail, and then the companies that those people name."""
    mapping, connector = connection.mapping, connection.connector
    by_object: dict[str, list[str]] = defaultdict(list)
    for wish in wishes:
        by_object[wish.object].append(wish.external_id)
    emails = by_object.pop("", [])
    found = list(connector.find(emails, {each: mapping.reads(each) for each in mapping.people})) if emails else []
    for name, ids in by_object.items():
        if name in mapping.objects:
            found += connector.read(name, ids, mapping.reads(name))
    return with_companies(connection, found, companies_named(connection, found))


def companies_named(connection: Connection, records: Sequence[Record]) -> set[Address]:
    """The companies that people's records name."""
    mapping = connection.mapping
    people = (inward(mapping, each.object, each.fields) for each in records if each.object in mapping.people)
    return {(connection.name, *told.account_ref) for told in people if told.account_ref is not None}


def with_companies(connection: Connection, records: Sequence[Record], wanted: Iterable[Address]) -> list[Record]:
    """The records, and those of these companies that are not among them. Raises Unavailable."""
    mapping, connector = connection.mapping, connection.connector
    found = list(records)
    there = {(connection.name, record.object, record.id) for record in records}
    missing: dict[str, list[str]] = defaultdict(list)
    for _, name, key in sorted(set(wanted) - there):
        missing[name].append(key)
    for name, ids in missing.items():
        for start in range(0, len(ids), connector.limits.read):
            found += connector.read(name, ids[start : start + connector.limits.read], mapping.reads(name))
    return found
