"""Part lanes: change into how many shards the lanes of deliveries and leads are parted, while everything runs."""

from dataclasses import dataclass

from integration.flows.base.service import HasStore, Waking
from integration.store.audit import audit_trail
from integration.store.audit.audit_trail import Entry
from integration.store.db.errors import StoreBusyError
from integration.store.db.shards import Shard
from integration.store.queues import dirty, inbox, lane_shards
from integration.store.queues.lane_shards import Holder

LANES = ("ingest", "advance")
"""The lanes that can have several shards. What is delivered goes through one lane a connection: its calls are full."""
_TRIES = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class ShardStanding:
    """One shard of a lane: who works it now (None for nobody), and whether something waits in it."""

    lane: str
    shard: Shard
    holder: Holder | None
    waits: bool


def part(service: Waking, of: int, *, actor: str) -> int:
    """From now on these lanes have so many shards; how many they had before.

    Batches under way are ended or taken back: what was not saved is done again. Raises ValueError for a number that
    cannot be, StoreBusyError where batches under way do not end.
    """
    for left in reversed(range(_TRIES)):
        try:
            before = _parted(service, of, actor)
            break
        except StoreBusyError:
            if not left:
                raise
    for lane in LANES:
        service.wake(lane)
    return before


def _parted(service: Waking, of: int, actor: str) -> int:
    now = service.now()
    with service.store.write() as conn:
        before = lane_shards.count(conn)
        lane_shards.change(conn, of, now)
        detail = {"shards": of, "before": before}
        audit_trail.add(conn, [Entry(at=now, actor=actor, action="part lanes", subject="lanes", detail=detail)])
    return before


def standing(service: HasStore) -> list[ShardStanding]:
    """Every shard of these lanes."""
    now = service.now()
    with service.store.read() as conn:
        of, found = lane_shards.count(conn), lane_shards.holders(conn)
        shards = [Shard(number=number, of=of) for number in range(of)]
        return [
            ShardStanding(
                lane=lane,
                shard=shard,
                holder=found.get(lane_shards.name(lane, shard)),
                waits=inbox.waiting(conn, now, shard) if lane == "ingest" else bool(dirty.take(conn, now, 1, shard)),
            )
            for lane in LANES
            for shard in shards
        ]
