"""Screening: what comes in about an erased person is dropped before it is stored, and counted.

Deliveries are screened before they are stored as facts, records before they become leads. Whoever turns up under a
name that is new, beside one that was erased, is erased under the new one too. What survives a crash: what is learned
and what is rewritten is stored with the batch in which it was seen. [decision 0012]
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Protocol

import structlog
from sqlalchemy import Connection as Sql

from connectors.base.port import Record
from integration.flows.base.connection_of_system import addressed, called
from integration.flows.base.service import Connection, HasCrms, HasKeys, HasStore, NewPeople
from integration.store.audit import audit_trail
from integration.store.overall import erased_people, erasure_key
from integration.store.people import leads, record_references
from integration.store.people import other_emails as addresses
from integration.store.queues import inbox
from integration.store.queues.inbox import Delivery
from mappings.translate.translation import inward
from mappings.values import person_names
from mappings.values.instant import Instant
from webhooks import persons
from webhooks.facts import Parsed
from webhooks.parsers import parse
from webhooks.persons import RecordNames

log = structlog.get_logger()


class Sealed(HasStore, HasKeys, Protocol):
    """The store, with what hides and opens the names of erased people."""


class Screening(NewPeople, HasKeys, Protocol):
    """What it takes to tell who was erased, and to take in whoever comes back."""


@dataclass(frozen=True, slots=True)
class Opened:
    """A delivery and what it says."""

    delivery: Delivery
    parsed: Parsed


@dataclass(slots=True, kw_only=True)
class Screened:
    """Deliveries without those who were erased, and what has to be noted of them in the batch's transaction.

    `learned` are new names of erased persons; `asked`, records that a CRM says it deleted for privacy.
    """

    opened: Sequence[Opened]
    rewritten: dict[int, bytes] = field(default_factory=dict)
    learned: dict[str, str] = field(default_factory=dict)
    asked: dict[str, str] = field(default_factory=dict)
    dropped: int = 0


def screen(service: Screening, opened: Sequence[Opened], *, erased: bool) -> Screened:
    """The deliveries as they may be stored; `erased` says whether anybody ever was. Raises SealedError."""
    records = called(service.connections)
    told = {
        person_names.of_record(records.connection(each.system, each.account), each.object, each.id)
        for one in opened
        for each in one.parsed.noticed
        if each.what == "privacy_deleted"
    }
    if not told and not erased:
        return Screened(opened=opened)
    with service.store.read() as conn:
        names = [persons.named(each.delivery.source, each.parsed, _text(each), records) for each in opened]
        gone = erased_people.known(conn, service.keys.keyring, sorted(told.union(*names)))
    asked = {name: gone.get(name) or service.new_leads.new_id() for name in sorted(told)}
    found = Screened(opened=opened, asked=asked)
    gone |= asked
    while _cut(found, [*names], gone, records):
        pass
    return found


def _text(opened: Opened) -> str:
    return persons.readable(opened.delivery.body)


def _cut(found: Screened, names: Sequence[set[str]], gone: dict[str, str], records: RecordNames) -> bool:
    """One pass over the deliveries; true where it has taught another name, which may stand in one before."""
    before, found.dropped, kept = len(gone), 0, []
    for each, theirs in zip(found.opened, names, strict=True):
        if gone.keys().isdisjoint(theirs):
            kept.append(each)
            continue
        delivery = each.delivery
        cut = persons.without(delivery.source, delivery.body, gone.__contains__, records)
        for about in cut.names:
            person = next(gone[name] for name in sorted(about) if name in gone)
            found.learned |= {name: person for name in about if name not in gone}
        gone |= found.learned
        found.rewritten[delivery.id] = cut.body
        found.dropped += len(cut.taken)
        parsed = parse(delivery.source, cut.body, delivery.received_at)
        kept.append(Opened(replace(delivery, body=cut.body), parsed))
    again = len(gone) > before
    if not again:
        found.opened = kept
    return again


def note(conn: Sql, service: Sealed, found: Screened) -> None:
    """Store what a screening has found, in the transaction that stores the other items.

    The leases of others stay theirs.

    What is stored about those whom a CRM deleted is removed afterwards: see erase_person.py.
    """
    now = service.now()
    inbox.rewrite(conn, sorted(found.rewritten.items()))
    learn(conn, service, found.learned, now)
    if found.asked:
        key = erasure_key.make(conn, service.keys.keyring, service.keys.chance(erasure_key.LENGTH))
        erased_people.add(conn, key, found.asked, now, pending=True)
        audit_trail.add(
            conn,
            [
                audit_trail.Entry(
                    at=now,
                    actor="webhook",
                    action="privacy deletion",
                    subject=f"name {erased_people.hashed(key, name)}",
                )
                for name in found.asked
            ],
        )
    _count(conn, found.dropped)


def learn(conn: Sql, service: HasKeys, names: Mapping[str, str], now: Instant) -> None:
    """From now on these names (→ person) are erased too, but for those that are somebody else's here.

    What came under a new name before it was known as one is found and removed by erase_person.py.
    """
    if not names:
        return
    theirs = strangers(conn, names)
    if theirs:
        key = erasure_key.make(conn, service.keys.keyring, service.keys.chance(erasure_key.LENGTH))
        erased_people.add(conn, key, {name: names[name] for name in theirs}, now, pending=True)


def strangers(conn: Sql, names: Iterable[str]) -> set[str]:
    """Those of the names by which no lead goes now."""
    emails = {email: name for name in names if (email := person_names.email(name))}
    records = {record: name for name in names if (record := person_names.record(name))}
    living = {emails[email] for email in (*leads.by_email(conn, emails), *addresses.secondary(conn, emails))}
    living |= {records[record] for record in record_references.leads(conn, records)}
    return set(names) - living


def welcome(conn: Sql, service: Screening, connection: Connection, records: Sequence[Record]) -> list[Record]:
    """The records that may be stored: none of somebody who was erased, and deals without them. Raises SealedError."""
    if not records or not erased_people.anybody(conn):
        return list(records)
    names = [_names(service, connection, record) for record in records]
    party = {person_names.of_record(connection.name, *person) for record in records for person in record.people}
    gone = erased_people.known(conn, service.keys.keyring, sorted(party.union(*names)))
    if not gone:
        return list(records)
    kept: list[Record] = []
    learned: dict[str, str] = {}
    for record, theirs in zip(records, names, strict=True):
        person = next((gone[name] for name in sorted(theirs) if name in gone), None)
        if person is None:
            there = [each for each in record.people if person_names.of_record(connection.name, *each) not in gone]
            kept.append(replace(record, people=tuple(there)))
        elif not _living(conn, connection, record):
            learned |= {name: person for name in theirs if name not in gone}
    learn(conn, service, learned, service.now())
    _count(conn, len(records) - len(kept))
    return kept


def _names(service: HasCrms, connection: Connection, record: Record) -> set[str]:
    """Every name by which a record calls a person; none for what is no person."""
    mapped = connection.mapping.objects.get(record.object)
    if mapped is None or mapped.kind != "person":
        return set()
    told = inward(connection.mapping, record.object, record.fields)
    found = {person_names.of_record(connection.name, record.object, record.id)}
    found |= {person_names.of_record(*each) for each in addressed(service.connections, connection, told)}
    email = told.lead.get("email")
    return found | {person_names.of_email(str(each)) for each in (email, *told.other_emails) if each}


def _living(conn: Sql, connection: Connection, record: Record) -> bool:
    return bool(record_references.leads(conn, [(connection.name, record.object, record.id)]))


def _count(conn: Sql, dropped: int) -> None:
    if dropped:
        erased_people.count(conn, dropped)
        log.info("dropped what was about somebody who was erased", items=dropped)
