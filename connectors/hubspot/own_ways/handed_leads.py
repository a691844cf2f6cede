"""HubSpot's own leads (0-136): one for each handover, with its contact, which HubSpot wants at once.

Our key in each is a unique property: what was tried before is looked for first, and a key that stands in a lead already
is that lead. [hubspot: leads]
"""

from collections.abc import Sequence

from connectors.answers.replies import Refusal, Reply
from connectors.base.limits import chunks
from connectors.base.port import HandoverWrite, Receipt, Verdict
from connectors.hubspot import batches, faults, lookups, queries
from connectors.hubspot.api_session import HubSpotSession
from connectors.shared.batching import isolated
from connectors.shared.sorting import resolved
from mappings.values.identifiers import ExternalId

BATCH = 100


def make(session: HubSpotSession, writes: Sequence[HandoverWrite]) -> list[Receipt]:
    """Create these, each once; somebody in sales waits for them."""
    with session.purse.for_people():
        there = _there(session, [write.key for write in writes if write.attempted])
        if isinstance(there, Refusal):
            return [there.of_all.receipt(write.key, write.id) for write in writes]
        missing = [write for write in writes if write.key not in there]
        sent = isolated(missing, lambda some: _create(session, some), size=BATCH)
        refused = {
            receipt.key
            for receipt in sent
            if receipt.verdict is Verdict.PERMANENT and faults.taken(receipt.code, receipt.message)
        }
        made = {receipt.key: receipt for receipt in resolved(sent, refused, _there(session, refused))}
    found = {key: Receipt(key=key, verdict=Verdict.DONE, id=record) for key, record in there.items()}
    return [(found | made)[write.key] for write in writes]


def _create(session: HubSpotSession, writes: Sequence[HandoverWrite]) -> list[Receipt] | Refusal:
    outcome = session.create(queries.kind(writes[0].object), batches.leads_body(writes))
    reply = faults.judged(outcome, idempotent=False, has="results")
    return batches.created(writes, reply.body) if isinstance(reply, Reply) else reply


def _there(session: HubSpotSession, keys: Sequence[str] | set[str]) -> dict[str, ExternalId] | Refusal:
    """Those of these that HubSpot has, by our key."""
    found: dict[str, ExternalId] = {}
    for some in chunks(sorted(keys), BATCH):
        outcome = session.read("leads", queries.read_body(some, [queries.TASK_KEY], by=queries.TASK_KEY))
        refused = lookups.noted(found, outcome, "lead")
        if refused:
            return refused
    return found
