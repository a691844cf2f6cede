"""Deliver: carries what was decided to a CRM until it has arrived, once.

What survives a crash: rows stay pending until their receipt is stored. Field writes are idempotent
and simply go again. A task row is marked as attempted, durably, before it is sent; when its outcome
was never stored, the connector looks for the task's key at the next try before it creates the task.
Retries are counted here and nowhere else.
"""

from collections.abc import Callable, Collection, Sequence
from functools import partial
from typing import Protocol, TypeAlias

import structlog
from sqlalchemy import Connection as Sql

from connectors.base.concerns import Concern
from connectors.base.port import FieldWrite, Raw, Receipt, TaskWrite, Verdict, Write
from integration.core.funnel import missing_reasons
from integration.core.run import pointless
from integration.flows.assigning import lead_records, reassign
from integration.flows.base import write_access
from integration.flows.base.isolation import Try, calling
from integration.flows.base.lane import drain
from integration.flows.base.running_playbook import followed
from integration.flows.base.service import Connection, HasRules, HasStore
from integration.flows.crm_calls.crm_task_words import task_words
from integration.flows.crm_calls.pause_connection import ended
from integration.flows.crm_calls.retrying import backoff, refused, stopping
from integration.flows.delivering import create_people, crm_fields, hand_over, ramp_up, set_owners
from integration.flows.delivering.close_tasks import closings
from integration.flows.delivering.create_people import Creating
from integration.flows.delivering.hand_over import HandingOver
from integration.flows.delivering.joining import join_by_person, join_open_tasks
from integration.flows.delivering.ready_batches import Found, Gathered, after_shadow, looked
from integration.flows.delivering.sending import send
from integration.flows.history import load_events
from integration.flows.nurturing import touch_turns
from integration.store.assigning import assigned_tasks
from integration.store.db.session import serialise
from integration.store.outgoing import outbox, pointless_tasks
from integration.store.outgoing.outgoing_rows import Outgoing
from integration.store.outgoing.suppressed_effects import silence
from integration.store.overall import live_values
from integration.store.people import record_references
from integration.store.people.record_references import Reference
from integration.store.queues import leases, records_to_read
from integration.store.queues.leases import Lease
from mappings.model.canonical import Fields
from mappings.reading.same_value import same
from mappings.translate.translation import outward
from mappings.values.identifiers import ConnectionName, ExternalId, LeadId
from mappings.values.instant import Instant

log = structlog.get_logger()

_PASSING = frozenset({Verdict.RETRY, Verdict.UNCLEAR})


class Delivering(Creating, HandingOver, Protocol):
    """What the lane of a connection takes."""


_Way: TypeAlias = Callable[[Delivering, Lease, Connection, Try[Outgoing]], Receipt | None]
"""How a group of one kind is sent; answers the receipt for which the connection has to wait. Raises Unavailable."""


def deliver(service: Delivering, connection: ConnectionName) -> int:
    """Send everything that waits for one connection."""
    return drain(service, f"deliver:{connection}", partial(_turn, name=connection))


def _turn(service: Delivering, lease: Lease, /, *, name: ConnectionName) -> bool:
    """One batch that goes now; of people to create first, since their tasks wait for them."""
    now = service.now()
    with service.store.read() as conn:
        service, values = followed(conn, service), live_values.load(conn)
        service = write_access.by(service, values.permission)
        connection = service.connections[name]
        shadowed = values.shadow_since is not None and not service.going_live.shadow
        seen = None if shadowed else looked(conn, service, lease, connection, now, values)
    if shadowed:
        after_shadow(service, lease, now)
        return _turn(service, lease, name=name)
    if seen is None:
        return False
    if seen.found is None:
        done = create_people.create(service, lease, connection, seen.people.rows, now)
        seen.gathered.called(len(seen.people.rows), seen.people.room)
        return done
    return _batch(service, lease, connection, seen.found, seen.gathered, suspected=seen.suspected)


def _batch(  # noqa: PLR0913 - what was found, and where it goes
    service: Delivering, lease: Lease, connection: Connection, found: Found, gathered: Gathered, *, suspected: bool
) -> bool:
    """One batch of what was found; of tasks first, since somebody waits for them."""
    batch: tuple[str, Sequence[Outgoing], _Way] | None = None
    room = found.room
    if found.joining:
        batch = "joining", found.joining, join_open_tasks.join
    elif gathered.goes(found.tasks, found.free, people=True):
        batch, room = ("tasks", found.tasks, _send_tasks), found.free
    elif found.closings:
        batch = "closings", found.closings, _close_tasks
    elif found.owners:
        batch = "owners", found.owners, _set_owners
    elif found.records:
        batch = "records of handovers", found.records, _make_records
    elif gathered.goes(found.touches, room):
        batch = "touches", found.touches, _send_touches
    elif gathered.goes(found.fields, room):
        batch = "fields", found.fields, _send_fields
    if batch is None:
        return gathered.wait()
    way = partial(batch[2], service, lease, connection)
    done = send(service, lease, connection, batch[1], way, batch[0], suspected=suspected)
    gathered.called(len(batch[1]), room)
    return done


def _send_tasks(service: Delivering, lease: Lease, connection: Connection, these: Try[Outgoing]) -> Receipt | None:
    these = join_by_person.parted(service, lease, connection, these)
    ready, writes = hand_over.ready(service, lease, connection, these)
    return _settle(service, lease, connection, these, ready, writes) if writes else None


def _send_fields(service: Delivering, lease: Lease, connection: Connection, these: Try[Outgoing]) -> Receipt | None:
    """Our own fields where a value is new, and the CRM's own as far as they may be written now."""
    rows = these.items
    ready = crm_fields.look(service, lease, connection, rows)
    wanted: dict[int, Raw] = {}
    for row in rows:
        ours = outward(connection.mapping, row.object, row.standing or {})
        news = _differs(ours, row.written, connection, row.object)
        wanted[row.id] = {**(ours if news else {}), **ready.fields.get(row.id, {})}
    changed = [row for row in rows if wanted[row.id]]
    writes = [FieldWrite(key=row.key, object=row.object, id=row.external_id, fields=wanted[row.id]) for row in changed]
    limit = ramp_up.records(service.going_live, connection.name)
    if len(changed) < len(rows) or limit.most:
        with service.store.write() as conn:
            leases.extend(conn, lease)
            ramp_up.spent(conn, limit, len(changed), service.now())
            _done(conn, service, [(row, row.external_id) for row in rows if not wanted[row.id]], ready.resting)
            if not changed:
                these.done(conn)
    return _settle(service, lease, connection, these, changed, writes, ready.resting) if writes else None


def _close_tasks(service: Delivering, lease: Lease, connection: Connection, these: Try[Outgoing]) -> Receipt | None:
    """Close tasks that nobody is to work on any more, unless sales has closed them already."""
    with calling():
        words = task_words(service, connection)
    return _settle(service, lease, connection, these, these.items, closings(connection, these.items, words))


def _set_owners(service: Delivering, lease: Lease, connection: Connection, these: Try[Outgoing]) -> Receipt | None:
    """Name owners on records that have none; where somebody has become it by now, there is nothing to do."""
    with calling():
        pairs = set_owners.writes(service, connection, these.items)
    changing = {row.id for row, _ in pairs}
    limit = ramp_up.records(service.going_live, connection.name)
    with service.store.write() as conn:
        leases.extend(conn, lease)
        ramp_up.spent(conn, limit, len(pairs), service.now())
        _done(conn, service, [(row, row.external_id) for row in these.items if row.id not in changing])
        if not pairs:
            these.done(conn)
    rows, writes = [row for row, _ in pairs], [write for _, write in pairs]
    return _settle(service, lease, connection, these, rows, writes) if writes else None


def _make_records(service: Delivering, lease: Lease, connection: Connection, these: Try[Outgoing]) -> Receipt | None:
    rows = these.items
    return _settle(service, lease, connection, these, rows, lead_records.ready(service, lease, connection, rows))


def _send_touches(service: Delivering, lease: Lease, connection: Connection, these: Try[Outgoing]) -> Receipt | None:
    """Name the touch on the record; a workflow of the marketing system that watches it delivers it."""
    rows = touch_turns.taken(service, lease, these)
    if not rows:
        return None
    writes = [
        FieldWrite(
            key=row.key,
            object=row.object,
            id=row.external_id,
            fields=outward(connection.mapping, row.object, row.payload),
        )
        for row in rows
    ]
    limit = ramp_up.records(service.going_live, connection.name)
    if limit.most:
        with service.store.write() as conn:
            leases.extend(conn, lease)
            ramp_up.spent(conn, limit, len(writes), service.now())
    return _settle(service, lease, connection, these, rows, writes)


def _differs(wanted: Raw, written: Fields | None, connection: Connection, object_name: str) -> bool:
    """True where a value differs from the last one written; the time of scoring alone makes no difference."""
    quiet, kinds = connection.mapping.quiet, connection.mapping.kinds(object_name)
    return written is None or any(
        not same(kinds[name], written.get(name), value) for name, value in wanted.items() if name not in quiet
    )


def _done(
    conn: Sql, service: HasStore, rows: Sequence[tuple[Outgoing, str]], resting: Collection[int] = frozenset()
) -> None:
    """(row, record) of what was sent, or needs no sending; those of which something has to wait stay pending."""
    now = service.now()
    outbox.sent(conn, [(row.id, row.seq, record) for row, record in rows if row.id not in resting], now)
    outbox.defer(conn, [row.id for row, _ in rows if row.id in resting], now + crm_fields.REST)


def _answered(conn: Sql, service: HasRules, made: Sequence[Outgoing], now: Instant) -> None:
    """Close what was made just now about leads whom sales has answered while it was under way."""
    late = {row.lead_id for row in made if row.payload.get("kind") == "escalation" or missing_reasons.asks(row.key)}
    states = load_events.states_of(conn, late) if late else {}
    compiled = service.rules.compiled
    over = {lead: pointless.pointless_tasks(compiled, state) for lead, state in states.items()}
    pointless_tasks.answered(conn, over, now)


def _settle(  # noqa: PLR0913, PLR0917 - what is sent, and what follows
    service: Delivering,
    lease: Lease,
    connection: Connection,
    these: Try[Outgoing],
    rows: Sequence[Outgoing],
    writes: Sequence[Write],
    resting: Collection[int] = frozenset(),
) -> Receipt | None:
    """Send one batch and store what became of every write; the receipt for which the connection has to wait."""
    with calling():
        receipts = hand_over.reviewed(service, connection, writes, connection.connector.apply(writes))
    now = service.now()
    pairs = list(zip(rows, writes, receipts, strict=True))
    stop = stopping(receipts)
    done = [(row, write, receipt) for row, write, receipt in pairs if receipt.verdict is Verdict.DONE]
    fields = [(row, write) for row, write, _ in done if isinstance(write, FieldWrite)]
    with service.store.write() as conn:
        leases.extend(conn, lease)
        if any(crm_fields.among(connection, write) for write in writes):
            serialise(conn, "people")  # before any row: whoever reads records takes it first, too
        _done(conn, service, [(row, receipt.id) for row, _, receipt in done], resting)
        outbox.moved(conn, [row.id for row, _, receipt in done if row.further and receipt.id != row.external_id])
        record_references.wrote(conn, list(crm_fields.written(connection, fields)))
        crm_fields.arrived(conn, connection, [write for _, write in fields])
        made = [row for row, write, _ in done if isinstance(write, TaskWrite)]
        assigned_tasks.stand(conn, [row.key for row in made], now)
        silence(conn, {row.lead_id for row in made}, now)
        _answered(conn, service, made, now)
        set_owners.want(conn, service, connection, made, now)
        handovers = lead_records.of_made(each[:2] for each in done)
        lead_records.want(conn, connection, service.rules.playbook.handoff.play, handovers, now)
        reassign.closed_for(conn, made, now)
        for row, _, receipt in pairs:
            if stop is None or receipt.verdict not in _PASSING or receipt.concern is Concern.REQUEST:
                _refused(conn, connection, row, receipt, now)
        ended(conn, connection.name, these, stop, now, done=len(done))
    log.info("delivered", connection=connection.name, sent=len(done), of=len(writes), paused=stop is not None)
    return stop


def _refused(conn: Sql, connection: Connection, row: Outgoing, receipt: Receipt, now: Instant) -> None:
    """Store one receipt that is not DONE."""
    if receipt.verdict is Verdict.FOLLOW and receipt.moved_to is not None:
        _follow(conn, connection, row, receipt.moved_to, now)
    else:
        refused(conn, row.id, row.attempts, receipt, now)


def _follow(conn: Sql, connection: Connection, row: Outgoing, moved_to: tuple[str, ExternalId], now: Instant) -> None:
    """The record lives on under another id: the write goes there next, once it has been read.

    Where that is somebody else's here, the old record is read: it shows that both are one person.
    """
    address = (connection.name, *moved_to)
    holder = record_references.leads(conn, [address]).get(address, row.lead_id)
    if holder != row.lead_id:
        records_to_read.want(
            conn, [records_to_read.Wanted(connection=connection.name, object=row.object, external_id=row.external_id)]
        )
        outbox.postpone(conn, [(row.id, now + backoff(row.attempts), "waits until two leads have become one")])
        return
    object_name, external_id = moved_to
    if row.further:  # the record is still known as theirs, and nothing is written there again
        outbox.moved(conn, [row.id])
        outbox.want_fields(conn, connection.name, [row.lead_id], now)
    else:
        record_references.unlink(conn, [(connection.name, row.object, row.external_id)])
    there = Reference(
        connection=connection.name, object=object_name, external_id=external_id, lead_id=LeadId(row.lead_id)
    )
    record_references.link(conn, [there])
    records_to_read.want(
        conn, [records_to_read.Wanted(connection=connection.name, object=object_name, external_id=external_id)]
    )
