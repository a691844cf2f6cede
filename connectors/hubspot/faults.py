"""HubSpot's refusals, and what to do about each. Pure.

Source: [hubspot: limits] [hubspot: batches] [hubspot: rules].

A reply of HubSpot's own has a message and a category; what has not is somebody else's: see `connectors.answers.edges`.
"""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from connectors.answers import edges
from connectors.answers.replies import ASK_AGAIN, Outcome, Refusal, Reply, lost, retry_after
from connectors.base.concerns import Concern
from connectors.base.port import Receipt, Verdict
from mappings.values.instant import HOUR, SECOND, Span

_OK, _REDIRECT, _UNAUTHORIZED, _SERVER_ERROR = 200, 300, 401, 500
_DENIED, _NOT_FOUND, _TOO_MANY, _MIGRATING = 403, 404, 429, 477
_OF_RECORDS = frozenset({400, 409, 422})
"""Statuses with which HubSpot refuses a call for the content of its records."""
_WAITS: Mapping[int, Span] = {_DENIED: ASK_AGAIN, _TOO_MANY: edges.BUSY, _MIGRATING: HOUR}
"""Statuses for the whole connection, and the wait without Retry-After.

403 is a missing scope: nothing is dead-lettered, an admin has to act. 477 is an account on the move between
data centres.
"""
_POLICIES: Mapping[str, Span] = {"TEN_SECONDLY_ROLLING": 10 * SECOND, "SECONDLY": SECOND, "DAILY": HOUR}
"""How long each rate limit needs; the daily one is asked again every hour."""
_PASSING = frozenset({"INTERNAL_ERROR", "SERVER_ERROR", "SERVICE_UNAVAILABLE", "RATE_LIMITS", "LOCKED", "TIMEOUT"})
_SCOPES = frozenset({"MISSING_SCOPES", "MISSING_SCOPE"})
_MESSAGE = 1_000
GONE = "OBJECT_NOT_FOUND"
REQUIRED = "MISSING_REQUIRED_PROPERTY"
CONDITIONAL = "MISSING_CONDITIONAL_REQUIRED_PROPERTY"
NO_ASSOCIATIONS = "MISSING_EDIT_ASSOCIATIONS"
"""HubSpot gives no code for it but VALIDATION_ERROR, which it gives for everything."""
_NOT_OF_RULES = frozenset(
    """
    PROPERTY_DOESNT_EXIST READ_ONLY_VALUE PROPERTY_VALUE_TOO_LONG CONFLICTING_UNIQUE_VALUE INVALID_OWNER_ID
    INVALID_OPTION INVALID_NUMBER INVALID_INTEGER INVALID_LONG INVALID_BOOLEAN INVALID_DATE INVALID_EMAIL
    LEADING_TRAILING_WHITESPACE
    """.split()  # noqa: SIM905 -- words in rows, not one a line
)
"""Codes of values that a property of this type never takes; others come from rules that somebody has set."""
_LISTED = re.compile(r"(?<=Property values were not valid: )\[.*\]", re.DOTALL)
_BASED_ON = re.compile(r"\[([a-z][a-z0-9_]*)\]")
Detail = tuple[str, str, str]
"""The code, the property and the message of one thing that is wrong with a record."""


def judged(outcome: Outcome, *, idempotent: bool, has: str = "") -> Reply | Refusal:
    """The reply of a call that was carried out (207 is one: each record has its own answer), or why it was not.

    A usable reply is an object, and `has` this member.
    """
    if not isinstance(outcome, Reply):
        return lost(outcome, idempotent=idempotent)
    if _OK <= outcome.status < _REDIRECT:
        if isinstance(outcome.body, dict) and (not has or has in outcome.body):
            return outcome
        return edges.unusable(outcome, idempotent=idempotent)
    return _refused(outcome, idempotent=idempotent)


def _own(body: Any) -> bool:
    """Whether HubSpot itself has answered."""
    if not isinstance(body, dict) or not isinstance(body.get("message"), str):
        return False
    return isinstance(body.get("category"), str) or (
        body.get("status") == "error" and any(name in body for name in ("correlationId", "errorType", "policyName"))
    )


def _refused(reply: Reply, *, idempotent: bool) -> Refusal:
    status, own = reply.status, _own(reply.body)
    if not own and status != _MIGRATING:
        return edges.judged(reply, idempotent=idempotent)
    body: Mapping[str, Any] = reply.body if own else {}
    code, message = words(body) if own else ("", edges.shown(reply.body))
    if code == NO_ASSOCIATIONS:
        return _of_permission(message)
    policy = str(body.get("policyName") or "") if status == _TOO_MANY else ""
    category = str(body.get("category"))
    of_records = status in _OF_RECORDS or (status == _NOT_FOUND and category == GONE)
    cases = (
        (status == _UNAUTHORIZED, Verdict.RELOGIN, Concern.CONNECTION),
        (status in _WAITS, Verdict.PAUSE, Concern.CONNECTION),
        (category not in _PASSING and of_records, Verdict.PERMANENT, Concern.RECORD),
        (category not in _PASSING and status == _NOT_FOUND, Verdict.PERMANENT, Concern.OBJECT),
    )
    found = next(((verdict, concern) for met, verdict, concern in cases if met), None)
    if found is None:
        refusal = edges.judged(reply, idempotent=idempotent)
        # Where a request fails within HubSpot, one of its records may be the cause.
        concern = Concern.REQUEST if status == _SERVER_ERROR else refusal.concern
        moved = refusal.code == edges.MOVED
        return refusal if moved else replace(refusal, code=code or refusal.code, message=message, concern=concern)
    wait = retry_after(reply.headers) or _POLICIES.get(policy) or _WAITS.get(status)
    return Refusal(
        verdict=found[0],
        code=policy or code or f"HTTP_{status}",
        message=message,
        retry_after=wait if found[0] is Verdict.PAUSE else None,
        concern=found[1],
        forbidden=status == _DENIED and bool(_SCOPES & {code, category}),
    )


def row(error: Mapping[str, Any], *, idempotent: bool) -> Refusal:
    """Why one record of a batch (207) was not written."""
    code, message = words(error)
    if code == NO_ASSOCIATIONS:
        return _of_permission(message)
    passing = Verdict.RETRY if idempotent else Verdict.UNCLEAR
    verdict = passing if str(error.get("category")) in _PASSING else Verdict.PERMANENT
    return Refusal(verdict=verdict, code=code, message=message, concern=Concern.RECORD)


def words(body: Mapping[str, Any]) -> tuple[str, str]:
    """HubSpot's code (the detail's where it gives one, else the category) and message.

    Where an administrator's rule refused the record, what to do about it stands before HubSpot's own words.
    """
    message = str(body.get("message") or body.get("error_description") or "")
    found = list(_details(body, message))
    code = next((detail[0] for detail in found if detail[0]), "")
    if "edit associations" in message.casefold():
        return NO_ASSOCIATIONS, f"{_EDIT_ASSOCIATIONS} HubSpot: {message}"[:_MESSAGE]
    remedies = list(dict.fromkeys(filter(None, (_remedy(*detail) for detail in found))))
    if remedies:
        said = "; ".join(dict.fromkeys(detail[2] for detail in found if detail[2])) or message
        message = f"{' '.join(remedies)} HubSpot: {said}"
    return code or str(body.get("category") or body.get("error") or ""), message[:_MESSAGE]


_EDIT_ASSOCIATIONS = (
    "The user who connected HubSpot may not edit associations, so that no task can be put to its person: give them "
    "that permission (Settings > Users & Teams > Permissions > CRM), or connect as a user who has it."
)


def _of_permission(message: str) -> Refusal:
    """No record is at fault: everything waits until somebody has given the permission."""
    return Refusal(verdict=Verdict.PAUSE, code=NO_ASSOCIATIONS, message=message, retry_after=ASK_AGAIN)


def _details(body: Mapping[str, Any], message: str) -> Iterator[Detail]:
    """What is wrong with a record: from the list of errors, else from the list that stands in the message."""
    details = [one for one in body.get("errors") or () if isinstance(one, dict)]
    for one in details:
        context = one.get("context")
        names = context.get("propertyName") if isinstance(context, dict) else None
        name = names[0] if isinstance(names, list) and names else names
        yield str(one.get("code") or ""), name if isinstance(name, str) else "", str(one.get("message") or "")
    listed = None if details else _LISTED.search(message)
    try:
        found = json.loads(listed[0]) if listed else ()
    except ValueError:
        return
    for one in found:
        if isinstance(one, dict):
            yield str(one.get("error") or ""), str(one.get("name") or ""), str(one.get("message") or "")


def _remedy(code: str, name: str, message: str) -> str:
    """What an administrator can do where a rule of theirs refused a record; "" where it was none."""
    if not name or not code or code in _NOT_OF_RULES:
        return ""
    if code == CONDITIONAL:
        based = _BASED_ON.search(message)
        on = based[1] if based else "another property"
        return (
            f"HubSpot requires '{name}' because of the value of '{on}', by a rule that an administrator has set: fill "
            f"'{name}' there, have the mapping write it, or change the rule (Settings > Properties > {on} > "
            "Conditional logic)."
        )
    if code == REQUIRED:
        return (
            f"HubSpot requires '{name}' in every new record, by a rule that an administrator has set: have the mapping "
            f"write it, or make it optional (Settings > Objects > the object > Create record)."
        )
    return (
        f"A rule that an administrator has set for '{name}' refuses the value: change the rule (Settings > Properties "
        f"> {name} > Rules), or map another property."
    )


def taken(code: str, message: str) -> bool:
    """Whether a record was refused because its unique value stands in another one already."""
    text = f"{code} {message}".casefold()
    return "conflicting_unique_value" in text or "already has that value" in text or code == "CONFLICT"


def of_owner(receipt: Receipt) -> bool:
    """Whether a task was refused because its owner is none, or is no longer."""
    return receipt.code == "INVALID_OWNER_ID" or "hubspot_owner_id" in receipt.message


def incomplete(body: Mapping[str, Any]) -> Refusal | None:
    """Why a batch read is not whole, where that is more than records which do not exist."""
    errors = body.get("errors")
    for error in errors if isinstance(errors, list) else ():
        if isinstance(error, dict) and error.get("category") != "OBJECT_NOT_FOUND":
            code, message = words(error)
            return Refusal(verdict=Verdict.RETRY, code=code, message=message, concern=Concern.RECORD)
    return None


def not_unique(found: Refusal) -> bool:
    """Whether a look-up was refused because its property is not a unique one in this portal."""
    return found.concern is Concern.RECORD and "unique" in found.message.casefold()
