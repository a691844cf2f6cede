"""Advance: the lane of leads, where one process at a time changes what leads are.

Each of its four steps has a module, a claim and transactions of its own, and does one batch in a turn of the lane:
people are erased, leads that are one person are joined, account signals are derived, and leads are decided about. They
share one lease, since nothing may be decided for a lead that is being erased or joined. Of several shards each decides
about its own leads under its own lease; the first also does the other steps, each of which keeps leads that it changes
from being decided about meanwhile: erasing takes all other leases, joining and taking back a signal wait for batches
under way (see lane_shards.py). What survives a crash: what a step has not committed is found and done again; how, each
step says.
"""

from typing import Protocol

import structlog

from integration.flows.base import running_playbook
from integration.flows.base.lane import drain_shards
from integration.flows.base.running_playbook import OutdatedError
from integration.flows.base.service import HasLanes
from integration.flows.deciding import decide_leads, rederive, remap
from integration.flows.deciding.decide_leads import decide_batch
from integration.flows.deciding.decision_outcomes import Deciding
from integration.flows.people.join_leads import join_batch
from integration.flows.privacy.erase_person import Erasing, erase_batch
from integration.store.overall import advance_work
from integration.store.queues.leases import Lease

log = structlog.get_logger()


class Advancing(Deciding, Erasing, HasLanes, Protocol):
    """What the lane `advance` takes: the parts of its steps."""


def advance(service: Advancing) -> int:
    """Erase, join, derive and decide until nothing is left to do."""
    return drain_shards(service, "advance", turn, decide_leads.waits)


def turn(service: Advancing, lease: Lease, /) -> bool:
    """A batch of each step that has something to do, in this order; one look at the store says which have.

    Erasing and joining need no playbook, and go on without one.
    """
    if not lease.shard.first:
        return _decides(service, lease)
    with service.store.read() as conn:
        known, settled = running_playbook.looked(conn, service)
        work = advance_work.look(conn, service.now())
    if work.erasing:
        erase_batch(known, lease)  # wakes the lane again itself
    left = work.joining and join_batch(known, lease)
    try:
        service = settled or running_playbook.in_force(service, lease)
    except OutdatedError as error:
        log.warning("nobody is decided about by this process", error=str(error))
        return left
    walk = work.walk if settled and work.walk and work.walk.version == service.rules.number else None
    still = walk is None or not walk.over
    if still or work.remapping:
        left |= remap.records(service, lease)
    if still or work.accounts:
        left |= rederive.accounts(service, lease, walk, suspected=work.suspected)
    if still or work.accounts or work.joining or work.leads:
        left |= decide_batch(service, lease, walk, suspected=work.suspected)
    return left


def _decides(service: Advancing, lease: Lease) -> bool:
    """A batch of leads by the playbook in force; none before the first shard has put one there."""
    try:
        service = running_playbook.published(service)
    except OutdatedError as error:
        log.warning("nobody is decided about by this process", error=str(error))
        return False
    return service.rules.version is not None and decide_batch(service, lease)
