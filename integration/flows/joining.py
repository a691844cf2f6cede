"""Joining: leads that turned out to be one person become one before anything is decided for either.

What survives a crash: a joined lead stays dirty until the transaction that moves its history to the winner; until then
it is not decided.
"""

import structlog

from integration.flows.service import Service
from integration.store import dirty, leases, merging
from integration.store.leads import LeadRow
from integration.store.leases import Lease

log = structlog.get_logger()

BATCH = 50


def settle(service: Service, lease: Lease) -> None:
    """Move what was heard and decided of every joined lead to the one it lives on as."""
    with service.store.read() as conn:
        waiting = merging.waiting(conn, BATCH)
    if not waiting:
        return
    with service.store.write() as conn:
        leases.hold(conn, lease, service.lease)
        for loser, winner, mark in waiting:
            merging.settle(conn, loser, winner, service.now())
            dirty.clear(conn, [(loser, mark)])
    log.info("joined leads", pairs=len(waiting))


def apart(rows: list[LeadRow], marks: list[dirty.Mark]) -> tuple[list[LeadRow], list[dirty.Mark]]:
    """The leads to decide for and their marks, without those that were joined to others in the meantime."""
    gone = {row.id for row in rows if row.merged_into is not None}
    return [row for row in rows if row.id not in gone], [mark for mark in marks if mark[0] not in gone]
