"""CRM fields: writes the fields that people set too, after reading what stands there now.

A person may have chosen something a moment ago that the service has not read. So before such a field is written its
record is read; a choice that was not known is stored first, and the field waits until it was decided about. Our own
value is stored before it is sent: its echo is recognised even if the answer is lost.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from sqlalchemy import Connection as Sql

from connectors.base.port import FieldWrite, Raw, Record, Write
from integration.flows.base.service import Connection, HasStore, Waking
from integration.flows.crm_calls.ask_crm import answering, asked
from integration.flows.crm_calls.picklists import Words, offered
from integration.store.crm import crm_field_state
from integration.store.db.json_codec import encode
from integration.store.db.session import serialise
from integration.store.outgoing.outgoing_rows import Outgoing
from integration.store.people import field_changes, leads
from integration.store.people.record_references import Address
from integration.store.queues import dirty, leases, records_to_read
from integration.store.queues.leases import Lease
from mappings.conflicts.field_conflicts import speaker
from mappings.model.canonical import FOUND_OUT, STANDING_FIELDS, Fields
from mappings.translate.native_fields import FieldState, is_new_choice, taken_away
from mappings.translate.translation import natives
from mappings.values.identifiers import ConnectionName, ExternalId, LeadId
from mappings.values.instant import SECOND, Instant, Span

REST: Span = 2 * SECOND
"""How long a field waits until a choice is stored and decided about."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ready:
    """By row: what may be written into native fields now. Rows in `resting` are to be looked at again."""

    fields: Mapping[int, Raw]
    resting: frozenset[int]


def look(service: Waking, lease: Lease, connection: Connection, rows: Sequence[Outgoing]) -> Ready:
    """See what the rows' native fields need, read the records of those that need anything. Raises Unavailable."""
    some = [row for row in rows if connection.mapping.objects[row.object].native]
    with service.store.read() as conn:
        known = crm_field_state.load(conn, [_address(connection, row) for row in some])
    asking = [row for row in some if _wanted(connection, row, row.standing or {}, _values(known, connection, row), {})]
    if not asking:
        return Ready(fields={}, resting=frozenset())
    words = offered(service, connection)
    asking = [
        row for row in asking if _wanted(connection, row, row.standing or {}, _values(known, connection, row), words)
    ]
    stands, unread = _read(connection, asking)
    with service.store.write() as conn:
        leases.extend(conn, lease)
        serialise(conn, "people")
        undecided = dirty.marked(conn, [row.lead_id for row in asking])
        standings = _standings(conn, connection, asking)
        known = crm_field_state.load(conn, [_address(connection, row) for row in asking])
        looks = {
            row.id: _Look(service, connection, row, standings.get(row.lead_id, {}), stands, known, words)
            for row in asking
            if row.lead_id not in undecided
        }
        crm_field_state.save(conn, {each.address: each.after for each in looks.values() if each.after})
        unheard = [each.address for each in looks.values() if each.unheard]
        records_to_read.want(
            conn,
            [
                records_to_read.Wanted(connection=name, object=kind, external_id=key)
                for name, kind, key in unheard + unread
            ],
        )
    if unheard or unread:
        service.wake(f"refresh:{connection.name}")
    resting = {row.id for row in asking if row.lead_id in undecided or looks[row.id].unheard}
    return Ready(fields={key: each.fields for key, each in looks.items()}, resting=frozenset(resting))


class _Look:
    """One record, looked at: what may be written to it, and what is known of it once that is on its way."""

    def __init__(  # noqa: PLR0913, PLR0917 - what a look takes into account
        self,
        service: HasStore,
        connection: Connection,
        row: Outgoing,
        standing: Fields,
        stands: Mapping[tuple[str, str], Record],
        known: Mapping[Address, Mapping[str, FieldState]],
        words: Words,
    ) -> None:
        self.address = _address(connection, row)
        self.unheard = False
        self.after: dict[str, FieldState] = dict(known.get(self.address, {}))
        self.fields: dict[str, Any] = {}
        record = stands.get((row.object, row.external_id))
        if record is None:
            return
        wishes = _wanted(connection, row, standing, record.fields, words)
        for target in connection.mapping.objects[row.object].native:
            kind, value = STANDING_FIELDS[target.name].kind, record.fields.get(target.field)
            memory, wish = self.after.get(target.field), wishes.get(target.field)
            if target.field not in record.fields or (memory is None and wish is None):
                continue  # hidden from this user, or nothing to do with it
            if memory is None or is_new_choice(memory, kind, value, modified_at=record.modified_at):
                self.unheard = True
            elif wish is not None and not taken_away(memory, target, wish, value):
                self.fields[target.field] = wish
                self.after[target.field] = replace(memory, value=value, sent=wish, sent_at=service.now())


def _standings(conn: Sql, connection: Connection, rows: Sequence[Outgoing]) -> dict[LeadId, Fields]:
    """Where the leads of these rows stand, without what this CRM has said otherwise since sales found it out.

    Another CRM may own such a field, so that its answer counts: the newer word of a person stays here all the same.
    """
    found = {row.id: row.standing or {} for row in leads.get(conn, {row.lead_id for row in rows})}
    telling = [lead for lead, told in found.items() if any(told.get(name) is not None for name in FOUND_OUT)]
    last: dict[tuple[LeadId, str], Instant] = {}
    newer: defaultdict[LeadId, set[str]] = defaultdict(set)
    for row in field_changes.history(conn, telling) if telling else ():
        lead, (_, voice) = LeadId(str(row.lead_id)), speaker(row.key)
        for name in row.fields.keys() & set(FOUND_OUT):
            if row.answer:
                last[lead, name] = row.at
                newer[lead].discard(name)
            elif voice == connection.name and (lead, name) in last and row.fields[name] is not None:
                newer[lead].add(name)
    return {lead: {**told, **dict.fromkeys(newer.get(lead, ()))} for lead, told in found.items()}


def named(connection: Connection, object_name: str) -> frozenset[str]:
    """The native fields that are written to records of an object."""
    found = connection.mapping.objects.get(object_name)
    return frozenset(target.field for target in found.native) if found else frozenset()


def ours(connection: Connection, object_name: str) -> frozenset[str]:
    """The fields of an object that are written by us alone."""
    found = connection.mapping.objects.get(object_name)
    return frozenset(target.field for target in found.write if not target.native) if found else frozenset()


def among(connection: Connection, write: Write) -> bool:
    """Whether a native field is among what is written."""
    return isinstance(write, FieldWrite) and not named(connection, write.object).isdisjoint(write.fields)


def arrived(conn: Sql, connection: Connection, done: Sequence[FieldWrite]) -> None:
    """The CRM accepted these: of native fields, what was sent stands there. Call `serialise(conn, "people")` first."""
    sent = {(connection.name, write.object, write.id): write.fields for write in done if among(connection, write)}
    known = crm_field_state.load(conn, sent) if sent else {}
    crm_field_state.save(
        conn,
        {
            address: {
                name: replace(each, value=each.sent, wrote=each.sent) if name in sent[address] else each
                for name, each in fields.items()
            }
            for address, fields in known.items()
        },
    )


def written(
    connection: Connection, done: Sequence[tuple[Outgoing, FieldWrite]]
) -> Iterator[tuple[ConnectionName, str, ExternalId, str]]:
    """What our own fields contain now that the CRM accepted these, as `references.wrote` wants it."""
    for row, write in done:
        mine = {name: value for name, value in write.fields.items() if name in ours(connection, write.object)}
        if mine:
            yield connection.name, write.object, write.id, encode({**(row.written or {}), **mine})


def _wanted(connection: Connection, row: Outgoing, standing: Fields, stands: Raw, words: Words) -> Raw:
    """What the standing asks for, without the words that the CRM does not offer."""
    found = natives(connection.mapping, row.object, standing, stands)
    return {name: value for name, value in found.items() if value in words.get((row.object, name), {value})}


def _values(known: Mapping[Address, Mapping[str, FieldState]], connection: Connection, row: Outgoing) -> Raw:
    """What stands in the record's native fields, as far as is known."""
    return {name: each.value for name, each in known.get(_address(connection, row), {}).items()}


def _read(connection: Connection, rows: Sequence[Outgoing]) -> tuple[dict[tuple[str, str], Record], list[Address]]:
    """The records, and those that the CRM will not show: they are asked for by themselves, and set aside there."""
    found: dict[tuple[str, str], Record] = {}
    unread: list[Address] = []
    by_object: dict[str, list[str]] = {}
    for row in rows:
        by_object.setdefault(row.object, []).append(row.external_id)
    for name, ids in by_object.items():
        fields = [target.field for target in connection.mapping.objects[name].native]
        ask = partial(connection.connector.read, name, fields=fields)
        answers = asked(ids, ask, there=partial(answering, connection.connector, name))
        found |= {(name, one.id): one for one in answers.records}
        unread += [(connection.name, name, key) for key in map(ExternalId, sorted(answers.open))]
    return found, unread


def _address(connection: Connection, row: Outgoing) -> Address:
    return connection.name, row.object, row.external_id
