"""HubSpot's outcomes of calls: a call names one by its id, and what people see stands in a list of the portal's.

Portals rename them and add their own. The property itself lists none of them. [hubspot: calls]
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from connectors.answers.replies import Refusal, Reply
from connectors.base.port import FieldInfo, Unavailable
from connectors.hubspot import faults
from connectors.hubspot.api_session import HubSpotSession

OUTCOME = "hs_call_disposition"
_GONE = frozenset({404, 410})
"""The list has an old address: where it is no more, ids are all that is known."""


def with_outcomes(session: HubSpotSession, fields: Sequence[FieldInfo]) -> list[FieldInfo]:
    """The properties of calls, with the outcomes that the portal has. Raises Unavailable.

    Where this user may not ask for them, or HubSpot lists them no more, the properties are as they were.
    """
    if not any(field.name == OUTCOME and not field.options for field in fields):
        return list(fields)
    outcome = session.call_outcomes()
    if isinstance(outcome, Reply) and outcome.status in _GONE:
        return list(fields)
    if isinstance(outcome, Reply) and isinstance(outcome.body, list):  # an array, where all others are objects
        outcome = replace(outcome, body={"results": outcome.body})
    reply = faults.judged(outcome, idempotent=True, has="results")
    if isinstance(reply, Refusal):
        away = Unavailable(reply.receipt(""))
        if away.final:
            return list(fields)
        raise away
    listed: Sequence[Mapping[str, Any]] = reply.body["results"]
    known = {str(each["id"]): str(each.get("label") or each["id"]) for each in listed if each.get("id")}
    return [
        replace(field, options=tuple(known), labels=tuple(known.values())) if field.name == OUTCOME else field
        for field in fields
    ]
