"""Rederive: under a new version of the playbook every lead is derived again, while new activities are decided.

Accounts come first, since their signals are part of their leads' histories, then leads, by id. New work comes before
both: fewer accounts are derived while a batch of leads is to be decided, and a batch takes about as long as LONGEST,
so that somebody who asks for a demo meanwhile waits for one batch at most. What survives a crash: where the walk stands
is stored after each batch; whoever is derived already is passed over when the walk is taken up.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Protocol

import structlog

from integration.flows.base.service import Derived, HasLanes, Versioned
from integration.flows.people.derive_account_signals import BATCH as ACCOUNTS
from integration.flows.people.derive_account_signals import derive_batch
from integration.store.db.shards import Shard
from integration.store.events import playbook_versions
from integration.store.queues import derivation_walk, dirty, leases
from integration.store.queues.derivation_walk import Walk
from integration.store.queues.leases import Lease
from mappings.values.identifiers import LeadId

log = structlog.get_logger()

LEADS = 200
"""The most leads that one batch decides about."""
LONGEST = 1.0
"""Seconds that a batch may take: one that took longer is followed by a smaller one, down to FEWEST."""
FEWEST = 10
"""So many cost little more than one, since a batch has costs of its own: where these alone take as long as LONGEST, on
a busy machine, one lead at a time would never come to an end."""
SHARE = 4
"""While new work fills every batch, the derivation goes on with a part of its own batch: it has to end some day."""
_INSTANT = 1e-6


class Rederiving(Derived, HasLanes, Protocol):
    """What re-derivation takes: what signals are derived with, and what measures time."""


def accounts(service: Rederiving, lease: Lease, walk: Walk | None = None, *, suspected: bool = True) -> bool:
    """Derive the signals of accounts that are marked, and mark the next of the walk before; whether more are likely.

    The accounts of those who are decided about next come first: what a lead's account did in the past is a part of its
    history when it is derived anew. Fewer of the others are marked while a whole batch of leads waits to be decided.
    `walk` is how far it is, where the caller knows; `suspected`, whether the lane has failed at anything.
    """
    if walk is not None and walk.over:
        return derive_batch(service, lease, suspected=suspected)
    number, now = service.rules.number or 0, service.now()
    with service.store.read() as conn:
        walk = derivation_walk.walk(conn, number)
        waiting = [] if walk.accounts is None else dirty.take(conn, now, walk.leads_at_once)
        first = playbook_versions.accounts_of(conn, [lead for lead, _ in waiting], number)
        busy = len(waiting) >= walk.leads_at_once
        room = min(
            max(walk.accounts_at_once // SHARE, 1) if busy else walk.accounts_at_once,
            ACCOUNTS - len(dirty.take_accounts(conn, now, ACCOUNTS)) - len(first),
        )
        on = walk.accounts is not None and room > 0
        ids = playbook_versions.accounts_after(conn, walk.accounts or "", number, room) if on else []
        done = on and not ids and not playbook_versions.accounts_marked(conn, number, now)
    if ids or first or done:
        walk = replace(walk, accounts=None if done else ids[-1] if ids else walk.accounts)
        with service.store.write() as conn:
            leases.extend(conn, lease)
            dirty.mark_accounts(conn, [*first, *ids], now)
            derivation_walk.walked_accounts(conn, walk, lease.shard, now)
    began = service.lanes.monotonic()
    more = derive_batch(service, lease, suspected=suspected)
    size = paced(walk.accounts_at_once, [(len(ids), service.lanes.monotonic() - began)], ACCOUNTS)
    if ids and size != walk.accounts_at_once:
        with service.store.write() as conn:
            leases.extend(conn, lease)
            derivation_walk.walked_accounts(conn, replace(walk, accounts_at_once=size), lease.shard, service.now())
    return bool(ids) or bool(first) or more


def walk(service: Versioned, shard: Shard) -> Walk:
    """How far the derivation of everybody in the shard is."""
    with service.store.read() as conn:
        return derivation_walk.of_shard(derivation_walk.walk(conn, service.rules.number or 0), shard)


def leads(service: Versioned, found: Walk, limit: int, shard: Shard) -> list[LeadId]:
    """The next leads to derive anew, at least one where there are any; none while accounts are to be done."""
    if found.accounts is not None or found.leads is None:
        return []
    with service.store.read() as conn:
        return playbook_versions.leads_after(conn, found.leads, service.rules.number or 0, max(limit, 1), shard)


def walked(service: Versioned, lease: Lease, found: Walk, ids: Sequence[LeadId], *batches: tuple[int, float]) -> None:
    """These leads were derived anew, or set aside; where there were none, the walk is over.

    `batches` are how many leads were decided about in how many seconds, by which the next batch is measured.
    """
    if found.over or service.rules.number is None:
        return
    now = found if found.accounts is not None else replace(found, leads=ids[-1] if ids else None)
    now = replace(now, leads_at_once=paced(found.leads_at_once, batches, LEADS))
    if now == found:
        return
    with service.store.write() as conn:
        leases.extend(conn, lease)
        derivation_walk.walked_leads(conn, now, lease.shard, service.now())
    if now.over and lease.shard.whole:
        log.info("everybody is derived under the playbook in force", version=now.version)


def paced(size: int, batches: Iterable[tuple[int, float]], most: int) -> int:
    """How many to take at once from now on, `size` so far, where so many took so many seconds: what LONGEST allows.

    A batch that was short and done in time says nothing.
    """
    told = [
        max(FEWEST, min(most, size * 2, int(count * LONGEST / max(seconds, _INSTANT))))
        for count, seconds in batches
        if seconds > LONGEST or count * 2 >= size
    ]
    return min(told, default=size)
