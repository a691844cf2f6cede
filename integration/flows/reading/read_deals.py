"""Read deals: stores that deals were created, won or lost, for everybody in them, each once."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

from sqlalchemy import Connection as Sql

from connectors.base.port import Record
from integration.flows.base.service import Connection, NewPeople
from integration.flows.intake import unreadable_records
from integration.flows.intake.unreadable_records import Fault
from integration.flows.people.met_records import people_met
from integration.flows.reading.read_sales_answers import add_new, record_activity
from integration.store.events import activities
from integration.store.events.activities import NewActivity
from integration.store.people import accounts, leads, opportunities
from integration.store.people.record_references import Address
from mappings.model.canonical import Fields, Opportunity, Value
from mappings.reading.transforms import word
from mappings.translate.record_answers import as_fields
from mappings.values.identifiers import ExternalId, LeadId
from mappings.values.instant import DAY, Instant


def store_deals(conn: Sql, service: NewPeople, connection: Connection, records: Sequence[Record]) -> None:
    """Deals as they are now; for everybody they are about, that one was created, won or lost."""
    now = service.now()
    live = [record for record in records if not record.deleted]
    met = {(connection.name, *person) for record in live for person in record.people}
    by_person = people_met(conn, service, met)
    told = _stored_keys(conn, sorted(set(by_person.values())))
    rows: list[NewActivity] = []
    faults: list[Fault] = []
    for record in live:
        fields = _deal(connection, record)
        those = dict.fromkeys(by_person[connection.name, *person] for person in record.people)
        for state, at in _states(record, fields, now):
            said = _said(connection, record, fields, state)
            kind = f"opportunity_{state}"
            fault = unreadable_records.wrong_clock(record, kind, at, now)
            if fault is not None:
                faults.append(fault)
                continue
            these = [
                record_activity(
                    connection, record, lead=lead, at=at, kind=kind, properties=said, state=f"{state}:{lead}"
                )
                for lead in those
            ]
            rows += [row for row in these if row.key in told.get((row.lead_id, kind, said["opportunity"]), {row.key})]
    _put(conn, connection, live, by_person, now)
    add_new(conn, rows, now)
    unreadable_records.add(conn, connection, faults, now)


def _stored_keys(conn: Sql, who: Sequence[LeadId]) -> Mapping[tuple[str | None, str, Value], set[str]]:
    """The keys of what is stored by (lead, type, deal): contacts merge, and a deal then comes with another record."""
    types = ("opportunity_created", "opportunity_won", "opportunity_lost")
    found: defaultdict[tuple[str | None, str, Value], set[str]] = defaultdict(set)
    for row in activities.seen_by(conn, who, [], types):
        found[row.lead_id, row.type, row.properties.get("opportunity")].add(row.key)
    return found


def _deal(connection: Connection, record: Record) -> Fields:
    return as_fields(connection.mapping.objects[record.object].opportunity, record.fields)


def _states(record: Record, fields: Fields, now: Instant) -> Iterable[tuple[str, Instant]]:
    """(`created`, `won` or `lost`; since when), never the future. A close date may be a bare day: that day's end."""
    modified = min(record.modified_at or now, now)
    born = min(_instant(fields.get("created_at"), record.created_at or modified), now)
    yield "created", born
    if fields.get("is_closed") is True or fields.get("is_won") is True:
        closed = _instant(fields.get("closed_at"), modified)
        closed += DAY - 1 if closed % DAY == 0 else 0
        yield "won" if fields.get("is_won") is True else "lost", max(born, min(closed, modified))


def _instant(value: object, otherwise: Instant) -> Instant:
    return value if isinstance(value, int) and not isinstance(value, bool) else otherwise


def _said(connection: Connection, record: Record, fields: Fields, state: str) -> Fields:
    said = {"opportunity": f"{connection.name}:{record.object}:{record.id}"}
    amount, reason = fields.get("amount"), fields.get("loss_reason")
    known = {"amount": amount} if amount is not None else {}
    return {**said, **known, **({"reason": word(str(reason))} if reason and state == "lost" else {})}


def _put(
    conn: Sql,
    connection: Connection,
    records: Sequence[Record],
    by_person: Mapping[Address, LeadId],
    now: Instant,
) -> None:
    """A deal is its company's, or that of the first person it is about."""
    refs = {record.id: _company(connection, record) for record in records}
    known = accounts.by_reference(conn, [each for each in refs.values() if each])
    homes = {row.id: row.account_id for row in leads.get(conn, sorted(set(by_person.values())))}
    rows = []
    for record in records:
        reference = refs[record.id]
        home = known.get(reference) if reference else None
        first = next((homes.get(by_person[connection.name, *person]) for person in record.people), None)
        name = f"{connection.name}:{record.object}:{record.id}"
        rows.append(Opportunity(id=name, account=home or first or "", fields=_deal(connection, record)))
    opportunities.put(conn, rows, now)


def _company(connection: Connection, record: Record) -> Address | None:
    reference = connection.mapping.objects[record.object].account_ref
    held = record.fields.get(reference.field) if reference else None
    return (connection.name, reference.object, ExternalId(str(held))) if reference and held else None
