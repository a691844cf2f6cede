"""HubSpot's refusals, and what to do about each. Pure; see apis.md, Limits and Batches."""

from collections.abc import Mapping
from typing import Any

from connectors.base import Receipt, Verdict
from connectors.replies import Outcome, Refusal, Reply, lost, retry_after
from mappings.instant import HOUR, MINUTE, SECOND, Span

_OK, _REDIRECT, _UNAUTHORIZED, _SERVER_ERROR = 200, 300, 401, 500
_OF_A_RECORD = frozenset({400, 404, 409, 422})
_PASSING_STATUSES = frozenset({408, 423})
_WAITS: Mapping[int, Span] = {403: 15 * MINUTE, 429: 10 * SECOND, 477: HOUR}
"""Statuses for the whole connection, and the wait without Retry-After.

403 is a missing scope: nothing is dead-lettered, an admin has to act. 477 is an account on the move between
data centres.
"""
_POLICIES: Mapping[str, Span] = {"TEN_SECONDLY_ROLLING": 10 * SECOND, "SECONDLY": SECOND, "DAILY": HOUR}
"""How long each rate limit needs; the daily one is asked again every hour."""
_PASSING = frozenset({"INTERNAL_ERROR", "SERVER_ERROR", "SERVICE_UNAVAILABLE", "RATE_LIMITS", "LOCKED", "TIMEOUT"})
_MESSAGE = 1_000


def judged(outcome: Outcome, *, idempotent: bool) -> Reply | Refusal:
    """The reply of a call that was carried out (207 is one: its records speak for themselves), or why it was not."""
    if not isinstance(outcome, Reply):
        return lost(outcome, idempotent=idempotent)
    if not _OK <= outcome.status < _REDIRECT:
        return _refused(outcome, idempotent=idempotent)
    if isinstance(outcome.body, dict):
        return outcome
    verdict = Verdict.RETRY if idempotent else Verdict.UNCLEAR
    return Refusal(verdict=verdict, code=f"HTTP_{outcome.status}", message="a reply that is not JSON", outage=True)


def _refused(reply: Reply, *, idempotent: bool) -> Refusal:
    status, body = reply.status, reply.body if isinstance(reply.body, dict) else {}
    code, message = words(body) if body else ("", str(reply.body or "")[:200])
    code = code or f"HTTP_{status}"
    asked = retry_after(reply.headers)
    if status == _UNAUTHORIZED:
        return Refusal(verdict=Verdict.RELOGIN, code=code, message=message)
    if status in _WAITS:
        policy = str(body.get("policyName") or "")
        wait = asked or _POLICIES.get(policy) or _WAITS[status]
        return Refusal(verdict=Verdict.PAUSE, code=policy or code, message=message, retry_after=wait)
    if status >= _SERVER_ERROR or status in _PASSING_STATUSES:
        verdict = Verdict.RETRY if idempotent else Verdict.UNCLEAR
        return Refusal(verdict=verdict, code=code, message=message, retry_after=asked, outage=True)
    return Refusal(verdict=Verdict.PERMANENT, code=code, message=message, of_a_record=status in _OF_A_RECORD)


def row(error: Mapping[str, Any], *, idempotent: bool) -> Refusal:
    """Why one record of a batch (207) was not written."""
    code, message = words(error)
    if str(error.get("category")) in _PASSING:
        return Refusal(verdict=Verdict.RETRY if idempotent else Verdict.UNCLEAR, code=code, message=message)
    return Refusal(verdict=Verdict.PERMANENT, code=code, message=message)


def words(body: Mapping[str, Any]) -> tuple[str, str]:
    """HubSpot's code (the detail's where it gives one, else the category) and message."""
    details = [detail for detail in body.get("errors") or () if isinstance(detail, dict)]
    code = next((str(detail["code"]) for detail in details if detail.get("code")), "")
    message = str(body.get("message") or body.get("error_description") or "")
    return code or str(body.get("category") or body.get("error") or ""), message[:_MESSAGE]


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
            return Refusal(verdict=Verdict.RETRY, code=code, message=message)
    return None


def not_unique(found: Refusal) -> bool:
    """Whether a look-up was refused because its property is not a unique one in this portal."""
    return found.of_a_record and "unique" in found.message.casefold()
