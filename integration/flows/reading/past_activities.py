"""Past activities: calls, meetings, e-mails and campaigns that a CRM has on record; each once.

An activity is known by its record, `salesforce:Task:00T…`, whoever names it and however often. Where one record is
about several people, or says something else later on (signed up, then came), the further ones are numbered: `…:2`.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import count
from typing import TypeAlias

from sqlalchemy import Connection as Sql

from connectors.base.port import Record
from integration.core.model import effect_keys
from integration.flows.base.service import Connection, Intake
from integration.flows.intake import conflicting_contents, unreadable_records
from integration.flows.people.met_records import people_met
from integration.flows.people.signal_activities import relevant
from integration.store.events import activities, unrecognised_words
from integration.store.events.activities import NewActivity, Stored
from integration.store.events.unrecognised_words import Word
from integration.store.outgoing import outbox
from integration.store.people import leads
from integration.store.people.record_references import Address
from integration.store.queues import dirty
from mappings.translate import outcome_labels
from mappings.translate.record_answers import Answer, happened, whose
from mappings.values.identifiers import LeadId
from mappings.values.instant import Instant

_Holder: TypeAlias = tuple[str | None, str]
"""(lead, type) of a stored activity."""


@dataclass(frozen=True, slots=True)
class _Found:
    """What one record says, and of whom."""

    record: Record
    answer: Answer
    addresses: tuple[Address, ...]
    moves: bool
    key: str = ""
    """Ours, where it is the CRM's record of a handover."""


def store_past(conn: Sql, service: Intake, connection: Connection, records: Sequence[Record]) -> None:
    """What records of activities say of the people they are about; our own tasks are not among them."""
    now = service.now()
    silent = Counter(Word("outcome", *told) for each in records for told in _unread(connection, each))
    unrecognised_words.note(conn, silent, now)
    said = _present(conn, [found for record in records if (found := _found(connection, record)) is not None])
    wrong = [unreadable_records.wrong_clock(each.record, each.answer.type, _at(each, now), now) for each in said]
    unreadable_records.add(conn, connection, [fault for fault in wrong if fault is not None], now)
    told = [each for each, fault in zip(said, wrong, strict=True) if fault is None]
    if not told:
        return
    by_person = people_met(conn, service, (address for each in told for address in each.addresses))
    said_of = _said_of(connection, told, by_person, activities.holders(conn, _keys(connection, told)), now)
    rows, displaced = conflicting_contents.versions(conn, said_of)
    touched = {LeadId(str(row.lead_id)) for row in rows} | conflicting_contents.losers(displaced)
    dirty.mark(conn, sorted(touched), now)
    seen = relevant(service.rules.playbook)
    known = service.rules.vocabulary.recognised
    concerned: list[NewActivity | Stored] = [*rows, *displaced.values()]
    signalled = {LeadId(str(row.lead_id)) for row in concerned if known(row.type, row.properties)[0] in seen}
    homes = leads.get(conn, sorted(signalled))
    dirty.mark_accounts(conn, sorted({row.account_id for row in homes if row.account_id}), now)
    conflicting_contents.put(conn, rows, displaced)


def _present(conn: Sql, said: Sequence[_Found]) -> list[_Found]:
    """Without what is done to the record of an earlier handover since the next one: it is over, and another is open."""
    following = {each.key: effect_keys.next_record(each.key) for each in said if each.key}
    since = outbox.wanted_at(conn, following.values()) if following else {}
    return [
        each
        for each in said
        if (begun := since.get(following.get(each.key, ""))) is None or (each.answer.at or begun) < begun
    ]


def _unread(connection: Connection, record: Record) -> Iterator[tuple[str, str]]:
    """Each outcome of a record of others that no line of the mapping reads, where the record says nothing else."""
    mapping = connection.mapping.objects[record.object]
    ours = mapping.task is not None and bool(record.fields.get(mapping.task.key))
    if mapping.activity is None or record.deleted or ours or happened(mapping.activity, record.fields) is not None:
        return iter(())
    return outcome_labels.unread(connection.mapping, record.object, record.fields)


def _found(connection: Connection, record: Record) -> _Found | None:
    mapping = connection.mapping.objects[record.object]
    ours = mapping.task is not None and bool(record.fields.get(mapping.task.key))
    if mapping.activity is None or record.deleted or ours:
        return None
    answer = happened(mapping.activity, record.fields)
    those = record.people or whose(mapping.activity, connection.system, record.fields)
    if answer is None or not those:
        return None
    addresses = tuple((connection.name, *person) for person in those)
    key = str(record.fields.get(mapping.activity.key) or "") if mapping.activity.key else ""
    return _Found(record, answer, addresses, mapping.activity.moves, key)


def _key(connection: Connection, told: _Found, number: int) -> str:
    """The record; where it goes from stage to stage, what it says there and since when, too."""
    key = f"{connection.name}:{told.record.object}:{told.record.id}"
    if told.moves:
        key = f"{key}:{told.answer.state}@{told.answer.at or 0}"
    return key if number == 1 else f"{key}:{number}"


def _keys(connection: Connection, told: Sequence[_Found]) -> list[str]:
    """Every key that may have something of these records: as many as have people, and some that had others before."""
    spare = 3
    return [_key(connection, each, number) for each in told for number in range(1, len(each.addresses) + spare)]


def _said_of(
    connection: Connection,
    told: Sequence[_Found],
    by_person: Mapping[Address, LeadId],
    known: Mapping[str, _Holder],
    now: Instant,
) -> list[NewActivity]:
    """What each record says of each person, under the key that it has, else under the next number that is free."""
    rows: list[NewActivity] = []
    taken = dict(known)
    for each in told:
        held = {taken[key]: key for key in reversed(_keys(connection, [each])) if key in taken}
        for lead in dict.fromkeys(by_person[address] for address in each.addresses):
            key = held.get((lead, each.answer.type)) or _free(connection, each, taken)
            taken[key] = (lead, each.answer.type)
            rows.append(
                NewActivity(
                    key=key,
                    lead_id=lead,
                    at=_at(each, now),
                    type=each.answer.type,
                    properties=each.answer.properties,
                    source=connection.name,
                )
            )
    return rows


def _free(connection: Connection, told: _Found, taken: Mapping[str, _Holder]) -> str:
    return next(key for number in count(1) if (key := _key(connection, told, number)) not in taken)


def _at(told: _Found, now: Instant) -> Instant:
    """When it was; never the future: what is only planned counts from when it was entered.

    A record that has moved says since when, else it was when it last changed.
    """
    record = told.record
    entered = record.modified_at or record.created_at if told.moves else record.created_at or record.modified_at
    made = min(entered or now, now)
    at = told.answer.at
    return made if at is None or at > now else at
