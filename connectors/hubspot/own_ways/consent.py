"""Opt-outs in HubSpot: the property is read-only, and is set by ending all of a person's subscriptions.

Only ever ended, never begun: nobody is subscribed by us. [communication preferences, batch unsubscribe-all]
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from connectors.answers.replies import Refusal
from connectors.base.concerns import Concern
from connectors.base.limits import chunks
from connectors.base.port import FieldWrite, Finding, Receipt, Verdict
from connectors.hubspot import faults, queries
from connectors.hubspot.api_session import HubSpotSession
from connectors.hubspot.setup.app_scopes import OPT_OUT_PROPERTY as OPTED_OUT
from connectors.hubspot.setup.app_scopes import OPT_OUTS as SCOPE
from connectors.shared.batching import isolated

BATCH = 100
_MAIL = "email"


def apart(writes: Sequence[FieldWrite]) -> list[FieldWrite]:
    """The writes without the opt-outs among them, which go another way."""
    return [
        replace(write, fields={name: value for name, value in write.fields.items() if name != OPTED_OUT})
        for write in writes
    ]


def settled(session: HubSpotSession, writes: Sequence[FieldWrite], receipts: Sequence[Receipt]) -> list[Receipt]:
    """The receipts, once everybody whose opt-out was among the writes has been unsubscribed from everything."""
    found = list(receipts)
    asked = {
        place: replace(write, id=receipt.id)
        for place, (write, receipt) in enumerate(zip(writes, receipts, strict=True))
        if receipt.verdict is Verdict.DONE and str(write.fields.get(OPTED_OUT)).casefold() == "true"
    }
    if not asked:
        return found
    people = _addresses(session, sorted({write.id for write in asked.values()}))
    if isinstance(people, Refusal):
        for place, write in asked.items():
            found[place] = people.of_all.receipt(write.key, write.id)
        return found
    # Whoever has no address, or is out already, needs nothing.
    todo = [place for place, write in asked.items() if people.get(write.id)]
    outs = [replace(asked[place], fields={_MAIL: people[asked[place].id]}) for place in todo]
    sent = isolated(outs, lambda some: _unsubscribed(session, some), size=BATCH)
    for place, receipt in zip(todo, sent, strict=True):
        if receipt.verdict is not Verdict.DONE:
            found[place] = receipt
    return found


def examined(session: HubSpotSession) -> list[Finding]:
    """Advice where the token may not unsubscribe anybody; a batch of nothing is refused as empty where it may."""
    reply = faults.judged(session.unsubscribe([]), idempotent=True)
    if isinstance(reply, Refusal) and _no_scope(reply):
        remedy = f"give the token the scope {SCOPE}, or take opted_out out of the mapping's write"
        return [Finding(subject="opt-outs", ok=True, detail="may not be written", remedy=remedy)]
    return []


def _addresses(session: HubSpotSession, ids: Sequence[str]) -> dict[str, str] | Refusal:
    """E-mail by record id of those who have not opted out yet."""
    found: dict[str, str] = {}
    for some in chunks(ids, BATCH):
        outcome = session.read("contacts", queries.read_body(some, [_MAIL, OPTED_OUT]))
        reply = faults.judged(outcome, idempotent=True, has="results")
        if isinstance(reply, Refusal):
            return reply
        for record in queries.records("contact", reply.body, [_MAIL, OPTED_OUT]):
            if record.fields[_MAIL] and str(record.fields[OPTED_OUT]).casefold() != "true":
                found[record.id] = str(record.fields[_MAIL])
    return found


def _unsubscribed(session: HubSpotSession, writes: Sequence[FieldWrite]) -> list[Receipt] | Refusal:
    reply = faults.judged(session.unsubscribe([str(write.fields[_MAIL]) for write in writes]), idempotent=True)
    if isinstance(reply, Refusal):
        if _no_scope(reply):
            # The scores went through: the whole connection need not wait for an administrator.
            message = f"the token lacks the scope {SCOPE}: {reply.message}"
            refusal = replace(reply, verdict=Verdict.PERMANENT, code="OPT_OUT_NOT_ALLOWED", message=message)
            return [refusal.receipt(write.key, write.id) for write in writes]
        return reply
    errors: Any = reply.body.get("errors")
    if errors:
        code, message = faults.words(errors[0])
        return Refusal(verdict=Verdict.PERMANENT, code=code, message=message, concern=Concern.RECORD)
    return [Receipt(key=write.key, verdict=Verdict.DONE, id=write.id) for write in writes]


def _no_scope(refusal: Refusal) -> bool:
    return refusal.verdict is Verdict.PAUSE and (refusal.forbidden or refusal.code in _FORBIDDEN)


_FORBIDDEN = frozenset({"HTTP_403", "FORBIDDEN"})
"""What HubSpot may call it where it names no scope."""
