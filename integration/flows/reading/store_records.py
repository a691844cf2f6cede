"""Store records: stores what CRM records say, as field changes of the people and companies they stand for.

A record's field counts as changed only where it differs from what the same record said last. So a person whom two
CRMs describe differently does not change back and forth each time one of them is read, and the echo of a write of
ours says nothing. What a record says when it is first read are first values, whatever arrived about it before: a
webhook, a call or a deal may have named it already. [mappings.translate.first_values]
"""

from collections.abc import Collection, Sequence
from dataclasses import replace
from typing import Protocol

from sqlalchemy import Connection as Sql

from connectors.base.port import Record
from integration.flows.base.connection_of_system import addressed
from integration.flows.base.service import Connection, HasKeys, HasWake, Intake, NewPeople
from integration.flows.intake import unreadable_records
from integration.flows.people import identities, learn_other_emails
from integration.flows.people.identities import Resolved, Sighting
from integration.flows.people.record_field_changes import ReportedFields, change_accounts, change_leads
from integration.flows.privacy import screening
from integration.flows.reading import past_activities, read_deals, read_sales_answers
from integration.flows.reading.company_sightings import company_of, domain_of
from integration.flows.reading.new_values import NewValues, Read, new_values, valid_since
from integration.store.outgoing import outbox, people_without_records
from integration.store.people import accounts, leads, record_references
from integration.store.people.record_references import Address
from integration.store.queues import dirty, people_to_find
from mappings.conflicts.field_conflicts import key_prefix
from mappings.translate.translation import inward
from mappings.values import bounds
from mappings.values.identifiers import AccountId, ConnectionName, LeadId
from mappings.values.instant import Instant


class RecordIntake(Intake, HasKeys, HasWake, Protocol):
    """What it takes to take records in."""


def store_records(  # noqa: PLR0913 - what was read, and how
    conn: Sql,
    service: RecordIntake,
    connection: Connection,
    records: Sequence[Record],
    *,
    asked_at: Instant,
    known: Collection[str] = (),
) -> None:
    """Companies first, so that people find theirs; then what sales said about those people, and what they did.

    `asked_at` is when the CRM was asked for them, by our clock. Newcomers are looked for in the other CRMs, but for
    those that are `known` to be read whole anyway.
    """
    if not records:  # most pages of a poll
        return
    mapping = connection.mapping
    kinds = {name: found.kind for name, found in mapping.objects.items()}
    genuine = unreadable_records.genuine(
        conn, connection, [each for each in records if each.object in kinds], service.now()
    )
    timely = [_timely(each, service.now()) for each in genuine]
    mapped = screening.welcome(conn, service, connection, timely)
    read = [(record, inward(connection.mapping, record.object, record.fields)) for record in mapped]
    persons = [each for each in read if kinds[each[0].object] == "person"]
    _store_companies(conn, service, connection, [each for each in read if kinds[each[0].object] == "account"])
    alive = [each for each in persons if not each[0].deleted]
    others = [name for name in service.connections if name != connection.name and name not in known]
    _store_people(conn, service, connection, alive, asked_at=asked_at, others=others)
    _bury(conn, service, connection, [each for each in persons if each[0].deleted])
    tasks = [record for record in mapped if kinds[record.object] == "task"]
    read_sales_answers.store_tasks(conn, service, connection, tasks)
    deals = [record for record in mapped if kinds[record.object] == "opportunity"]
    read_deals.store_deals(conn, service, connection, deals)
    past_activities.store_past(conn, service, connection, mapped)


def _timely(record: Record, now: Instant) -> Record:
    """A record whose times can be: one from before 2000 is as old as can be, one of the future is of now."""
    created, modified = (at if at is None else bounds.within(at, now) for at in (record.created_at, record.modified_at))
    return replace(record, created_at=created, modified_at=modified)


def _bury(conn: Sql, service: NewPeople, connection: Connection, gone: Sequence[Read]) -> None:
    """People whose record was deleted: they and their history stay; one that was merged lives on as its survivor."""
    addresses = [(connection.name, record.object, record.id) for record, _ in gone]
    record_references.revive(conn, addresses)
    known = leads.by_reference(conn, addresses)
    moved = [
        Sighting(references=(address, *addressed(service.connections, connection, told)), joins=True)
        for address, (_, told) in zip(addresses, gone, strict=True)
        if address in known and told.references
    ]
    identities.people(
        conn,
        moved,
        at=service.now(),
        new_id=service.new_leads.new_id,
        connected=service.connections,
        owners=service.ownership.lead,
    )
    record_references.bury(conn, known)


def bury_missing(conn: Sql, connection: Connection, wished: Sequence[Address], records: Sequence[Record]) -> None:
    """People's records that were asked for and are not there any more, nor live on under another id."""
    found = {(connection.name, record.object, record.id) for record in records}
    told = (addressed({}, connection, inward(connection.mapping, record.object, record.fields)) for record in records)
    there = found.union(*told)
    people_only = [each for each in wished if each[1] in connection.mapping.people]
    record_references.bury(conn, leads.by_reference(conn, [each for each in people_only if each not in there]))


def _store_companies(conn: Sql, service: NewPeople, connection: Connection, firms: Sequence[Read]) -> None:
    now = service.now()
    sightings = [
        Sighting(references=((connection.name, record.object, record.id),), handle=domain_of(told))
        for record, told in firms
    ]
    found = identities.companies(conn, sightings, at=now, new_id=service.new_leads.new_id)
    news = new_values(conn, connection, firms, found, [{}] * len(firms), asked_at=now)
    rows = [
        ReportedFields(
            account, valid_since(record, now, new), _key(connection, record, new), new.told.account, initial=new.first
        )
        for account, (record, _), new in zip(found.ids, firms, news, strict=True)
    ]
    change_accounts(conn, now, rows, owners=service.ownership.account)
    anew = {row.subject for row, new in zip(rows, news, strict=True) if new.mapped and row.fields}
    _derive_anew(conn, set(), anew, now)


def _store_people(  # noqa: PLR0913 - as above
    conn: Sql,
    service: RecordIntake,
    connection: Connection,
    persons: Sequence[Read],
    *,
    asked_at: Instant,
    others: Sequence[ConnectionName],
) -> None:
    now, ownership = service.now(), service.ownership
    back = record_references.revive(conn, [(connection.name, record.object, record.id) for record, _ in persons])
    outbox.want_fields(conn, connection.name, back, now)  # nothing was written there while it was gone
    sightings = [
        Sighting(
            references=(
                (connection.name, record.object, record.id),
                *addressed(service.connections, connection, told),
            ),
            handle=str(told.lead["email"]) if told.lead.get("email") else None,
            others=told.other_emails,
            joins=True,
        )
        for record, told in persons
    ]
    further = learn_other_emails.changed(conn, connection, persons)
    learn_other_emails.let_go(conn, further.gone)
    found = identities.people(
        conn,
        sightings,
        at=now,
        new_id=service.new_leads.new_id,
        connected=service.connections,
        owners=ownership.lead,
    )
    firms = identities.companies(
        conn,
        [company_of(connection, record, told) for record, told in persons],
        at=now,
        new_id=service.new_leads.new_id,
    )
    homes = [{"account": account} for account in firms.ids]
    news = new_values(conn, connection, persons, found, homes, asked_at=asked_at)
    lead_rows, account_rows = [], []
    for lead, account, (record, _), new in zip(found.ids, firms.ids, persons, news, strict=True):
        since, key = valid_since(record, now, new), _key(connection, record, new)
        lead_rows.append(ReportedFields(lead, since, key, new.told.lead, initial=new.first))
        if new.told.account:
            first = new.first or account in firms.newcomers
            account_rows.append(ReportedFields(account, since, key, new.told.account, initial=first))
    change_accounts(conn, now, account_rows, owners=ownership.account)
    awaited = _ask_elsewhere(conn, service, others, found, news)
    learn_other_emails.ask(conn, further.new, others)
    waiting = [row for row in lead_rows if row.subject in awaited]
    change_leads(conn, now, waiting, owners=ownership.lead, rest=service.new_leads.grace)
    change_leads(conn, now, [row for row in lead_rows if row.subject not in awaited], owners=ownership.lead)
    people = {lead for lead, new in zip(found.ids, news, strict=True) if new.mapped and new.told.lead}
    members_of = {firm for firm, new in zip(firms.ids, news, strict=True) if firm and new.mapped and new.told.account}
    _derive_anew(conn, people, members_of, now)
    people_without_records.rehome(conn, connection.name, sorted(set(found.ids)))
    unreadable_records.add(conn, connection, unreadable_records.no_emails(persons, found.ids), now)


def _derive_anew(conn: Sql, people: Collection[LeadId], firms: Collection[AccountId], now: Instant) -> None:
    """Whom another mapping reads otherwise is derived as under a version of its own: the past makes no work."""
    anew = sorted({*people, *accounts.members(conn, sorted(firms))})
    dirty.mark(conn, anew, now)
    leads.derive_anew(conn, anew)


def _ask_elsewhere(
    conn: Sql, service: HasWake, others: Sequence[ConnectionName], found: Resolved[LeadId], news: Sequence[NewValues]
) -> set[LeadId]:
    """Ask the other CRMs for everybody under an e-mail that is new here; who is to wait for the answer.

    Somebody known whose e-mail has changed may have a record under the new one. Only newcomers wait.
    """
    emails = sorted({each.email for each in news} & found.unknown)
    people_to_find.seek(conn, others, emails)
    for name in others if emails else ():
        service.wake(f"refresh:{name}")
    waiting = {lead for lead, each in zip(found.ids, news, strict=True) if lead in found.newcomers and each.email}
    return waiting if others else set()


def _key(connection: Connection, record: Record, new: NewValues) -> str:
    """One fact per state of a record and mapping, however often it is read; its system first: see field_conflicts."""
    mapping = f"#{new.mapped}" if new.mapped else ""
    place = f"{record.object}:{record.id}@{record.modified_at or 0}{mapping}"
    return f"{key_prefix(connection.system, connection.name)}:{place}"
