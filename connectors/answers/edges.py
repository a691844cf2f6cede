"""Edges: recognises what answers in a CRM's place, such as a proxy or a page of maintenance. Pure.

Whatever it says concerns the connection, or the request as it was, and never one record: the CRM has judged none.
"""

import re
from typing import Any

from connectors.answers.replies import ASK_AGAIN, Refusal, Reply, retry_after
from connectors.answers.web_address import place
from connectors.base.concerns import Concern
from connectors.base.port import Verdict
from mappings.values.instant import SECOND, Span

MOVED = "MOVED"
"""The code of a redirect: where the CRM has moved stands in the message."""
UNUSABLE = "UNUSABLE_REPLY"
"""The code of a reply that says yes and holds nothing that the CRM says."""
BUSY: Span = 10 * SECOND
"""How long to wait where we are asked to wait, and not how long."""
_REDIRECT, _BAD_REQUEST, _SERVER_ERROR = 300, 400, 500
_UNAUTHORIZED, _TOO_MANY = 401, 429
_TOO_LARGE = frozenset({413, 414, 431})
"""Statuses that a smaller request may not meet."""
_CUT_SHORT = frozenset({408})
"""Statuses below 500 after which a request may have been carried out all the same."""
_TAG = re.compile(r"<[^<>]*>")
_READ, _SHOWN = 4_000, 200


def judged(reply: Reply, *, idempotent: bool) -> Refusal:
    """Why a call was not carried out that something else than the CRM has answered."""
    status, wait = reply.status, retry_after(reply.headers)
    code, message = f"HTTP_{status}", shown(reply.body)
    if _REDIRECT <= status < _BAD_REQUEST:
        return moved(reply)
    if status == _UNAUTHORIZED:
        return Refusal(verdict=Verdict.RELOGIN, code=code, message=message)
    if status == _TOO_MANY:
        return Refusal(verdict=Verdict.PAUSE, code=code, message=message, retry_after=wait or BUSY)
    unclear = not idempotent and (status >= _SERVER_ERROR or status in _CUT_SHORT)
    return Refusal(
        verdict=Verdict.UNCLEAR if unclear else Verdict.RETRY,
        code=code,
        message=message,
        retry_after=wait,
        outage=True,
        concern=Concern.REQUEST if status in _TOO_LARGE else Concern.CONNECTION,
    )


def moved(reply: Reply) -> Refusal:
    """A redirect: it is not followed, since a token would go with it; the connection waits for a person."""
    location = reply.headers.get("location", "")
    where = place(location) or place(location.partition("?")[0].partition("#")[0])
    message = f"the CRM has moved to {where}" if where else "the CRM sends us to another page"
    wait = retry_after(reply.headers) or ASK_AGAIN
    return Refusal(verdict=Verdict.PAUSE, code=MOVED, message=message, retry_after=wait)


def unusable(reply: Reply, *, idempotent: bool) -> Refusal:
    """A reply that says yes and is not the CRM's: a page, or JSON of another shape."""
    return Refusal(
        verdict=Verdict.RETRY if idempotent else Verdict.UNCLEAR,
        code=UNUSABLE,
        message=f"a reply of status {reply.status} that is not the CRM's: {shown(reply.body)}",
        retry_after=retry_after(reply.headers),
        outage=True,
    )


def shown(body: Any) -> str:
    """The words of a page, for people."""
    if isinstance(body, dict):
        body = body.get("message") or body.get("error") or body
    return " ".join(_TAG.sub(" ", str(body or "")[:_READ]).split())[:_SHOWN]
