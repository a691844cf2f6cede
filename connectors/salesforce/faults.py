"""Salesforce's refusals, and what to do about each. Pure.

Source: [salesforce: errors].

Three spellings of one thing: a row of a collection has `statusCode`, a single call `errorCode`, OAuth `error`. What is
none of them is somebody else's: see `connectors.answers.edges`.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from connectors.answers import edges
from connectors.answers.replies import ASK_AGAIN, Outcome, Refusal, Reply, lost, retry_after
from connectors.base.concerns import Concern
from connectors.base.port import Receipt, Verdict
from mappings.values.instant import Span

_PASSING = frozenset(
    {
        "UNABLE_TO_LOCK_ROW",
        "SERVER_UNAVAILABLE",
        "REQUEST_RUNNING_TOO_LONG",
        "QUERY_TIMEOUT",
        "ALL_OR_NONE_OPERATION_ROLLED_BACK",
        "PROCESSING_HALTED",
        "UNKNOWN_EXCEPTION",
        "TXN_SECURITY_METERING_ERROR",
        "LIMIT_EXCEEDED",
        "INVALID_QUERY_LOCATOR",
    }
)
_CARRIERS = frozenset(
    {
        "CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY",
        "CANNOT_EXECUTE_FLOW_TRIGGER",
        "APEX_ERROR",
        "FIELD_CUSTOM_VALIDATION_EXCEPTION",
    }
)
"""Codes of the org's own automation, whose message carries the code of what went wrong within it.

A trigger that catches a fault and refuses the record with it (`addError`) gives the last one.
"""
_WITHIN = re.compile(rf"\b(?:{'|'.join(sorted(_PASSING))})\b")
_RELOGIN = frozenset({"INVALID_SESSION_ID", "INVALID_AUTH_HEADER", "invalid_grant", "invalid_client"})
_WAITING = frozenset(
    {"REQUEST_LIMIT_EXCEEDED", "STORAGE_LIMIT_EXCEEDED", "API_DISABLED_FOR_ORG", "API_CURRENTLY_DISABLED"}
)
_FORBIDDEN = frozenset(
    {
        "INSUFFICIENT_ACCESS",
        "INSUFFICIENT_ACCESS_OR_READONLY",
        "INSUFFICIENT_ACCESS_ON_CROSS_REFERENCE_ENTITY",
        "INSUFFICIENT_FIELD_ACCESS",
        "INVALID_TYPE",
        "NOT_FOUND",
    }
)
"""The codes for an object that is hidden from this user; a look at its description settles it."""
_HEAVY = frozenset({"REQUEST_RUNNING_TOO_LONG", "QUERY_TIMEOUT", "UNABLE_TO_LOCK_ROW"})
"""Passing faults that a smaller request may not meet."""
_OK, _REDIRECT, _SERVER_ERROR = 200, 300, 500
_UNAUTHORIZED, _DENIED, _NOT_FOUND = 401, 403, 404
_OF_RECORDS = frozenset({300, 400, 409, 412, 422})
"""Statuses with which Salesforce refuses a call for the content of its records."""
_MESSAGE = 1_000

CONVERTED = "CANNOT_UPDATE_CONVERTED_LEAD"
DELETED = "ENTITY_IS_DELETED"
DUPLICATES = "DUPLICATES_DETECTED"
STALE_CURSOR = "INVALID_QUERY_LOCATOR"
THERE_ALREADY = frozenset({"DUPLICATE_VALUE", "INVALID_FIELD_FOR_INSERT_UPDATE"})
"""A task of this key may exist: its unique key is taken, or a field was sent that only creation may set."""


def judged(outcome: Outcome, *, idempotent: bool, has: str | None = None) -> Reply | Refusal:
    """The reply of a call that was carried out (each row has its own answer), or why it was not.

    A usable reply is an object that `has` this member, or a list where that is ""; without it, either.
    """
    if not isinstance(outcome, Reply):
        return lost(outcome, idempotent=idempotent)
    if _OK <= outcome.status < _REDIRECT:
        return outcome if _usable(outcome.body, has) else edges.unusable(outcome, idempotent=idempotent)
    if not _own(outcome):
        return edges.judged(outcome, idempotent=idempotent)
    return _refused(outcome, idempotent=idempotent)


def _usable(body: Any, has: str | None) -> bool:
    if isinstance(body, list):
        return not has
    return isinstance(body, dict) and (has is None or has in body)


def _own(reply: Reply) -> bool:
    """Whether Salesforce itself has answered: with its list of errors, or as its OAuth does."""
    body = reply.body
    if isinstance(body, dict):
        return isinstance(body.get("error"), str) and isinstance(body.get("error_description"), str)
    if not isinstance(body, list) or not body:
        return False
    if reply.status == _REDIRECT:  # an external id that several records have, as their addresses
        return all(isinstance(one, str) for one in body)
    return all(isinstance(one, dict) and isinstance(one.get("errorCode"), str) and one["errorCode"] for one in body)


def _refused(reply: Reply, *, idempotent: bool) -> Refusal:
    """What Salesforce says of a whole call."""
    code, message = words(reply.body)
    status, passing = reply.status, code in _PASSING
    cases = (
        (code in _RELOGIN or status == _UNAUTHORIZED, Verdict.RELOGIN, Concern.CONNECTION),
        (code in _WAITING or (status == _DENIED and not passing), Verdict.PAUSE, Concern.CONNECTION),
        (code in _HEAVY, Verdict.RETRY, Concern.RECORD),
        (status == _NOT_FOUND and code != DELETED and not passing, Verdict.PERMANENT, Concern.OBJECT),
        (not passing and (status in _OF_RECORDS or code == DELETED), Verdict.PERMANENT, Concern.RECORD),
    )
    found = next(((verdict, concern) for met, verdict, concern in cases if met), None)
    if found is None:
        refusal = edges.judged(reply, idempotent=idempotent)
        # Where a request fails within Salesforce, one of its records may be the cause.
        concern = Concern.REQUEST if status == _SERVER_ERROR else refusal.concern
        moved = refusal.code == edges.MOVED
        return refusal if moved else replace(refusal, code=code, message=message, concern=concern)
    wait = retry_after(reply.headers) or (_wait(message) if found[0] is Verdict.PAUSE else None)
    return Refusal(
        verdict=found[0],
        code=code,
        message=message,
        retry_after=wait,
        concern=found[1],
        forbidden=code in _FORBIDDEN,
    )


def row(errors: Sequence[Mapping[str, Any]]) -> Refusal:
    """Why one row of a collection was not written: its first error decides, all their messages are kept."""
    code, message = words(list(errors))
    fields = sorted({str(name) for error in errors for name in error.get("fields") or ()})
    if code == "INVALID_FIELD":
        message += " (the field is missing, or this user may not see or edit it)"
    if fields and not all(name in message for name in fields):
        message += f" [{', '.join(fields)}]"
    verdict = _of_row(code, message)
    wait = _wait(message) if verdict is Verdict.PAUSE else None
    return Refusal(verdict=verdict, code=code, message=message, retry_after=wait, concern=Concern.RECORD)


def _of_row(code: str, message: str) -> Verdict:
    if code in _PASSING or (code in _CARRIERS and _WITHIN.search(message)):
        return Verdict.RETRY
    if code in _RELOGIN:
        return Verdict.RELOGIN
    return Verdict.PAUSE if code in _WAITING else Verdict.PERMANENT


def _wait(message: str) -> Span:
    """One code stands for two limits: calls a day, and long calls at the same time, which is over in seconds.

    Salesforce gives no Retry-After with its daily limit.
    """
    return edges.BUSY if "concurrent" in message.casefold() else ASK_AGAIN


def of_owner(receipt: Receipt) -> bool:
    """Whether a task may have been refused for its owner, who is none or is no longer active.

    A bad reference does not always say which of a task's references it is.
    """
    known = {"INACTIVE_OWNER_OR_USER", "INVALID_CROSS_REFERENCE_KEY"}
    return receipt.code in known or "OwnerId" in receipt.message or "Assigned To" in receipt.message


def words(body: Any) -> tuple[str, str]:
    """Salesforce's code and message, from any of the shapes that its errors come in."""
    if isinstance(body, list):
        errors = [error for error in body if isinstance(error, dict)]
        if errors:
            messages = dict.fromkeys(str(error.get("message") or "") for error in errors)
            return _code(errors[0]), "; ".join(filter(None, messages))[:_MESSAGE]
        if body:  # 300: an external id that several records have, as their addresses
            return "DUPLICATE_EXTERNAL_ID", f"{len(body)} records have this external id"
        return "", ""
    if isinstance(body, dict):
        return _code(body), str(body.get("error_description") or body.get("message") or "")[:_MESSAGE]
    return "", str(body or "")[:200]


def _code(error: Mapping[str, Any]) -> str:
    return str(error.get("statusCode") or error.get("errorCode") or error.get("error") or "")
