"""Lanes: one drainer at a time, fenced, each turn a batch.

A lane is a name (`ingest`, `advance`, `deliver:hubspot` …) that one process at a time may work.
It takes the lane's lease and does turns until nothing is left. Every transaction of a turn calls
`leases.extend`, which fails once the lease has passed to somebody else: a process that was frozen past its
lease cannot commit. A killed process leaves the lease to expire, and the sweep wakes the lane again.
"""

from typing import Literal, Protocol, TypeAlias, TypeVar, cast

import structlog

from integration.flows.base.service import LaneOfCrms, Lanes
from integration.store.db.errors import LeaseLostError
from integration.store.queues import leases
from integration.store.queues.leases import Lease
from mappings.values.instant import SECOND

log = structlog.get_logger()

STINT = 5.0
"""Seconds of work after which a drain makes room for others on its queue and asks to be woken again."""
GATHER = 0.03
"""Seconds for which a lane under load lets more of its work gather: a commit costs the same for one as for many, and
those who answer webhooks wait for the same writer lock."""
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


def drain(service: L, name: str, turn: Turn[L]) -> int:
    """Do turns until none is left; the number of turns done, 0 also when somebody else holds the lane.

    A drain that had work keeps the lane for as long as the service lingers, and waits to be woken: more of it is
    likely, and giving the lane back and taking it again are two commits.
    """
    with service.store.write(durable=False) as conn:  # a power cut ends whoever holds a lease
        lease = leases.take(conn, name, service.lanes.holder, service.lanes.lease)
    if lease is None:
        return 0
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
        with service.store.write(durable=False) as conn:
            leases.release(conn, lease)
            for connection in service.connections.values():
                if connection.allowance is not None:
                    connection.allowance.settle(conn)
    return turns


def _stays(lanes: Lanes, name: str, until: float) -> bool:
    """Whether to look for work again, since there may be some; false once nothing has come until then."""
    left = until - lanes.monotonic()
    return left > 0 and wait(lanes, name, left) != "others"
