"""Reconcile: reads everything a CRM changed since the last look, to find what webhooks missed.

Time is the CRM's own: a pass asks for what was modified since the newest change it has seen, and a little before,
because a search index lags and clocks differ. What survives a crash: after every page the cursor says how far the
pass has come, in the transaction that stored the page. Whatever is read twice adds nothing.
"""

from collections.abc import Iterable
from dataclasses import replace
from functools import partial

import structlog
from sqlalchemy import Connection as Sql

from connectors.base.port import Page, Unavailable
from integration.flows.base import running_playbook
from integration.flows.base.isolation import MOST_TRIES, Station, Try, isolate
from integration.flows.base.lane import STINT, drain
from integration.flows.base.service import Connection, HasStore
from integration.flows.crm_calls import pause_connection
from integration.flows.crm_calls.ask_crm import at_fault
from integration.flows.crm_calls.outcome_words import with_labels
from integration.flows.reading.pages import store_page
from integration.flows.reading.refresh import ReadingLane
from integration.flows.reading.store_records import RecordIntake, store_records
from integration.store.crm import connection_pauses
from integration.store.db.json_codec import encode
from integration.store.progress import poll_progress, unread_objects
from integration.store.progress.poll_progress import Mark
from integration.store.queues import leases, suspects
from integration.store.queues.dead_letters import Letter
from integration.store.queues.leases import Lease
from mappings.model.compiled_mapping import ObjectKind
from mappings.values import bounds
from mappings.values.identifiers import ConnectionName
from mappings.values.instant import MINUTE, Instant, Span

log = structlog.get_logger()

OVERLAP: Span = 5 * MINUTE
"""How late a CRM may show a change under its earlier time."""
_ORDER: tuple[ObjectKind, ...] = ("task", "account", "person", "opportunity", "activity")
"""What sales says in a task is read before the status that was set with it; people before what is about them."""


def poll(service: ReadingLane, connection: ConnectionName) -> int:
    """Look at everything one connection has changed; the number of pages read."""
    read: list[str] = []
    drain(service, f"poll:{connection}", partial(_turn, connection=connection, read=read))
    return len(read)


def _turn(service: ReadingLane, lease: Lease, /, *, connection: ConnectionName, read: list[str]) -> bool:
    """A pass over every object, or as much of it as fits a stint. There is nothing to linger for afterwards."""
    service = running_playbook.following(service)
    return _pass(service, lease, service.connections[connection], read)


def _pass(service: ReadingLane, lease: Lease, connection: Connection, read: list[str]) -> bool:
    started = service.lanes.monotonic()
    with service.store.read() as conn:
        if pause_connection.open_for(connection.name, connection_pauses.lasting(conn, service.now())) != "everything":
            return False
        names = _left(conn, connection)
        troubled = suspects.lanes(conn)
    following = [""]

    def work(these: Try[str]) -> None:
        (name,) = these.items
        for more in _pages(service, lease, connection, name):
            read.append(name)
            place = names.index(name)
            left = names[place if more else place + 1 :]
            if left and service.lanes.monotonic() - started > STINT:
                following[0] = left[0]
                break
        if these.counted:
            with service.store.write() as conn:
                leases.extend(conn, lease)
                these.done(conn)

    try:
        for name in names:
            station: Station[str] = Station(
                lane=f"{lease.name}:{name}",
                name=str,
                work=work,
                lay_aside=lambda _conn, name, reason: _letter(service, connection, name, reason),
                at_once=True,  # it is looked through again with the next pass
                most=3 * MOST_TRIES,  # first its records are tried one by one
            )
            isolate(service, lease, station, [name], suspected=station.lane in troubled)
            if following[0]:
                _note_start(service, lease, connection, following[0])
                service.wake(f"poll:{connection.name}")
                return False
    except Unavailable as fault:
        with service.store.write() as conn:
            leases.extend(conn, lease)
            pause_connection.pause(conn, connection.name, fault.receipt, service.now())
        return False
    if names != _objects(connection):
        _note_start(service, lease, connection, "")
    return False


def _letter(service: HasStore, connection: Connection, name: str, reason: str) -> Letter:
    payload = encode({"connection": connection.name, "object": name}).encode()
    said, at = f"it could not be looked through for changes: {reason}", service.now()
    return Letter(stage="poll", source=connection.name, ref=name, payload=payload, reason=said, at=at)


def _left(conn: Sql, connection: Connection) -> list[str]:
    """The objects still to be read: those after which the last stint was over, else all."""
    names = _objects(connection)
    following = poll_progress.next_object(conn, connection.name)
    return names[names.index(following) :] if following in names else names


def _note_start(service: HasStore, lease: Lease, connection: Connection, following: str) -> None:
    """Note with which object the next stint begins; "" for the first."""
    with service.store.write() as conn:
        leases.extend(conn, lease)
        poll_progress.put_next_object(conn, connection.name, following, service.now())


def _objects(connection: Connection) -> list[str]:
    mapped = connection.mapping.objects
    return sorted(mapped, key=lambda name: _ORDER.index(mapped[name].kind))


def _pages(service: RecordIntake, lease: Lease, connection: Connection, name: str) -> Iterable[bool]:
    """Read and store page after page of one object; whether there is more after each."""
    found = connection.mapping.objects[name]
    task = None if found.activity else found.task  # other people's tasks are read too where they say something
    with service.store.read() as conn:
        mark = begun(poll_progress.mark(conn, connection.name, name), service.now())
    while True:
        asked_at = service.now()
        try:
            page = connection.connector.changes(
                name,
                connection.mapping.reads(name),
                since=mark.since,
                after=mark.after,
                having=task.key if task else "",
            )
        except Unavailable as fault:
            if not at_fault(fault, connection, name):
                raise
            log.warning("an object is not read", connection=connection.name, object=name, code=fault.receipt.code)
            with service.store.write() as conn:
                leases.extend(conn, lease)
                unread_objects.note(conn, connection.name, name, str(fault), service.now())
            return
        mark = moved(mark, page, service.now())
        _store(service, lease, connection, page, mark=mark, name=name, asked_at=asked_at)
        yield bool(mark.after)
        if not mark.after:
            return


def _store(  # noqa: PLR0913 - a page, and what it is stored with
    service: RecordIntake, lease: Lease, connection: Connection, page: Page, *, mark: Mark, name: str, asked_at: Instant
) -> None:
    connection = with_labels(service, connection, page.records)

    def move(conn: Sql) -> None:
        if not mark.after:
            unread_objects.clear(conn, connection.name, [name])
        poll_progress.put_mark(conn, connection.name, name, mark, service.now())

    store_page(
        service,
        lease,
        connection,
        page.records,
        store=lambda conn, records: store_records(conn, service, connection, records, asked_at=asked_at),
        move=move,
    )
    if page.records:
        service.wake("advance")
        log.info("reconciled", connection=connection.name, read=len(page.records), more=bool(mark.after))


def begun(mark: Mark | None, now: Instant) -> Mark:
    """The pass to go on with, or a new one: with an overlap until one whole pass has begun after it was over.

    The first pass ever begins now: what was before is history, and for a backfill.
    """
    if mark is None:
        mark = Mark(newest=now, grown_at=now)
    if mark.after:
        return mark
    settled = mark.passed_at >= mark.grown_at + OVERLAP
    return replace(mark, began_at=now, since=mark.newest if settled else mark.newest - OVERLAP)


def moved(mark: Mark, page: Page, now: Instant) -> Mark:
    """Where the reading stands after a page."""
    times = (record.modified_at for record in page.records if record.modified_at)
    newest = max([mark.newest, *(at for at in times if not bounds.ahead(at, now))])
    grown_at = now if newest > mark.newest else mark.grown_at
    passed_at = mark.passed_at if page.after else mark.began_at
    return replace(mark, newest=newest, grown_at=grown_at, passed_at=passed_at, after=page.after)
