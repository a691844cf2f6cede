"""Read sales answers: stores closed tasks and moved deals of people in sales as activities, each once.

A task that is closed without a word says that much: its play is open no longer.

The key of such an activity is made of the record and its state, so reading a record again adds nothing.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from sqlalchemy import Connection as Sql

from connectors.base.port import Record
from integration.core.model import effect_keys
from integration.flows.base.service import Connection, HasStore, NewPeople
from integration.flows.intake import conflicting_contents, unreadable_records
from integration.flows.intake.unreadable_records import Fault
from integration.flows.people.met_records import people_met
from integration.store.assigning import assigned_tasks
from integration.store.events import activities
from integration.store.events.activities import NewActivity
from integration.store.outgoing import outbox
from integration.store.people import accounts, leads, opportunities
from integration.store.people.record_references import Address
from integration.store.queues import dirty
from mappings.model.canonical import Fields, Opportunity, Value
from mappings.model.compiled_mapping import TaskMapping
from mappings.reading.transforms import word
from mappings.translate.record_answers import Answer, answer, as_fields, closed, holds
from mappings.values.identifiers import ExternalId, LeadId
from mappings.values.instant import DAY, Instant


def store_tasks(conn: Sql, service: HasStore, connection: Connection, records: Sequence[Record]) -> None:
    """What closed tasks of ours say: a call, an acceptance, a rejection with its reason."""
    now = service.now()
    rows: list[NewActivity] = []
    faults: list[Fault] = []
    keys = [key for record in records if (key := _key(connection, record))]
    known = outbox.whose(conn, [*keys, *map(effect_keys.taken_over, keys)])
    whose = {key: known[key] for key in keys if key in known}
    moved = leads.survivors(conn, whose.values())
    assigned_tasks.close(conn, [key for record in records if (key := _over(connection, record)) in whose], now)
    for record in records:
        tasks, key = _mapping(connection, record), _key(connection, record)
        lead = whose.get(key)
        task = effect_keys.origin(key) if lead and effect_keys.belongs(key, lead) else key
        same = lead not in moved and effect_keys.taken_over(key) not in known
        said = _answer(tasks, record, task, same=same) if tasks and lead else None
        if said is None or lead is None or record.deleted:
            continue
        # A task closed and a status set in one go may bear the same time: the task comes first, it knows the reason.
        at = min(said.at or record.modified_at or now, now) - 1
        fault = unreadable_records.wrong_clock(record, said.type, at, now, moved.get(lead, lead))
        if fault is not None:
            faults.append(fault)
            continue
        rows.append(
            _activity(
                connection,
                record,
                lead=moved.get(lead, lead),
                at=at,
                kind=said.type,
                properties=said.properties,
                state=said.state,
            )
        )
    _add(conn, rows, now)
    unreadable_records.add(conn, connection, faults, now)


def _answer(tasks: TaskMapping, record: Record, task: str, *, same: bool) -> Answer | None:
    """What a task says; of one that was closed without a word, that it is closed.

    Not where its lead is another by now, nor where somebody else has its place (`same` is false).
    """
    said = answer(tasks, record.fields)
    if said is None and same and (shut := closed(tasks, record.fields)) is not None:
        return replace(shut, properties={"task": task})
    return said


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
                _activity(connection, record, lead=lead, at=at, kind=kind, properties=said, state=f"{state}:{lead}")
                for lead in those
            ]
            rows += [row for row in these if row.key in told.get((row.lead_id, kind, said["opportunity"]), {row.key})]
    _put(conn, connection, live, by_person, now)
    _add(conn, rows, now)
    unreadable_records.add(conn, connection, faults, now)


def _stored_keys(conn: Sql, who: Sequence[LeadId]) -> Mapping[tuple[str | None, str, Value], set[str]]:
    """The keys of what is stored by (lead, type, deal): contacts merge, and a deal then comes with another record."""
    types = ("opportunity_created", "opportunity_won", "opportunity_lost")
    found: defaultdict[tuple[str | None, str, Value], set[str]] = defaultdict(set)
    for row in activities.seen_by(conn, who, [], types):
        found[row.lead_id, row.type, row.properties.get("opportunity")].add(row.key)
    return found


def _key(connection: Connection, record: Record) -> str:
    tasks = _mapping(connection, record)
    return str(record.fields.get(tasks.key) or "") if tasks else ""


def _over(connection: Connection, record: Record) -> str:
    """The key of a task that is closed or gone; "" while it is open."""
    tasks = _mapping(connection, record)
    over = tasks is not None and (record.deleted or holds(tasks.closed, record.fields))
    return _key(connection, record) if over else ""


def _mapping(connection: Connection, record: Record) -> TaskMapping | None:
    found = connection.mapping.objects.get(record.object)
    return found.task if found else None


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


def _activity(  # noqa: PLR0913 - the parts of an activity
    connection: Connection, record: Record, *, lead: LeadId, at: Instant, kind: str, properties: Fields, state: str
) -> NewActivity:
    """An activity whose key says which state of which record it comes from."""
    return NewActivity(
        key=f"{connection.name}:{record.object}:{record.id}:{state}",
        lead_id=lead,
        at=at,
        type=kind,
        properties=properties,
        source=connection.name,
    )


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


def _add(conn: Sql, rows: Sequence[NewActivity], now: Instant) -> None:
    """Store what is new, and mark only those for whom something is."""
    new, displaced = conflicting_contents.versions(conn, rows)
    concerned = {LeadId(str(row.lead_id)) for row in new} | conflicting_contents.losers(displaced)
    dirty.mark(conn, sorted(concerned), now)
    conflicting_contents.put(conn, new, displaced)
