"""Salesforce's refusals, and what to do about each. Pure; see apis.md, Verdicts.

Three spellings of one thing: a row of a collection has `statusCode`, a single call `errorCode`, OAuth `error`.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from connectors.base import Receipt, Verdict
from connectors.replies import Outcome, Refusal, Reply, lost, retry_after
from mappings.instant import MINUTE, SECOND, Span

_VERDICTS: Mapping[str, Verdict] = {
    "UNABLE_TO_LOCK_ROW": Verdict.RETRY,
    "SERVER_UNAVAILABLE": Verdict.RETRY,
    "REQUEST_RUNNING_TOO_LONG": Verdict.RETRY,
    "QUERY_TIMEOUT": Verdict.RETRY,
    "ALL_OR_NONE_OPERATION_ROLLED_BACK": Verdict.RETRY,
    "PROCESSING_HALTED": Verdict.RETRY,
    "INVALID_SESSION_ID": Verdict.RELOGIN,
    "INVALID_AUTH_HEADER": Verdict.RELOGIN,
    "invalid_grant": Verdict.RELOGIN,
    "invalid_client": Verdict.RELOGIN,
    "REQUEST_LIMIT_EXCEEDED": Verdict.PAUSE,
    "STORAGE_LIMIT_EXCEEDED": Verdict.PAUSE,
    "API_DISABLED_FOR_ORG": Verdict.PAUSE,
    "API_CURRENTLY_DISABLED": Verdict.PAUSE,
}
"""Codes that say more than "never as it is", which all others say."""
_PAUSE: Span = 15 * MINUTE
"""Salesforce gives no Retry-After with its daily limit: it is asked again this often."""
_BUSY: Span = 10 * SECOND
_OK, _REDIRECT, _FORBIDDEN, _SERVER_ERROR = 200, 300, 403, 500
_OF_A_RECORD = frozenset({400, 409, 422})
_MESSAGE = 1_000

CONVERTED = "CANNOT_UPDATE_CONVERTED_LEAD"
DELETED = "ENTITY_IS_DELETED"
DUPLICATES = "DUPLICATES_DETECTED"
THERE_ALREADY = frozenset({"DUPLICATE_VALUE", "INVALID_FIELD_FOR_INSERT_UPDATE"})
"""A task of this key may exist: its unique key is taken, or a field was sent that only creation may set."""


def judged(outcome: Outcome, *, idempotent: bool) -> Reply | Refusal:
    """The reply of a call that was carried out (its rows speak for themselves), or why it was not."""
    if not isinstance(outcome, Reply):
        return lost(outcome, idempotent=idempotent)
    if not _OK <= outcome.status < _REDIRECT:
        return _refused(outcome, idempotent=idempotent)
    if isinstance(outcome.body, (dict, list)):
        return outcome
    verdict = Verdict.RETRY if idempotent else Verdict.UNCLEAR
    return Refusal(verdict=verdict, code=f"HTTP_{outcome.status}", message="a reply that is not JSON", outage=True)


def _refused(reply: Reply, *, idempotent: bool) -> Refusal:
    code, message = words(reply.body)
    verdict = _VERDICTS.get(code) or _by_status(reply.status, idempotent=idempotent)
    wait = retry_after(reply.headers) or _wait(verdict, message)
    return Refusal(
        verdict=verdict,
        code=code or f"HTTP_{reply.status}",
        message=message,
        retry_after=wait,
        outage=reply.status >= _SERVER_ERROR or code == "SERVER_UNAVAILABLE",
        of_a_record=verdict is Verdict.PERMANENT and reply.status in _OF_A_RECORD,
    )


def _by_status(status: int, *, idempotent: bool) -> Verdict:
    if status == 401:  # noqa: PLR2004 -- Unauthorized
        return Verdict.RELOGIN
    if status == _FORBIDDEN:
        return Verdict.PAUSE
    if status >= _SERVER_ERROR:
        return Verdict.RETRY if idempotent else Verdict.UNCLEAR
    return Verdict.PERMANENT


def row(errors: Sequence[Mapping[str, Any]]) -> Refusal:
    """Why one row of a collection was not written: its first error decides, all their messages are kept."""
    code, message = words(list(errors))
    fields = sorted({str(name) for error in errors for name in error.get("fields") or ()})
    if code == "INVALID_FIELD":
        message += " (the field is missing, or this user may not see or edit it)"
    if fields and not all(name in message for name in fields):
        message += f" [{', '.join(fields)}]"
    verdict = _VERDICTS.get(code, Verdict.PERMANENT)
    return Refusal(verdict=verdict, code=code, message=message, retry_after=_wait(verdict, message))


def _wait(verdict: Verdict, message: str) -> Span | None:
    """One code stands for two limits: calls a day, and long calls at the same time, which is over in seconds."""
    if verdict is not Verdict.PAUSE:
        return None
    return _BUSY if "concurrent" in message.casefold() else _PAUSE


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
            spoken = dict.fromkeys(str(error.get("message") or "") for error in errors)
            return _code(errors[0]), "; ".join(filter(None, spoken))[:_MESSAGE]
        if body:  # 300: an external id that several records have, as their addresses
            return "DUPLICATE_EXTERNAL_ID", f"{len(body)} records have this external id"
        return "", ""
    if isinstance(body, dict):
        return _code(body), str(body.get("error_description") or body.get("message") or "")[:_MESSAGE]
    return "", str(body or "")[:200]


def _code(error: Mapping[str, Any]) -> str:
    return str(error.get("statusCode") or error.get("errorCode") or error.get("error") or "")
