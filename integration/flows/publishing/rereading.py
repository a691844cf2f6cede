"""Rereading: what a changed mapping would make of the records that the CRMs have now. Reads only, and asks the CRMs.

Only records that were read before are looked at. Each is compared with what it said last under the mapping in force.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby

from connectors.base.port import Record
from integration.core.model.events import AccountChanged, Event, LeadChanged
from integration.core.run.decide import order
from integration.flows.base.service import Connection, Derived
from integration.flows.reading.new_values import compared
from integration.store.people import accounts, leads, record_references
from integration.store.people.leads import LeadRow
from integration.store.people.record_references import Address, Reference
from mappings.conflicts.field_conflicts import Owners, Ownership
from mappings.model.canonical import NOTHING, Fields, Value
from mappings.model.compiled_mapping import CrmMapping
from mappings.translate.translation import inward, outward
from mappings.values.identifiers import AccountId, ConnectionName, ExternalId, LeadId, System
from mappings.values.instant import Instant


@dataclass(slots=True, kw_only=True)
class Reread:
    """What would be read and written otherwise. Keys of `fields` are (`lead` or `account`, field), of `writes` fields.

    `people` and `firms` are the new values, by whose they are.
    """

    records: int = 0
    fields: Counter[tuple[str, str]] = field(default_factory=Counter)
    writes: Counter[tuple[str, str]] = field(default_factory=Counter)
    """Records by (object, field) that would take a value there for the first time from us."""
    unwritten: set[tuple[str, str]] = field(default_factory=set)
    """(object, field) that would not be written any more; what stands there stays."""
    people: dict[LeadId, dict[str, Value]] = field(default_factory=lambda: defaultdict(dict))
    firms: dict[AccountId, dict[str, Value]] = field(default_factory=lambda: defaultdict(dict))

    def events(self, row: LeadRow, past: Iterable[Event], now: Instant) -> list[Event]:
        """A lead's history with what would be read otherwise of it and its company, as of just before `now`."""
        found = list(past)
        if row.account_id and (firm := self.firms.get(row.account_id)):
            found.append(AccountChanged(id="mapping", at=now - 1, account=row.account_id, fields=firm))
        if mine := self.people.get(row.id):
            found.append(LeadChanged(id="mapping", at=now - 1, fields=mine))
        return sorted(found, key=order)


def reread(
    service: Derived, changed: Mapping[ConnectionName, Connection], owners: Ownership, tell: Callable[[int], None]
) -> Reread:
    """What the connections by their `changed` mappings would read and write; `tell` gets the records read so far.

    `owners` are by the mappings as they would be: what another system owns does not count. Raises Unavailable.
    """
    found = Reread()
    for name, connection in changed.items():
        found.unwritten |= _targets(service.connections[name].mapping) - _targets(connection.mapping)
        place = ("", ExternalId(""))
        while True:
            with service.store.read() as conn:
                rows = record_references.read_after(conn, name, *place, connection.connector.limits.read)
            if not rows:
                break
            for object_name, those in groupby(rows, key=lambda row: row.object):
                _look(service, connection, object_name, list(those), owners, found)
            place = rows[-1].object, rows[-1].external_id
            tell(found.records)
    return found


def _look(  # noqa: PLR0913, PLR0917 - whose records of what, and what becomes of them
    service: Derived,
    connection: Connection,
    object_name: str,
    rows: Sequence[Reference],
    owners: Ownership,
    found: Reread,
) -> None:
    asked_at, mapping = service.now(), connection.mapping
    if object_name not in mapping.objects:
        return
    records = connection.connector.read(object_name, [row.external_id for row in rows], mapping.reads(object_name))
    whose = {(row.connection, row.object, row.external_id): row for row in rows}
    there = [(_address(connection, record), record) for record in records if not record.deleted]
    there = [(address, record) for address, record in there if address in whose]
    read = [(record, inward(mapping, record.object, record.fields)) for _, record in there]
    with service.store.read() as conn:
        news = compared(conn, connection, read, [{}] * len(read), frozenset(), asked_at=asked_at).news
        before = record_references.last_said(conn, [address for address, _ in there])
        people = {row.id: row for row in leads.get(conn, [each.lead_id for each in rows if each.lead_id])}
        firms = {row.id: row for row in accounts.get(conn, [each.account_id for each in rows if each.account_id])}
    new_targets = _targets(mapping) - _targets(service.connections[connection.name].mapping)
    for (address, record), new in zip(there, news, strict=True):
        found.records += 1
        lead, firm = (
            people.get(whose[address].lead_id or LeadId("")),
            firms.get(whose[address].account_id or AccountId("")),
        )
        told = before.get(address, NOTHING)
        if lead is not None:
            counts = _counting("lead", new.told.lead, told, lead.fields, owners.lead, connection.system)
            found.fields.update(("lead", name) for name in counts)
            found.people[lead.id].update(counts)
            for name, value in outward(mapping, record.object, lead.standing or {}).items():
                if (record.object, name) in new_targets and value is not None:
                    found.writes[record.object, name] += 1
        if firm is not None:
            counts = _counting("account", new.told.account, told, firm.fields, owners.account, connection.system)
            found.fields.update(("account", name) for name in counts)
            found.firms[firm.id].update(counts)


def _counting(  # noqa: PLR0913, PLR0917 - what is said, what was, and by whose word
    part: str, said: Fields, before: Fields, now: Fields, owners: Owners, system: System
) -> dict[str, Value]:
    """What a record says that counts: of a field that another system owns, only where that has said nothing of it."""
    return {
        name: value
        for name, value in said.items()
        if owners.get(name, system) == system or before.get(f"{part}.{name}") == now.get(name)
    }


def _targets(mapping: CrmMapping) -> set[tuple[str, str]]:
    return {(name, target.field) for name, each in mapping.objects.items() for target in each.write}


def _address(connection: Connection, record: Record) -> Address:
    return connection.name, record.object, record.id
