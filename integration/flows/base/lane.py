"""Lanes: one drainer at a time, fenced, each turn a batch.

A lane is a name (`ingest`, `advance`, `deliver:hubspot` …) that one process at a time may work.
It takes the lane's lease and does turns until nothing is left. Every transaction of a turn calls
`leases.extend`, which fails once the lease has passed to somebody else: a process that was frozen past its
lease cannot commit. A killed process leaves the lease to expire, and the sweep wakes the lane again.

The lanes `ingest` and `advance` can have several shards (see lane_shards.py), each with a lease of its own. They are
woken as one lane: whoever has time works the shards that nobody works. While others are at work, what has just come is
left to them: whoever keeps up works all shards in turn, in batches as large as one shard's would be.
"""

from dataclasses import dataclass
from typing import Literal, Protocol, TypeAlias, TypeVar, cast

import structlog
from sqlalchemy import Connection as Sql

from integration.flows.base.service import LaneOfCrms, Lanes
from integration.store.db.errors import LeaseLostError
from integration.store.db.shards import ALL, Shard, slot
from integration.store.queues import lane_shards, leases
from integration.store.queues.leases import Lease
from mappings.values.instant import SECOND, Instant

log = structlog.get_logger()

STINT = 5.0
"""Seconds of work after which a drain makes room for others on its queue and asks to be woken again."""
GATHER = 0.03
"""Seconds for which a lane under load lets more of its work gather: a commit costs the same for one as for many, and
those who answer webhooks wait for the same writer lock."""
HEAD_START = 0.5
"""Seconds for which work is left to those who are at the lane already. A lane is woken for each delivery, and idle
workers of several hosts would each look at once, again and again, and part what comes into small batches."""
_FEW = 4
"""Items of one batch from which on a lane is under load: so many came during its last turn."""
_LOOK = 0.05
"""Seconds between two looks for more work, where nothing tells that there is some."""

Woken: TypeAlias = Literal["woken", "time", "others"]
"""Why a wait is over: the lane was woken, the time has passed, or other lanes of its queue have work."""

S_contra = TypeVar("S_contra", contravariant=True)
L = TypeVar("L", bound=LaneOfCrms)


def wait(lanes: Lanes, lane: str, seconds: float) -> Woken:
    """Wait to be woken for at most so long; where nothing wakes, the next look comes sooner."""
    if lanes.wait is None:
        lanes.sleep(min(seconds, _LOOK))
        return "time"
    return cast("Woken", lanes.wait(lane, seconds))


def gather(lanes: Lanes, items: int, *, full: bool) -> None:
    """Let more gather after a batch of so many items, where so many came at once that the lane is under load."""
    if items >= _FEW and not full:
        lanes.sleep(GATHER)


class Turn(Protocol[S_contra]):
    """One batch of a lane's work; false when nothing is left to do now."""

    def __call__(self, service: S_contra, lease: Lease, /) -> bool:
        """Do one batch."""


class Waits(Protocol[S_contra]):
    """Whether something waits in a shard of a lane."""

    def __call__(self, conn: Sql, service: S_contra, shard: Shard, before: Instant, /) -> bool:
        """Look for work that came until then."""


def drain(service: L, name: str, turn: Turn[L]) -> int:
    """Do turns until none is left; the number of turns done, 0 also when somebody else holds the lane, and goes on.

    A drain that had work keeps the lane for as long as the service lingers, and waits to be woken: more of it is
    likely, and giving the lane back and taking it again are two commits.
    """
    lease = _lane(service, name)
    if lease is None:  # woken for what whoever holds it may not have seen at the last look
        service.lanes.sleep(HEAD_START)
        lease = _lane(service, name)
    return 0 if lease is None else _worked(service, name, turn, lease)


def _lane(service: LaneOfCrms, name: str) -> Lease | None:
    with service.store.write(durable=False) as conn:  # a power cut ends whoever holds a lease
        return leases.take(conn, name, service.lanes.holder, service.lanes.lease)


def _worked(service: L, name: str, turn: Turn[L], lease: Lease) -> int:
    turns, started = 0, service.lanes.monotonic()
    last = started
    try:
        while True:
            if turn(service, lease):
                turns, last = turns + 1, service.lanes.monotonic()
                service.store.tend()
            elif not turns or not _stays(service.lanes, name, last + service.lanes.linger / SECOND):
                break
            if service.lanes.monotonic() - started > STINT:
                service.wake(name)
                break
    except LeaseLostError:
        log.warning("lease lost", lane=name, fence=lease.token)
        return turns
    finally:
        _given_back(service, lease)
    return turns


def drain_shards(service: L, name: str, turn: Turn[L], waits: Waits[L]) -> int:
    """As `drain`, of a lane that may have several shards: of every one that nobody else works; the turns done.

    `waits` says whether a shard has work; the first one is tried in any case.
    """
    again = False
    while True:
        of, _ = service.lanes.shards.get(name, (1, 0))
        if of > 1:
            return _passes(service, name, turn, waits)
        lease = _taken(service, name, ALL)
        if lease is not None:
            return _worked(service, name, turn, lease)
        if service.lanes.shards.get(name, (1, 0))[0] == of:
            if again:
                return 0
            again = True
            service.lanes.sleep(HEAD_START)


def _taken(service: LaneOfCrms, name: str, shard: Shard) -> Lease | None:
    """The lease of a shard; None where somebody holds it, or where the lane has another number of shards by now."""
    with service.store.write(durable=False) as conn:
        lease, of = lane_shards.take(conn, name, shard, service.lanes.holder, service.lanes.lease)
    if of != shard.of:
        service.lanes.shards[name] = (of, slot(service.lanes.holder) % of)
    return lease


@dataclass(frozen=True, slots=True, kw_only=True)
class _Free:
    """What a look at a lane's shards finds: those to try, and which of them have waited for too long already.

    `left`: something has just come, which is left to those who are at work.
    """

    now: Instant
    tried: list[Shard]
    late: list[Shard]
    left: bool = False


def _passes(service: L, name: str, turn: Turn[L], waits: Waits[L]) -> int:
    """Work the shards that are free, one after the other, again and again until none has work or the stint is over."""
    lanes = service.lanes
    turns, started = 0, lanes.monotonic()
    last, since = started, None
    until = started + STINT
    while True:
        before = turns
        found = _free(service, name, waits, since)
        for at, shard in enumerate(found.tried):
            others = len(found.tried) - at - 1
            if set(found.tried[at + 1 :]) & set(found.late):
                service.wake(name)
            if (lease := _taken(service, name, shard)) is not None:
                turns += _share(service, turn, lease, lanes.monotonic() + STINT / (1 + others), alone=not others)
            if service.lanes.shards[name][0] != shard.of or lanes.monotonic() >= until:
                service.wake(name)
                return turns
        since = None
        if turns != before:
            last = lanes.monotonic()
        elif found.left:
            since = found.now
            lanes.sleep(HEAD_START)
        elif not turns or not _stays(lanes, name, last + lanes.linger / SECOND):
            return turns


def _free(service: L, name: str, waits: Waits[L], since: Instant | None) -> _Free:
    """The shards to try, another one first each time.

    While others are at work, those alone whose work has waited for a while, or since the last look.
    """
    of, start = service.lanes.shards[name]
    now = service.now()
    late = now - round(HEAD_START * SECOND)
    with service.store.read() as conn:
        free = sorted(lane_shards.free(conn, name, of), key=lambda shard: (shard.number - start) % of)
        work = [shard for shard in free if waits(conn, service, shard, now)]
        old = [shard for shard in work if waits(conn, service, shard, late if since is None else max(late, since))]
    if len(free) < of:
        found = _Free(now=now, tried=old, late=old, left=bool(work) and not old and since is None)
    else:
        found = _Free(now=now, tried=[shard for shard in free if shard.first or shard in work], late=old)
    if found.tried:
        service.lanes.shards[name] = (of, (found.tried[0].number + 1) % of)
    return found


def _share(service: L, turn: Turn[L], lease: Lease, until: float, *, alone: bool) -> int:
    """Turns of one shard, until it has no work or its time is over; after a short one others follow that have work."""
    turns, monotonic = 0, service.lanes.monotonic
    begun = monotonic()
    try:
        while turn(service, lease):
            turns += 1
            service.store.tend()
            ended = monotonic()
            if ended >= until or (not alone and ended - begun < HEAD_START):
                break
            begun = ended
    except LeaseLostError:
        log.warning("lease lost", lane=lease.name, fence=lease.token)
    finally:
        _given_back(service, lease)
    return turns


def _given_back(service: LaneOfCrms, lease: Lease) -> None:
    with service.store.write(durable=False) as conn:
        leases.release(conn, lease)
        for connection in service.connections.values():
            if connection.allowance is not None:
                connection.allowance.settle(conn)


def _stays(lanes: Lanes, name: str, until: float) -> bool:
    """Whether to look for work again, since there may be some; false once nothing has come until then."""
    left = until - lanes.monotonic()
    return left > 0 and wait(lanes, name, left) != "others"
