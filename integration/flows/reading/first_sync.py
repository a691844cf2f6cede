"""First sync: reads everything a CRM has, once, before going live.

What survives a crash: after every page a cursor says where the reading stands, in the transaction that stored the
page's facts; facts have their sources' own ids. So whoever is killed anywhere loses nothing and doubles nothing, and
running the sync again goes on where it stopped. While it reads, nobody is decided about because of what it reads: each
lead is decided once, at the end, from the whole history. The service may run meanwhile.
"""

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Protocol, TypeAlias, TypeVar

import structlog
from sqlalchemy import Connection as Sql

from connectors.base.port import Record, Unavailable, Verdict
from integration.flows.base import history_or_live
from integration.flows.base.service import Connection, HasStore, LaneAtWork, Waking, changed
from integration.flows.crm_calls.ask_crm import at_fault
from integration.flows.crm_calls.outcome_words import with_labels
from integration.flows.crm_calls.pause_connection import pause
from integration.flows.deciding.advance import Advancing, advance
from integration.flows.reading.pages import store_page
from integration.flows.reading.refresh import ReadingLane
from integration.flows.reading.store_records import store_records
from integration.store.crm import connection_pauses
from integration.store.db.errors import StoreBusyError
from integration.store.events import live_since as lives
from integration.store.progress import poll_progress, sync_progress
from integration.store.progress.sync_progress import Course
from integration.store.queues import dirty, leases
from integration.store.queues.leases import Lease
from mappings.model.compiled_mapping import ObjectKind
from mappings.values.identifiers import ConnectionName
from mappings.values.instant import DAY, SECOND, Span

log = structlog.get_logger()

T = TypeVar("T")

_ORDER: tuple[ObjectKind, ...] = ("account", "person", "opportunity", "task", "activity")
"""Companies first, so that people find theirs; people before what is about them."""
_REST: Span = 7 * DAY
"""How long leads wait for the end of a sync that nobody takes up again."""
_GATHERING = 0.5
"""Seconds between two looks whether the CRM has gathered the next page."""
_PATIENCE: Span = 600 * SECOND
"""How long a CRM that does not answer is asked again."""
_BUSY = 30


class Syncing(ReadingLane, Advancing, Protocol):
    """What a first sync takes: it reads, and decides about what waits."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """Progress for people: a page was stored, or the CRM is waited for (`waiting` says why)."""

    connection: ConnectionName
    object: str
    course: Course
    resumed: bool = False
    waiting: str = ""


Tell: TypeAlias = Callable[[Step], None]


class SyncError(Exception):
    """The sync cannot go on now; what was read is stored, and the next run goes on from there."""


def sync(
    service: Syncing, name: ConnectionName, tell: Tell, *, others: Collection[str] = (), restart: bool = False
) -> list[Step]:
    """Read one connection whole; where each of its objects stands then. `others` are read whole in the same go.

    Raises SyncError where somebody else is at it, a person has paused the connection, or the CRM stays away.
    """
    connection = service.connections[name]
    lease = _lease(service, name)
    try:
        courses = _begin(service, lease, connection, restart=restart)
        for place, course in courses.items():
            step = Step(connection=name, object=place, course=course, resumed=course.read > 0 and not course.done)
            tell(step)
            for step in _pages(service, lease, connection, step, others, tell):  # noqa: B020 - goes on from the first
                tell(step)
            courses[place] = step.course
    finally:
        with service.store.write() as conn:
            leases.release(conn, lease)
    return [Step(connection=name, object=place, course=course) for place, course in courses.items()]


def objects(connection: Connection) -> list[str]:
    """The objects that are read whole, in order; our own tasks say nothing to a store that never made them."""
    mapped = connection.mapping.objects
    worth = [name for name, found in mapped.items() if found.kind != "task" or found.activity]
    return sorted(worth, key=lambda name: _ORDER.index(mapped[name].kind))


def standing(conn: Sql, connection: Connection) -> dict[str, Course]:
    """How far each object has been read; those not begun are absent."""
    return sync_progress.courses(conn, connection.name, objects(connection))


def release(service: Waking) -> int:
    """All is read: let everybody be decided about. How many are waiting."""
    with service.store.write() as conn:
        dirty.release(conn, service.now())
    service.wake("advance")
    return undecided(service)


def undecided(service: HasStore) -> int:
    """How many leads wait for a decision."""
    with service.store.read() as conn:
        return dirty.count(conn, service.now())


def decide(service: Syncing, tell: Callable[[int], None]) -> None:
    """Decide about everybody, or watch the workers do it, until nobody waits; `tell` gets how many still do."""
    while left := undecided(service):
        tell(left)
        if not advance(_at_once(service)):
            service.lanes.sleep(_GATHERING)
    tell(0)


def _at_once(service: Syncing) -> Syncing:
    """Without waiting for more once everybody is decided about."""
    return changed(service, lanes=replace(service.lanes, linger=0))


def _lease(service: LaneAtWork, connection: ConnectionName) -> Lease:
    """The lane; that of a sync that was killed is free when its lease has expired."""
    until = service.lanes.monotonic() + service.lanes.lease / SECOND + 5
    while True:
        with service.store.write() as conn:
            lease = leases.take(conn, f"sync:{connection}", service.lanes.holder, service.lanes.lease)
        if lease is not None:
            return lease
        if service.lanes.monotonic() > until:
            msg = f"another sync of {connection} is running"
            raise SyncError(msg)
        service.lanes.sleep(_GATHERING)


def _begin(service: Syncing, lease: Lease, connection: Connection, *, restart: bool) -> dict[str, Course]:
    """Where to go on; or a new beginning, from which on the service is live and the poll looks for changes.

    What arrived before is decided first: it is no history.
    """
    names = objects(connection)
    with service.store.read() as conn:
        known = standing(conn, connection)
    if known and not restart:
        fresh = Course(began_at=min(course.began_at for course in known.values()))
        there = ((name, known.get(name, fresh)) for name in names)  # what was not shown is asked for once more
        return {name: replace(course, done=course.whole, skipped="") for name, course in there}
    advance(_at_once(service))
    totals = {name: _counted(connection, name) for name in names}
    with service.store.write() as conn:
        leases.extend(conn, lease)
        now = service.now()
        history_or_live.since(conn, service, now)
        lives.begin(conn, now, now)
        for name in connection.mapping.objects:
            poll_progress.start(conn, connection.name, name, now)
        courses = {name: Course(began_at=now, total=max(0, total), done=total == 0) for name, total in totals.items()}
        sync_progress.put(conn, connection.name, courses, now)
    return courses


def _counted(connection: Connection, name: str) -> int:
    """About how many records there are; -1 where the CRM does not say."""
    try:
        return connection.connector.count(name)
    except Unavailable:
        return -1


def _pages(  # noqa: PLR0913, PLR0917 - what a page is read and stored with
    service: Syncing, lease: Lease, connection: Connection, step: Step, others: Collection[str], tell: Tell
) -> Iterator[Step]:
    """Read and store page after page of one object, until its end or where the CRM will not show any more."""
    fields = connection.mapping.reads(step.object)
    while not step.course.done:
        course = step.course
        ask = partial(connection.connector.everything, step.object, fields, after=course.after)
        try:
            page = _waited(service, lease, step, tell, ask)
            gathering = bool(page.after) and not page.records
            moved = page.after != course.after or not gathering
            course = replace(course, after=page.after, read=course.read + len(page.records), done=not page.after)
            read = replace(step, course=course)
            if moved:
                store = partial(_store, service, lease, connection, read, page.records, others)
                _waited(service, lease, read, tell, store)  # companies that the page names are read as well
        except Unavailable as fault:
            if not at_fault(fault, connection, step.object):
                raise SyncError(str(fault)) from fault
            code = fault.receipt.code
            log.warning("an object is not read", connection=connection.name, object=step.object, code=code)
            step = replace(step, course=replace(step.course, done=True, skipped=str(fault)))
            _store(service, lease, connection, step, (), others)
            yield step
            return
        step = read
        if gathering:
            _sleep(service, lease, _GATHERING)
            tell(replace(step, waiting="the CRM gathers the records"))
        yield step


def _waited(service: LaneAtWork, lease: Lease, step: Step, tell: Tell, ask: Callable[[], T]) -> T:
    """The answer; a CRM that is away or asks for a pause is waited for, a person's pause is not."""
    until = service.now() + _PATIENCE
    while True:
        with service.store.read() as conn:
            stopped = connection_pauses.paused(conn, service.now()).get(step.connection)
        if stopped is not None and stopped.until is None:
            msg = f"{step.connection} is paused: {stopped.reason}. Resume it, and run the sync again"
            raise SyncError(msg)
        if stopped is not None:
            tell(replace(step, waiting=stopped.reason))
            _sleep(service, lease, _GATHERING)
            continue
        try:
            return ask()
        except Unavailable as fault:
            if fault.final or fault.receipt.verdict is Verdict.RELOGIN or service.now() > until:
                raise
            with service.store.write() as conn:
                leases.extend(conn, lease)
                pause(conn, step.connection, fault.receipt, service.now())


def _sleep(service: LaneAtWork, lease: Lease, seconds: float) -> None:
    service.lanes.sleep(seconds)
    with service.store.write() as conn:
        leases.extend(conn, lease)


def _store(  # noqa: PLR0913, PLR0917 - as above
    service: Syncing,
    lease: Lease,
    connection: Connection,
    step: Step,
    records: Sequence[Record],
    others: Collection[str],
) -> None:
    """A page's facts and the cursor, in one transaction; tried again while others keep the store busy."""
    connection = with_labels(service, connection, records)

    def store(conn: Sql, some: Sequence[Record]) -> None:
        at = service.now()
        frozen = changed(service, now=partial(int, at))  # so that `rest` knows the marks of this page
        store_records(conn, frozen, connection, some, asked_at=step.course.began_at, known=others)
        dirty.defer(conn, at, service.new_leads.grace, at + _REST)

    def move(conn: Sql) -> None:
        sync_progress.put(conn, connection.name, {step.object: step.course}, service.now())

    for attempt in range(_BUSY):
        try:
            store_page(service, lease, connection, records, store=store, move=move)
        except StoreBusyError:
            if attempt + 1 == _BUSY:
                raise
            service.lanes.sleep(_GATHERING)
        else:
            service.store.tend()
            return
