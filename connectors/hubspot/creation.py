"""Creates people in HubSpot: a contact, of which there is one for each e-mail address.

An address that is another contact's second one is found by no look-up, and answers 409 with that contact's id.
"""

import re
from collections.abc import Callable, Mapping, Sequence

from connectors.answers.replies import Refusal, Reply
from connectors.base.port import PersonWrite, Receipt, Record, Verdict
from connectors.hubspot import batches, faults
from connectors.hubspot.api_session import HubSpotSession
from connectors.shared.creating_people import Found, created, follow, spelt
from mappings.values.identifiers import ExternalId

BATCH = 100
_EXISTING = re.compile(r"Existing ID:\s*(\d+)")


Find = Callable[[Sequence[str], Mapping[str, Sequence[str]]], Sequence[Record]]
"""People by e-mail, with these properties of each object. Raises Unavailable."""


def make(session: HubSpotSession, find: Find, writes: Sequence[PersonWrite]) -> list[Receipt]:
    """Create these people, or find who they are; somebody in sales waits for them."""

    def look(emails: Sequence[str]) -> Found:
        records = find(emails, {"contact": ("email",)})
        return {spelt(str(record.fields.get("email") or "")): ("contact", record.id) for record in records}

    def send(some: Sequence[PersonWrite]) -> Sequence[Receipt] | Refusal:
        return _create(session, some)

    with session.purse.for_people():
        return [_existing(receipt) for receipt in created(writes, find=look, send=send, size=BATCH)]


def _create(session: HubSpotSession, writes: Sequence[PersonWrite]) -> list[Receipt] | Refusal:
    outcome = session.create("contacts", batches.people_body(writes))
    reply = faults.judged(outcome, idempotent=False, has="results")
    return batches.people_created(writes, reply.body) if isinstance(reply, Reply) else reply.undivided


def _existing(receipt: Receipt) -> Receipt:
    """A refusal that names the contact who has the address already is that contact."""
    named = _EXISTING.search(receipt.message) if receipt.verdict is Verdict.PERMANENT else None
    return follow(receipt.key, ("contact", ExternalId(str(named[1])))) if named else receipt
