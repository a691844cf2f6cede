"""Read sales answers: stores what closed tasks of people in sales say as activities, each once.

A task that is closed without a word says that much: its play is open no longer.

The key of such an activity is made of the record and its state, so reading a record again adds nothing.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

from sqlalchemy import Connection as Sql

from connectors.base.port import Record
from integration.core.model import effect_keys
from integration.flows.base.service import Connection, Intake
from integration.flows.intake import conflicting_contents, unreadable_records
from integration.flows.intake.unreadable_records import Fault
from integration.flows.people_in_sales.note_holders import note_holders, note_open_holders
from integration.flows.reading import learn_found_out
from integration.flows.reading.learn_found_out import FoundOut
from integration.store.assigning import assigned_tasks, carried_tasks, written_tasks
from integration.store.crm import crm_users
from integration.store.events import unrecognised_words
from integration.store.events.activities import NewActivity
from integration.store.events.unrecognised_words import Word
from integration.store.outgoing import outbox
from integration.store.people import leads
from integration.store.queues import dirty
from mappings.model.answer_words import ATTEMPT, GIVEN_BACK
from mappings.model.canonical import NOTHING, Fields
from mappings.model.catalogue import TEXT_LIMIT
from mappings.model.compiled_mapping import TaskMapping
from mappings.reading import notes
from mappings.translate import outcome_labels, record_answers
from mappings.translate.cut_text import cut
from mappings.translate.record_answers import Answer, answer, as_fields, closed, holds
from mappings.values.identifiers import LeadId
from mappings.values.instant import Instant

SHUT = "task_closed"
"""That a task was closed, without a word of what came of it."""


def store_tasks(conn: Sql, service: Intake, connection: Connection, records: Sequence[Record]) -> None:
    """What closed tasks of ours say: a call, an acceptance, a rejection with its reason; what sales found out."""
    now = service.now()
    rows: list[NewActivity] = []
    found_out: list[FoundOut] = []
    faults: list[Fault] = []
    unread: Counter[Word] = Counter()
    keys = [key for record in records if (key := _key(connection, record))]
    known = outbox.whose(conn, [*keys, *map(effect_keys.taken_over, keys)])
    whose = {key: known[key] for key in keys if key in known}
    moved, closed_by_us = leads.survivors(conn, whose.values()), _closed_by_us(conn, whose)
    written, people = written_tasks.texts(conn, whose), _holders(conn, connection, records)
    assigned_tasks.close(conn, [key for record in records if (key := _over(connection, record)) in whose], now)
    note_holders(conn, connection, _owned(connection, [each for each in records if _over(connection, each) in whose]))
    open_ = [each for each in records if _key(connection, each) in whose and not _over(connection, each)]
    note_open_holders(conn, connection, _owned(connection, open_), now)
    for record in records:
        tasks, key = _mapping(connection, record), _key(connection, record)
        lead = whose.get(key)
        if tasks is None or lead is None:
            continue
        task = effect_keys.origin(key)
        same = lead not in moved and effect_keys.taken_over(key) not in known and key not in closed_by_us
        ours = written.get(key, "")
        said = _answer(tasks, record, task, ours, same=same)
        unread.update(_unread(connection, tasks, record, said))
        if said is None:
            continue
        # A task closed and a status set in one go may bear the same time: the task comes first, it knows the reason.
        at = min(said.at or record.modified_at or now, now) - 1
        fault = unreadable_records.wrong_clock(record, said.type, at, now, moved.get(lead, lead))
        if fault is not None:
            faults.append(fault)
            continue
        told = as_fields(tasks.found_out, record.fields)
        if told:
            found_out.append(FoundOut(moved.get(lead, lead), record, at, told))
        rows.append(
            record_activity(
                connection,
                record,
                lead=moved.get(lead, lead),
                at=at,
                kind=said.type,
                properties={
                    **said.properties,
                    **_closing(said, task, same=same),
                    **_beside(tasks, record, said, ours, people),
                },
                state=said.state,
            )
        )
        if said.type != SHUT and same and _is_escalation(task) and _over(connection, record):
            shut: Fields = {"task": task}
            state = f"{said.state}:closed"
            rows.append(
                record_activity(
                    connection, record, lead=moved.get(lead, lead), at=at, kind=SHUT, properties=shut, state=state
                )
            )
    learn_found_out.learn(conn, service, connection, found_out)
    add_new(conn, rows, now)
    unreadable_records.add(conn, connection, faults, now)
    unrecognised_words.note(conn, unread, now)


def _answer(tasks: TaskMapping, record: Record, task: str, ours: str, *, same: bool) -> Answer | None:
    """What a task says; of one that was closed without a word, or deleted, that it is closed.

    Not where its lead is another by now, where somebody else has its place, nor where we closed it since another task
    says what it said (`same` is false).
    """
    said = None if record.deleted else answer(tasks, record.fields, ours)
    if said is None and same:
        shut = Answer(type=SHUT) if record.deleted else closed(tasks, record.fields)
        return None if shut is None else replace(shut, properties={"task": task})
    return said


def _is_escalation(task: str) -> bool:
    """Whether a task's cause is a clock's escalation, which is closed for the engine whatever was said in it."""
    thing = effect_keys.thing(task)
    return thing is not None and thing.kind == "clock"


def _closing(said: Answer, task: str, *, same: bool) -> Fields:
    """Which task an attempt closes: one that is logged as a call of its own closes none."""
    return {"task": task} if same and said.type == ATTEMPT else NOTHING


def _closed_by_us(conn: Sql, whose: Mapping[str, LeadId]) -> set[str]:
    """Those of these tasks that we closed, or are about to, since another one of their lead's says what they said.

    That is so of what another carries, and of one of two that two leads had who became one.
    """
    carried = {key for key, each in carried_tasks.joined(conn, whose).items() if each.by}
    former = {key for key, lead in whose.items() if not effect_keys.belongs(key, lead)}
    closing = outbox.states(conn, [f"closing:{key}" for key in former])
    return carried | {key for key in former if f"closing:{key}" in closing}


def _unread(connection: Connection, tasks: TaskMapping, record: Record, said: Answer | None) -> Iterator[Word]:
    """Words by which a person meant to answer, and that nothing here means."""
    for place, told in record_answers.unread(tasks, record.fields):
        yield Word("value", place, told)
    if said is not None and said.type == SHUT:
        for place, told in outcome_labels.unread(connection.mapping, record.object, record.fields):
            yield Word("outcome", place, told)


def _holders(conn: Sql, connection: Connection, records: Iterable[Record]) -> Mapping[str, str]:
    """The names of those whose tasks these are, by their id in the CRM."""
    fields = [(record, tasks.by) for record in records if (tasks := _mapping(connection, record)) and tasks.by]
    ids = {str(record.fields.get(name) or "") for record, name in fields} - {""}
    known = crm_users.by_id(conn, [(connection.name, each) for each in sorted(ids)])
    return {user: found.name for (_, user), found in known.items()}


def _owned(connection: Connection, closed: Iterable[Record]) -> Mapping[str, str]:
    """Whose each of these tasks is, by its key."""
    fields = [(record, tasks.by) for record in closed if (tasks := _mapping(connection, record)) and tasks.by]
    return {_key(connection, record): str(record.fields.get(name) or "") for record, name in fields}


def _beside(tasks: TaskMapping, record: Record, said: Answer, ours: str, people: Mapping[str, str]) -> Fields:
    """Who gave a lead back, and what they wrote beside our own text: the next task says so."""
    if said.type != GIVEN_BACK:
        return NOTHING
    note = notes.remark(str(record.fields.get(tasks.note.field) or ""), ours) if tasks.note else ""
    told = {"by": people.get(str(record.fields.get(tasks.by) or ""), ""), "note": cut(note, TEXT_LIMIT)}
    return {name: value for name, value in told.items() if value}


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


def record_activity(  # noqa: PLR0913 - the parts of an activity
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


def add_new(conn: Sql, rows: Sequence[NewActivity], now: Instant) -> None:
    """Store what is new, and mark only those for whom something is."""
    new, displaced = conflicting_contents.versions(conn, rows)
    concerned = {LeadId(str(row.lead_id)) for row in new} | conflicting_contents.losers(displaced)
    dirty.mark(conn, sorted(concerned), now)
    conflicting_contents.put(conn, new, displaced)
