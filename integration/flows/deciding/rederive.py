"""Rederive: under a new version of the playbook every lead is derived again, while new activities are decided.

Accounts come first, since their signals are part of their leads' histories, then leads, by id. What survives a crash:
where the walk stands is stored after each batch; whoever is derived already is passed over when the walk is taken up.
"""

from collections.abc import Sequence
from dataclasses import replace

import structlog

from integration.flows.base.service import HasStore, Versioned
from integration.store.events import playbook_versions
from integration.store.events.playbook_versions import Walk
from integration.store.queues import dirty, leases
from integration.store.queues.leases import Lease
from mappings.values.identifiers import LeadId

log = structlog.get_logger()

ACCOUNTS = 50
"""Accounts that one turn has derived anew."""


def accounts(service: Versioned, lease: Lease) -> bool:
    """Mark the next accounts, so that their signals are derived anew; false where there are none left."""
    number = service.rules.number or 0
    with service.store.read() as conn:
        walk = playbook_versions.walk(conn, number)
        if walk.accounts is None:
            return False
        ids = playbook_versions.accounts_after(conn, walk.accounts, number, ACCOUNTS)
    with service.store.write() as conn:
        leases.extend(conn, lease)
        dirty.mark_accounts(conn, ids, service.now())
        playbook_versions.walked(conn, replace(walk, accounts=ids[-1] if ids else None), service.now())
    return bool(ids)


def leads(service: Versioned, limit: int) -> tuple[Walk, list[LeadId]]:
    """How far the walk is, and the next leads to derive anew; none while accounts are still to be done."""
    number = service.rules.number or 0
    with service.store.read() as conn:
        walk = playbook_versions.walk(conn, number)
        if walk.accounts is not None or walk.leads is None:
            return walk, []
        # At least one is asked for: none means that there are none.
        return walk, playbook_versions.leads_after(conn, walk.leads, number, max(limit, 1))


def walked(service: HasStore, lease: Lease, walk: Walk, ids: Sequence[LeadId]) -> None:
    """These leads were derived anew, or set aside; where there were none, the walk is over."""
    if walk.over or walk.accounts is not None:
        return
    with service.store.write() as conn:
        leases.extend(conn, lease)
        playbook_versions.walked(conn, replace(walk, leads=ids[-1] if ids else None), service.now())
    if not ids:
        log.info("everybody is derived under the playbook in force", version=walk.version)
