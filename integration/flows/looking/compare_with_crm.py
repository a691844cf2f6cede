"""Compare with CRM: what would be written, compared with what the CRMs contain now. Reads only, batch by batch.

It shows what waits in the outbox: in shadow mode everything that was decided, in any other what is still under way.
"""

import contextlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, TypeAlias

from integration.flows.assigning import assign_tasks
from integration.flows.assigning.assign_tasks import Assigning
from integration.flows.base.service import Connected, Connection, HasStore
from integration.flows.delivering.joining.carriers import carrier, joins
from integration.store.assigning import carried_tasks
from integration.store.outgoing import outbox_backlog, people_to_create
from integration.store.outgoing.outgoing_rows import Outgoing
from integration.store.outgoing.unassigned import Assigned
from integration.store.people import leads
from mappings.model.canonical import Fields
from mappings.model.creation_rule import Creation
from mappings.translate.translation import outward
from mappings.values.identifiers import ConnectionName
from mappings.values.instant import Instant, moment

_SAME = frozenset({"", None})
_MOST_PEOPLE = 10_000
"""So many newcomers are counted and shown."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One field of one record: what stands there, and what would."""

    connection: ConnectionName
    object: str
    id: str
    who: str
    field: str
    now: Any
    then: Any
    standing: Fields
    """The whole standing it is part of."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """One task or person that would be created, or a touch (`kind`) that would be named on a record.

    One of kind FURTHER would be a reason more in a task that is open.
    """

    connection: ConnectionName
    kind: str
    key: str
    who: str
    subject: str
    due_at: Instant | None
    owner: str
    decided_at: Instant


Item: TypeAlias = Change | Task
FURTHER = "further reason"
"""The kind of what joins a task: it makes none."""


def pending(service: Assigning) -> Iterator[tuple[Item, ...]]:
    """What waits, a record's changes or a task at a time. Raises Unavailable where a CRM cannot be read."""
    for connection in service.connections.values():
        yield from _fields(service, connection)
        for kind in ("task", "touch"):
            for rows in _batches(service, connection, kind):
                names = _names(service, rows)
                people = assign_tasks.assigned(service, connection, rows) if kind == "task" else {}
                joining = _joining(service, rows) if kind == "task" else frozenset()
                for row in rows:
                    task = _task(connection, kind, row, names, people.get(row.id))
                    yield (replace(task, kind=FURTHER) if row.id in joining else task,)
        if connection.mapping.creates:
            yield from _people(service, connection, connection.mapping.creates)


def _joining(service: HasStore, rows: list[Outgoing]) -> frozenset[int]:
    """Those of these rows, by outbox id, that a task carries out which stands in a CRM or waits."""
    those = [row for row in rows if joins(row)]
    with service.store.read() as conn:
        tasks = carried_tasks.of_leads(conn, [row.lead_id for row in those])
    return frozenset(row.id for row in those if carrier(tasks.get(row.lead_id, ()), row.payload["joins"]) is not None)


def _people(service: HasStore, connection: Connection, creation: Creation) -> Iterator[tuple[Item, ...]]:
    """The people who would be created."""
    with service.store.read() as conn:
        rows = people_to_create.pending(conn, connection.name, service.now(), _MOST_PEOPLE)
    for row in rows:
        yield (
            Task(
                connection=connection.name,
                kind=people_to_create.KIND,
                key=row.key,
                who=row.email,
                subject=f"a new {creation.object}",
                due_at=None,
                owner="",
                decided_at=row.created_at,
            ),
        )


def total(service: Connected) -> int:
    """How many rows wait."""
    with service.store.read() as conn:
        return sum(outbox_backlog.sendable(conn, name) for name in service.connections)


def _batches(service: HasStore, connection: Connection, kind: str) -> Iterator[list[Outgoing]]:
    """Rows in the order in which they were wanted, as many as the CRM reads at once."""
    after = 0
    while True:
        with service.store.read() as conn:
            rows = outbox_backlog.after(conn, connection.name, kind, after, connection.connector.limits.read)
        if not rows:
            return
        after = max(row.id for row in rows)
        yield rows


def _fields(service: HasStore, connection: Connection) -> Iterator[tuple[Change, ...]]:
    for rows in _batches(service, connection, "fields"):
        known = [row for row in rows if row.standing_text is not None]
        there = _there(connection, known)
        names = _names(service, known)
        for row in known:
            held = there.get((row.object, row.external_id))
            if held is not None:
                yield tuple(_changes(connection, row, held, names.get(row.lead_id, "")))
            else:
                yield ()


def _there(connection: Connection, rows: list[Outgoing]) -> dict[tuple[str, str], Mapping[str, Any]]:
    """What the CRM holds now in the fields that would be written; records that are gone are absent."""
    found: dict[tuple[str, str], Mapping[str, Any]] = {}
    for name in {row.object for row in rows}:
        mapped = connection.mapping.objects.get(name)
        fields = [target.field for target in mapped.write] if mapped else []
        ids = [row.external_id for row in rows if row.object == name]
        for record in connection.connector.read(name, ids, fields):
            found[name, record.id] = record.fields
    return found


def _changes(connection: Connection, row: Outgoing, held: Mapping[str, Any], who: str) -> Iterator[Change]:
    standing = row.standing or {}
    for field, value in outward(connection.mapping, row.object, standing).items():
        if field not in connection.mapping.quiet and not alike(held.get(field), value):
            yield Change(
                connection=connection.name,
                object=row.object,
                id=row.external_id,
                who=who,
                field=field,
                now=held.get(field),
                then=value,
                standing=standing,
            )


def alike(held: Any, wanted: Any) -> bool:
    """Whether two values are one, however a CRM prints numbers, times and nothing."""
    if held in _SAME and wanted in _SAME:
        return True
    if str(held) == str(wanted):
        return True
    for read in (float, moment):
        with contextlib.suppress(TypeError, ValueError, OverflowError):
            return bool(read(held) == read(wanted))
    return False


def _names(service: HasStore, rows: list[Outgoing]) -> dict[str, str]:
    with service.store.read() as conn:
        found = leads.get(conn, sorted({row.lead_id for row in rows}))
    return {row.id: _name(row.fields, row.email) for row in found}


def _name(fields: Fields, email: str | None) -> str:
    name = " ".join(str(fields[part]) for part in ("first_name", "last_name") if fields.get(part))
    return f"{name} <{email}>" if name and email else name or email or ""


def _subject(kind: str, payload: Mapping[str, Any]) -> str:
    """A task's subject, or what a touch brings; with its channel where that is not e-mail."""
    if kind == "task":
        return str(payload.get("subject") or "")
    way = str(payload.get("touch_channel") or "email")
    return str(payload.get("touch") or "") + ("" if way == "email" else f" ({way})")


def _task(connection: Connection, kind: str, row: Outgoing, names: Mapping[str, str], person: Assigned | None) -> Task:
    due = row.payload.get("due_at" if kind == "task" else "touch_at")
    return Task(
        connection=connection.name,
        kind=kind,
        key=row.key,
        who=names.get(row.lead_id, ""),
        subject=_subject(kind, row.payload),
        due_at=due if isinstance(due, int) else None,
        owner=_whose(person) if person else row.owner or "",
        decided_at=row.created_at,
    )


def _whose(person: Assigned) -> str:
    """Who would get a task, or that nobody would and why."""
    return person.name or person.email or person.user or assign_tasks.words(person)
