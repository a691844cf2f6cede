"""Advance: the lane of leads, where one process at a time changes what leads are.

Each of its four steps has a module, a claim and transactions of its own, and does one batch in a turn of the lane:
people are erased, leads that are one person are joined, account signals are derived, and leads are decided about. They
share one lease, since nothing may be decided for a lead that is being erased or joined. What survives a crash: what a
step has not committed is found and done again; how, each step says.
"""

from typing import Protocol

import structlog

from integration.flows.base import running_playbook
from integration.flows.base.lane import drain
from integration.flows.base.running_playbook import OutdatedError
from integration.flows.base.service import HasLanes
from integration.flows.deciding import rederive, remap
from integration.flows.deciding.decide_leads import decide_batch
from integration.flows.deciding.decision_outcomes import Deciding
from integration.flows.people.join_leads import join_batch
from integration.flows.privacy.erase_person import Erasing, erase_batch
from integration.store.queues.leases import Lease

log = structlog.get_logger()


class Advancing(Deciding, Erasing, HasLanes, Protocol):
    """What the lane `advance` takes: the parts of its steps."""


def advance(service: Advancing) -> int:
    """Erase, join, derive and decide until nothing is left to do."""
    return drain(service, "advance", turn)


def turn(service: Advancing, lease: Lease, /) -> bool:
    """A batch of each step, in this order. Erasing and joining need no playbook, and go on without one."""
    known = running_playbook.following(service)
    erase_batch(known, lease)  # wakes the lane again itself
    left = [join_batch(known, lease)]
    try:
        service = running_playbook.in_force(service, lease)
    except OutdatedError as error:
        log.warning("nobody is decided about by this process", error=str(error))
    else:
        left += [remap.records(service, lease), rederive.accounts(service, lease)]
        left += [decide_batch(service, lease)]
    return any(left)
