"""Ingest: turns raw deliveries into activities and field changes, each once, whatever is delivered twice.

What survives a crash: a delivery stays `new` until the transaction that stored all its facts also
marks it done. Facts carry the source's own ids, so that reading a delivery again adds nothing. A delivery that
cannot be read, or kills its reader, is set aside while its neighbours flow (see isolation.py).
"""

from collections.abc import Sequence
from typing import Protocol, TypeAlias

from sqlalchemy import Connection as Sql

from integration.flows.base.isolation import Station, Try, isolate
from integration.flows.base.lane import drain_shards, gather
from integration.flows.base.running_playbook import followed
from integration.flows.base.service import HasKeys, HasLanes, HasStore, HasWake, Intake
from integration.flows.intake import store_deliveries
from integration.flows.intake.conflicting_contents import Delivered
from integration.flows.intake.unknown_words import unknown_words
from integration.flows.privacy import screening
from integration.flows.privacy.screening import Opened
from integration.store.db.errors import StoreError
from integration.store.db.json_codec import encode
from integration.store.db.session import serialise
from integration.store.db.shards import Shard
from integration.store.events import unrecognised_words
from integration.store.overall import erased_people
from integration.store.queues import dead_letters, inbox, leases, look_ups, suspects
from integration.store.queues.dead_letters import Letter
from integration.store.queues.inbox import Delivery
from integration.store.queues.leases import Lease
from mappings.values.identifiers import ConnectionName
from mappings.values.instant import Instant
from webhooks.facts import Noticed, SentActivity
from webhooks.parsers import parse

BATCH = 500
"""Deliveries in one transaction."""
BYTES = 160_000
"""Their size together, some 1,000 activities: SQLite's one writer, for which answers wait, is busy for 15 ms."""
_LONGEST = 10_000
"""Characters that are kept of an item which cannot be written as JSON."""

_Fact: TypeAlias = tuple[int, SentActivity | Noticed]
"""An item of a delivery, with its number."""


class Ingesting(Intake, HasKeys, Protocol):
    """What it takes to take a delivery in."""


class IngestLane(Ingesting, HasWake, HasLanes, Protocol):
    """What the lane `ingest` takes."""


def ingest(service: IngestLane) -> int:
    """Read everything that waits in the inbox."""
    return drain_shards(service, "ingest", _turn, _waits)


def _waits(conn: Sql, _service: object, shard: Shard, before: Instant, /) -> bool:
    return inbox.waiting(conn, before, shard)


def _turn(service: IngestLane, lease: Lease, /) -> bool:
    with service.store.read() as conn:
        deliveries = inbox.pending(conn, BATCH, BYTES, lease.shard)
        if not deliveries:
            return False
        service = followed(conn, service)
        suspected, erased = suspects.any_of(conn, "ingest"), erased_people.anybody(conn)
    wanted = set[ConnectionName]()
    station: Station[Delivery] = Station(
        lane="ingest",
        name=lambda delivery: str(delivery.id),
        work=lambda these: wanted.update(_work(service, lease, these, erased=erased)),
        lay_aside=lambda conn, delivery, reason: _set_aside(conn, service, delivery, reason),
    )
    isolate(service, lease, station, deliveries, suspected=suspected)
    service.wake("advance")
    for name in sorted(wanted):
        service.wake(f"refresh:{name}")
    full = len(deliveries) == BATCH or sum(len(delivery.body) for delivery in deliveries) >= BYTES // 2
    gather(service.lanes, len(deliveries), full=full)
    return True


def _work(service: Ingesting, lease: Lease, these: Try[Delivery], *, erased: bool) -> Sequence[ConnectionName]:
    """Read a group of deliveries; of one alone that cannot be stored whole, item by item.

    `erased`: somebody was. Whoever erases takes the lease, so that it holds until these are stored. The connections
    that have something to ask for.
    """
    try:
        return _read(service, lease, these, erased=erased)
    except StoreError:
        raise
    except Exception:
        found = _read_by_item(service, lease, these, erased=erased) if len(these.items) == 1 else None
        if found is None:
            raise
        return found


def _read(service: Ingesting, lease: Lease, these: Try[Delivery], *, erased: bool) -> Sequence[ConnectionName]:
    """Parse outside the transaction, store everything inside one."""
    deliveries = these.items
    read = [Opened(delivery, parse(delivery.source, delivery.body, delivery.received_at)) for delivery in deliveries]
    screened = screening.screen(service, read, erased=erased)
    opened = screened.opened
    unknown = unknown_words((heard for each in opened for heard in each.parsed.heard), service.rules.vocabulary)
    with service.store.write() as conn:
        leases.extend(conn, lease)
        these.done(conn)
        serialise(conn, "people")
        screening.note(conn, service, screened)
        store_deliveries.store(
            conn,
            service,
            heard=[
                Delivered(each.delivery.source, heard, each.delivery.id, each.delivery.received_at)
                for each in opened
                for heard in each.parsed.heard
            ],
            noticed=[notice for each in opened for notice in each.parsed.noticed],
        )
        unrecognised_words.note(conn, unknown, service.now())
        _quarantine(conn, service, opened)
        inbox.done(conn, [delivery.id for delivery in deliveries])
        return look_ups.wanted(conn, service.connections, service.now())


def _read_by_item(
    service: Ingesting, lease: Lease, these: Try[Delivery], *, erased: bool
) -> Sequence[ConnectionName] | None:
    """Store what can be stored of the one delivery, and set aside the items that cannot; None where it has but one."""
    (delivery,) = these.items
    parsed = parse(delivery.source, delivery.body, delivery.received_at)
    screened = screening.screen(service, [Opened(delivery, parsed)], erased=erased)
    told: list[SentActivity | Noticed] = []
    for each in screened.opened:
        told += [*each.parsed.heard, *each.parsed.noticed]
    unknown = unknown_words((fact for fact in told if isinstance(fact, SentActivity)), service.rules.vocabulary)
    if len(told) < 2:  # noqa: PLR2004 - one item is the whole delivery
        return None

    def store(some: Try[_Fact]) -> None:
        with service.store.write() as conn:
            leases.extend(conn, lease)
            some.done(conn)
            serialise(conn, "people")
            heard = [
                Delivered(delivery.source, fact, delivery.id, delivery.received_at)
                for _, fact in some.items
                if isinstance(fact, SentActivity)
            ]
            noticed = [fact for _, fact in some.items if isinstance(fact, Noticed)]
            store_deliveries.store(conn, service, heard=heard, noticed=noticed)

    def lay_aside(_conn: Sql, item: _Fact, reason: str) -> Letter:
        index, fact = item
        return Letter(
            stage="ingest",
            source=delivery.source,
            ref=f"{delivery.id}:{index}",
            payload=_payload(fact),
            reason=f"it could not be stored: {reason}",
            at=service.now(),
            delivery=delivery.id,
            item=str(index),
        )

    station: Station[_Fact] = Station(
        lane="ingest", name=lambda item: f"{delivery.id}:{item[0]}", work=store, lay_aside=lay_aside
    )
    isolate(service, lease, station, list(enumerate(told)))
    with service.store.write() as conn:
        leases.extend(conn, lease)
        these.done(conn)
        screening.note(conn, service, screened)
        unrecognised_words.note(conn, unknown, service.now())
        _quarantine(conn, service, screened.opened)
        inbox.done(conn, [delivery.id])
        return look_ups.wanted(conn, service.connections, service.now())


def _payload(fact: SentActivity | Noticed) -> bytes:
    """What an item says, as far as it can be written down at all."""
    try:
        return encode(fact).encode()
    except (ValueError, OverflowError):
        return str(fact)[:_LONGEST].encode("utf-8", "replace")


def _quarantine(conn: Sql, service: HasStore, opened: Sequence[Opened]) -> None:
    """Keep every item that could not be read, where a person can see and replay it."""
    dead_letters.add(
        conn,
        [
            Letter(
                stage="ingest",
                source=each.delivery.source,
                ref=f"{each.delivery.id}:{bad.index}",
                payload=bad.item.encode(),
                reason=bad.reason,
                at=service.now(),
                delivery=each.delivery.id,
                item=str(bad.index),
            )
            for each in opened
            for bad in each.parsed.rejected
        ],
    )


def _set_aside(conn: Sql, service: HasStore, delivery: Delivery, reason: str) -> Letter:
    inbox.dead(conn, [delivery.id], reason)
    return Letter(
        stage="ingest",
        source=delivery.source,
        ref=str(delivery.id),
        payload=delivery.body,
        reason=f"it could not be read: {reason}",
        at=service.now(),
        delivery=delivery.id,
    )
