"""Linked records, page by page: a deal may have more contacts than one answer lists."""

from collections.abc import Sequence

from connectors.answers.replies import Refusal
from connectors.hubspot import faults, queries
from connectors.hubspot.api_session import HubSpotSession

BATCH = 100


def linked(session: HubSpotSession, kind: str, to: str, records: Sequence[str]) -> dict[str, list[str]] | Refusal:
    """The ids of the records of kind `to` by record, all of them; records without any are absent."""
    found: dict[str, dict[str, None]] = {}
    inputs: list[dict[str, str]] = [{"id": record} for record in dict.fromkeys(records)]
    while inputs:
        outcome = session.associated(kind, to, {"inputs": inputs[:BATCH]})
        reply = faults.judged(outcome, idempotent=True, has="results")
        if isinstance(reply, Refusal):
            return reply
        inputs = inputs[BATCH:]
        partial = faults.incomplete(reply.body)
        if partial:
            return partial
        for result in reply.body["results"] or ():
            record = str(result["from"]["id"])
            ids = found.setdefault(record, {})
            ids |= dict.fromkeys(str(other["toObjectId"]) for other in result.get("to") or ())
            following = queries.after(result)
            if following:
                inputs.append({"id": record, "after": following})
    return {record: list(ids) for record, ids in found.items()}
