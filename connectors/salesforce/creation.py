"""Creates people in Salesforce: a Lead or a Contact, under the org's own duplicate rules.

A duplicate rule that objects is obeyed: where it names exactly one person, that is the person; where it names several
or none that we know, nobody is created and its words become a sync error. [salesforce: errors]
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any
from urllib.parse import quote

from connectors.answers.replies import Refusal, Reply
from connectors.base.port import PersonWrite, Receipt, Record, Verdict
from connectors.salesforce import SYSTEM, batches, faults, queries
from connectors.salesforce.api_session import SalesforceSession
from connectors.shared.creating_people import Found, created, follow, spelt
from mappings.values.identifiers import ExternalId
from mappings.values.record_ids import full, genuine

BATCH = 200
_EMAIL = "Email"


Find = Callable[[Sequence[str], Mapping[str, Sequence[str]]], Sequence[Record]]
"""People by e-mail, with these fields of each object. Raises Unavailable."""


def make(session: SalesforceSession, find: Find, writes: Sequence[PersonWrite]) -> list[Receipt]:
    """Create these people, or find who they are; somebody in sales waits for them."""

    def look(emails: Sequence[str]) -> Found:
        return _found(find(emails, dict.fromkeys(queries.PEOPLE, (_EMAIL,))))

    def send(some: Sequence[PersonWrite]) -> Sequence[Receipt] | Refusal:
        return _create(session, some)

    with session.purse.for_people():
        return created(writes, find=look, send=send, size=BATCH)


def _found(records: Sequence[Record]) -> Found:
    """Of several with one e-mail a contact comes before a lead, then the oldest."""
    ranked = sorted(records, key=lambda record: (record.object != "Contact", record.created_at or 0, record.id))
    return {spelt(str(record.fields.get(_EMAIL) or "")): (record.object, record.id) for record in reversed(ranked)}


def _create(session: SalesforceSession, writes: Sequence[PersonWrite]) -> list[Receipt] | Refusal:
    outcome = session.post("composite/sobjects", batches.create_body(writes))
    reply = faults.judged(outcome, idempotent=False, has="")
    if isinstance(reply, Refusal):
        return reply.undivided
    made = batches.written(writes, reply.body, unanswered=Verdict.UNCLEAR)
    if isinstance(made, Refusal):
        return made
    return [
        _duplicate(session, write) if receipt.code == faults.DUPLICATES else receipt
        for write, receipt in zip(writes, made, strict=True)
    ]


def _duplicate(session: SalesforceSession, write: PersonWrite) -> Receipt:
    """Ask by a call of its own, which names whom the rule means: a collection's row does not."""
    outcome = session.post(f"sobjects/{quote(write.object, safe='')}", write.fields)
    reply = faults.judged(outcome, idempotent=False)
    if isinstance(reply, Reply):
        body: Mapping[str, Any] = reply.body if isinstance(reply.body, dict) else {}
        return Receipt(key=write.key, verdict=Verdict.DONE, id=full(SYSTEM, str(body.get("id") or "")))
    receipt = reply.receipt(write.key)
    if receipt.code != faults.DUPLICATES:
        return receipt
    matches = sorted(set(_matches(outcome.body if isinstance(outcome, Reply) else None)))
    if len(matches) == 1:
        return follow(write.key, matches[0])
    named = ", ".join(f"{name} {record}" for name, record in matches) or "no Lead or Contact"
    return replace(receipt, message=f"{receipt.message} The duplicate rule names {named}.")


def _matches(body: Any) -> Iterator[tuple[str, ExternalId]]:
    """The people (object, id) that a duplicate rule names."""
    for error in body if isinstance(body, list) else ():
        result = error.get("duplicateResult") if isinstance(error, dict) else None
        for match in (result or {}).get("matchResults") or ():
            for found in match.get("matchRecords") or ():
                record = found.get("record") or {}
                name = str(
                    (record.get("attributes") or {}).get("type") or record.get("type") or match.get("entityType")
                )
                record_id = str(record.get("Id") or "")
                if name in queries.PEOPLE and genuine(SYSTEM, record_id):
                    yield name, full(SYSTEM, record_id)
