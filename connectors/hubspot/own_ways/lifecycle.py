"""HubSpot's lifecycle stage, which moves forward only.

A move back is answered with success and ignored, unless the stage was cleared in a request before. Which stage comes
before which is the portal's own affair, so what was written is read back, and what does not stand is cleared and set.
A process that dies between the two leaves a blank; its write was not answered, is sent again, and finds no stage to
move back from.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from connectors.answers.replies import Refusal
from connectors.base.limits import chunks
from connectors.base.port import FieldWrite, Receipt, Verdict
from connectors.hubspot import batches, faults, queries
from connectors.hubspot.api_session import HubSpotSession

STAGE = "lifecyclestage"
NOT_TAKEN = "LIFECYCLE_STAGE_NOT_TAKEN"
BATCH = 100


def settled(session: HubSpotSession, writes: Sequence[FieldWrite], receipts: Sequence[Receipt]) -> list[Receipt]:
    """The receipts, once every stage that was written stands in HubSpot; those of which it does not say so."""
    found = list(receipts)
    moves = {
        place: replace(write, id=receipt.id, fields={STAGE: write.fields[STAGE]})
        for place, (write, receipt) in enumerate(zip(writes, receipts, strict=True))
        if receipt.verdict is Verdict.DONE and write.fields.get(STAGE)
    }
    ignored = _standing_elsewhere(session, moves, found)
    cleared = _sent(session, {place: replace(moves[place], fields={STAGE: ""}) for place in ignored}, found)
    anew = _sent(session, {place: moves[place] for place in cleared}, found)
    for place, stands in _standing_elsewhere(session, {place: moves[place] for place in anew}, found).items():
        wanted = moves[place].fields[STAGE]
        message = f"cleared and set to '{wanted}', the lifecycle stage reads back as '{stands}': a workflow may set it"
        found[place] = replace(found[place], verdict=Verdict.RETRY, code=NOT_TAKEN, message=message)
    return found


def _standing_elsewhere(
    session: HubSpotSession, moves: Mapping[int, FieldWrite], found: list[Receipt]
) -> dict[int, str]:
    """The stage that stands, by place, where it is not the one that was written; refusals go into `found`."""
    stands: dict[str, str] = {}
    for some in chunks(sorted({move.id for move in moves.values()}), BATCH):
        reply = faults.judged(
            session.read("contacts", queries.read_body(some, [STAGE])), idempotent=True, has="results"
        )
        refusal = reply if isinstance(reply, Refusal) else faults.incomplete(reply.body)
        if refusal is not None:
            _refuse(moves, found, refusal)
            return {}
        if not isinstance(reply, Refusal):
            read = queries.records("contact", reply.body, [STAGE])
            stands |= {record.id: str(record.fields[STAGE] or "") for record in read}
    return {
        place: stands[move.id]
        for place, move in moves.items()
        if move.id in stands and stands[move.id] != str(move.fields[STAGE])
    }


def _sent(session: HubSpotSession, moves: Mapping[int, FieldWrite], found: list[Receipt]) -> list[int]:
    """Write these; the places of those that went through. Refusals go into `found`."""
    went: list[int] = []
    for places in chunks(list(moves), BATCH):
        some = [moves[place] for place in places]
        reply = faults.judged(session.update("contacts", batches.update_body(some)), idempotent=True, has="results")
        if isinstance(reply, Refusal):
            _refuse({place: moves[place] for place in places}, found, reply)
            continue
        for place, receipt in zip(places, batches.updated(some, reply.body), strict=True):
            if receipt.verdict is Verdict.DONE:
                went.append(place)
            else:
                found[place] = receipt
    return went


def _refuse(moves: Mapping[int, FieldWrite], found: list[Receipt], refusal: Refusal) -> None:
    """Some of it is done, but not all: a refusal of one call is none of these records' fault, and they wait."""
    for place, move in moves.items():
        found[place] = refusal.of_all.receipt(move.key, move.id)
