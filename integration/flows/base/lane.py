"""Lanes: one drainer at a time, fenced, each turn a batch.

A lane is a name (`ingest`, `advance`, `deliver:hubspot` …) that one process at a time may work.
It takes the lane's lease and does turns until nothing is left. Every transaction of a turn calls
`leases.extend`, which fails once the lease has passed to somebody else: a process that was frozen past its
lease cannot commit. A killed process leaves the lease to expire, and the sweep wakes the lane again.
"""

from typing import Protocol, TypeVar

import structlog

from integration.flows.base.service import LaneOfCrms
from integration.store.db.errors import LeaseLostError
from integration.store.queues import leases
from integration.store.queues.leases import Lease
from mappings.values.instant import SECOND

log = structlog.get_logger()

STINT = 5.0
"""Seconds of work after which a drain makes room for others on its queue and asks to be woken again."""
GATHER = 0.03
"""Seconds for which a lane that had less than a batch lets more of it gather: a commit costs the same for one as for
many, and those who answer webhooks wait for the same writer lock."""
_LOOK = 0.05
"""Seconds between two looks for more work."""


S_contra = TypeVar("S_contra", contravariant=True)
L = TypeVar("L", bound=LaneOfCrms)


class Turn(Protocol[S_contra]):
    """One batch of a lane's work; false when nothing is left to do now."""

    def __call__(self, service: S_contra, lease: Lease, /) -> bool:
        """Do one batch."""


def drain(service: L, name: str, turn: Turn[L]) -> int:
    """Do turns until none is left; the number of turns done, 0 also when somebody else holds the lane.

    A drain that had work stays for as long as the service lingers: more of it is likely, and to look
    for it is far cheaper than the fork of another job.
    """
    with service.store.write() as conn:
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
            elif turns and service.lanes.monotonic() - last < service.lanes.linger / SECOND:
                service.lanes.sleep(_LOOK)
            else:
                break
            if service.lanes.monotonic() - started > STINT:
                service.wake(name)
                break
    except LeaseLostError:
        log.warning("lease lost", lane=name, fence=lease.token)
        return turns
    finally:
        with service.store.write() as conn:
            leases.release(conn, lease)
            for connection in service.connections.values():
                if connection.allowance is not None:
                    connection.allowance.settle(conn)
    return turns
