"""Deliver: carry what was decided to a CRM until it has arrived, once.

What survives a crash: rows stay pending until their receipt is stored. Field writes are idempotent
and simply go again. A task row is marked as attempted, durably, before it is sent; when its outcome
was never stored, the next try tells the connector to look for the task's key before creating it.
Retries are counted here and nowhere else.
"""

from collections.abc import Sequence
from functools import partial

import structlog
from sqlalchemy import Connection as Sql

from connectors.base import FieldWrite, Raw, Receipt, TaskWrite, Verdict, Write
from integration.flows import going, live
from integration.flows.lane import drain
from integration.flows.service import Connection, Service
from integration.store import lanes, leases, outbox, references, refresh
from integration.store import live as lives
from integration.store.leases import Lease
from integration.store.outbox import Outgoing
from integration.store.references import Reference
from mappings.canonical import Fields
from mappings.instant import MINUTE, SECOND, Instant, Span
from mappings.translate import outward

log = structlog.get_logger()

MOST_ATTEMPTS = 8
"""Refusals of one record after which it is set aside for a person."""
_LOOK = 0.1
"""Seconds between two looks whether a batch has filled."""
OUTAGE_PAUSE: Span = 10 * SECOND
LONGEST_BACKOFF: Span = 30 * MINUTE
_PASSING = frozenset({Verdict.RETRY, Verdict.UNCLEAR})


def deliver(service: Service, connection: str) -> int:
    """Send everything that waits for one connection."""
    return drain(service, f"deliver:{connection}", partial(_turn, connection=service.connections[connection]))


def _turn(service: Service, lease: Lease, /, *, connection: Connection) -> bool:
    """One batch that is full or has waited long enough; of tasks first, since somebody waits for them."""
    limits, now = connection.connector.limits, service.now()
    if _resting(service, lease, connection, now):
        return False
    with service.store.read() as conn:
        free = going.allowed(conn, going.tasks(service, connection.name), limits.tasks, now)
        room = going.allowed(conn, going.records(service, connection.name), limits.fields, now)
        tasks = outbox.pending(conn, connection.name, "task", now, limits.tasks)[:free]
        touches = _one_each(outbox.pending(conn, connection.name, "touch", now, limits.fields))[:room]
        rows = outbox.pending(conn, connection.name, "fields", now, limits.fields)[:room]
        closings = outbox.pending(conn, connection.name, "closing", now, limits.fields)
    fields = [row for row in rows if row.standing is not None]  # the others will be decided
    if _ripe(service, tasks, free, now):
        return _send_tasks(service, lease, connection, tasks)
    if closings:
        return _close_tasks(service, lease, connection, closings)
    if _ripe(service, touches, room, now):
        return _send_touches(service, lease, connection, touches)
    if _ripe(service, fields, room, now):
        return _send_fields(service, lease, connection, fields)
    if tasks or touches or fields:
        service.sleep(_LOOK)
    return bool(tasks or touches or fields)


def _resting(service: Service, lease: Lease, connection: Connection, now: Instant) -> bool:
    """Whether nothing is written now: in a pause, or in shadow mode. After that, what is too old is let go first."""
    with service.store.read() as conn:
        paused, shadowed = connection.name in lanes.paused(conn, now), lives.shadow(conn) is not None
    if shadowed and not service.shadow:
        with service.store.write() as conn:
            leases.hold(conn, lease, service.lease)
            live.since(conn, service, now)
    return paused or service.shadow


def _one_each(rows: Sequence[Outgoing]) -> list[Outgoing]:
    """The oldest touch of each lead: the next one goes when this one has arrived, so that none hides another."""
    first: dict[str, Outgoing] = {}
    for row in rows:
        first.setdefault(row.lead_id, row)
    return list(first.values())


def _ripe(service: Service, rows: Sequence[Outgoing], limit: int, now: Instant) -> bool:
    """Whether these fill a call, or the oldest has lingered long enough for others to come along."""
    return bool(rows) and (len(rows) >= limit or any(row.since + service.linger <= now for row in rows))


def _send_tasks(service: Service, lease: Lease, connection: Connection, rows: Sequence[Outgoing]) -> bool:
    with service.store.write() as conn:
        leases.hold(conn, lease, service.lease)
        outbox.attempting(conn, [row.id for row in rows])
        new = sum(not row.attempted for row in rows)  # one that is tried again was counted before
        going.spent(conn, going.tasks(service, connection.name), new, service.now())
    writes = [_task(row) for row in rows]
    return _settle(service, lease, connection, rows, writes)


def _send_fields(service: Service, lease: Lease, connection: Connection, rows: Sequence[Outgoing]) -> bool:
    wanted = {row.id: outward(connection.mapping, row.object, row.standing or {}) for row in rows}
    changed = [row for row in rows if _news(wanted[row.id], row.written, connection)]
    writes = [FieldWrite(key=row.key, object=row.object, id=row.external_id, fields=wanted[row.id]) for row in changed]
    limit = going.records(service, connection.name)
    if len(changed) < len(rows) or limit.most:
        ids = {row.id for row in changed}
        with service.store.write() as conn:
            leases.hold(conn, lease, service.lease)
            going.spent(conn, limit, len(changed), service.now())
            outbox.sent(conn, [(row.id, row.seq, row.external_id) for row in rows if row.id not in ids])
    return not writes or _settle(service, lease, connection, changed, writes)


def _close_tasks(service: Service, lease: Lease, connection: Connection, rows: Sequence[Outgoing]) -> bool:
    """Close tasks that stand twice in a CRM since their leads have become one."""
    name, close = next(
        ((each.name, each.task.close) for each in connection.mapping.objects.values() if each.task), ("", {})
    )
    # A mapping that does not say how sends nothing, and the task stays open.
    writes = [FieldWrite(key=row.key, object=name, id=str(row.payload["id"]), fields=close) for row in rows]
    return _settle(service, lease, connection, rows, writes)


def _send_touches(service: Service, lease: Lease, connection: Connection, rows: Sequence[Outgoing]) -> bool:
    """Name the touch on the record; a workflow of the marketing system that watches it delivers it."""
    limit = going.records(service, connection.name)
    if limit.most:
        with service.store.write() as conn:
            leases.hold(conn, lease, service.lease)
            going.spent(conn, limit, len(rows), service.now())
    writes = [
        FieldWrite(
            key=row.key,
            object=row.object,
            id=row.external_id,
            fields=outward(connection.mapping, row.object, row.payload),
        )
        for row in rows
    ]
    return _settle(service, lease, connection, rows, writes)


def _news(wanted: Raw, written: Fields | None, connection: Connection) -> bool:
    """True where a value differs from the last one written; the time of scoring alone is no news."""
    quiet = connection.mapping.quiet
    return written is None or any(written.get(name) != value for name, value in wanted.items() if name not in quiet)


def _task(row: Outgoing) -> TaskWrite:
    task = row.payload
    return TaskWrite(
        key=row.key,
        object=row.object,
        id=row.external_id,
        subject=str(task["subject"]),
        body=str(task["body"]),
        due_at=int(task["due_at"]),
        channel=task["channel"],
        priority=task["priority"],
        owner=row.owner or "",
        attempted=row.attempted,
    )


def _settle(
    service: Service, lease: Lease, connection: Connection, rows: Sequence[Outgoing], writes: Sequence[Write]
) -> bool:
    """Send one batch and store what became of every write; false when the connection has to wait."""
    receipts = connection.connector.apply(writes)
    now = service.now()
    pairs = list(zip(rows, writes, receipts, strict=True))
    stop = _stop(receipts)
    with service.store.write() as conn:
        leases.hold(conn, lease, service.lease)
        done = [(row, write, receipt) for row, write, receipt in pairs if receipt.verdict is Verdict.DONE]
        outbox.sent(conn, [(row.id, row.seq, receipt.id) for row, _, receipt in done])
        references.wrote(
            conn,
            [
                (connection.name, write.object, write.id, {**(row.written or {}), **write.fields})
                for row, write, _ in done
                if isinstance(write, FieldWrite)
            ],
        )
        for row, _, receipt in pairs:
            if stop is None or receipt.verdict not in _PASSING:
                _refused(conn, connection, row, receipt, now)
        if stop is not None:
            wait = stop.retry_after or OUTAGE_PAUSE
            lanes.pause(conn, connection.name, now + wait, f"{stop.code} {stop.message}".strip())
    log.info("delivered", connection=connection.name, sent=len(done), of=len(writes), paused=stop is not None)
    return stop is None


def _stop(receipts: Sequence[Receipt]) -> Receipt | None:
    """The receipt that says the whole connection must wait: a pause, a login, or an outage of everything."""
    for receipt in receipts:
        if receipt.verdict in {Verdict.PAUSE, Verdict.RELOGIN}:
            return receipt
    return next((receipt for receipt in receipts if receipt.outage), None)


def _refused(conn: Sql, connection: Connection, row: Outgoing, receipt: Receipt, now: Instant) -> None:
    """Store one receipt that is not DONE."""
    said = f"{receipt.code}: {receipt.message}".strip(": ")
    match receipt.verdict:
        case Verdict.RETRY | Verdict.UNCLEAR:
            if row.attempts + 1 >= MOST_ATTEMPTS:
                outbox.dead(conn, [(row.id, said)], now)
            else:
                outbox.postpone(conn, [(row.id, now + backoff(row.attempts), said)])
        case Verdict.PERMANENT:
            outbox.dead(conn, [(row.id, said)], now)
        case Verdict.FOLLOW if receipt.moved_to is not None:
            _follow(conn, connection, row, receipt.moved_to, now)
        case _:
            return


def _follow(conn: Sql, connection: Connection, row: Outgoing, moved_to: tuple[str, str], now: Instant) -> None:
    """The record lives on under another id: the write goes there next.

    Where that is somebody else's here, the old record is read: it shows that both are one person.
    """
    address = (connection.name, *moved_to)
    holder = references.leads(conn, [address]).get(address, row.lead_id)
    if holder != row.lead_id:
        refresh.want(conn, [refresh.Wanted(connection=connection.name, object=row.object, external_id=row.external_id)])
        outbox.postpone(conn, [(row.id, now + backoff(row.attempts), "waits until two leads have become one")])
        return
    object_name, external_id = moved_to
    references.unlink(conn, [(connection.name, row.object, row.external_id)])
    references.link(
        conn,
        [
            Reference(system=connection.name, object=object_name, external_id=external_id, lead_id=row.lead_id),
        ],
    )


def backoff(attempts: int) -> Span:
    """How long to wait after the n-th refusal of one record: 2 s, doubling, at most half an hour."""
    return min(2 * SECOND << min(attempts, 20), LONGEST_BACKOFF)
