"""What a browser sends: `{"key", "visitor", "sent", "email"?, "activities": [{"id", "type", "at", "url", "form"?}]}`.

A page may say what somebody did on it, and nothing that moves a stage or ends mail. The visitor is the person's id at
this source; the e-mail, where one is given, is theirs from then on.
"""

from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, Literal
from urllib.parse import parse_qsl, urlencode, urlsplit

import msgspec
from msgspec import Meta, Struct

from mappings.values import emails
from mappings.values.instant import MINUTE, Instant
from webhooks.facts import Oversized, Unreadable

LARGEST = 32_768
"""Bytes of a request."""
MOST = 50
"""Activities of a request: what a visitor did before they were known goes in one."""
OLDEST_DAYS = 60
_AGENT = 300
_MILLISECOND = 1_000
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

_Time = Annotated[int, Meta(ge=0, le=10**14)]


class _Activity(Struct):
    id: Annotated[str, Meta(pattern=r"^[A-Za-z0-9_-]{1,64}$")]
    type: Literal["page_view", "form_submit", "content_download"]
    at: _Time
    url: Annotated[str, Meta(max_length=2_000)]
    form: Annotated[str, Meta(max_length=200)] = ""
    asset: Annotated[str, Meta(max_length=200)] = ""


class Message(Struct):
    """One request; times are milliseconds since 1970 by the browser's clock."""

    key: Annotated[str, Meta(max_length=80)]
    visitor: Annotated[str, Meta(pattern=r"^[A-Za-z0-9_-]{16,64}$")]
    sent: _Time
    activities: Annotated[list[_Activity], Meta(min_length=1, max_length=MOST)]
    email: Annotated[str, Meta(max_length=emails.LONGEST)] = ""


_DECODER = msgspec.json.Decoder(Message)


def read(body: bytes) -> Message:
    """A request as it was sent. Raises Unreadable or Oversized."""
    if len(body) > LARGEST:
        msg = f"a page sends {LARGEST} bytes at most"
        raise Oversized(msg)
    try:
        message = _DECODER.decode(body)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        msg = f"not a message of a page: {error}"
        raise Unreadable(msg) from None
    if message.email and emails.normal(message.email) is None:
        msg = f"`email`: {emails.fault(message.email)}"
        raise Unreadable(msg)
    return message


def delivery(message: Message, origin: str, agent: str, now: Instant) -> bytes:
    """The request as a delivery of activities, as it is stored. Raises Unreadable for a page of another origin.

    The browser's clock is set right by whole minutes, so that what is sent twice has one time.
    """
    skew = (now // _MILLISECOND - message.sent + 30_000) // 60_000 * MINUTE
    items = [_item(message, each, origin, agent, each.at * _MILLISECOND + skew) for each in message.activities]
    oldest = now - OLDEST_DAYS * 24 * 60 * MINUTE
    if any(each.at * _MILLISECOND + skew < oldest for each in message.activities):
        msg = f"`at`: a page keeps what was done for {OLDEST_DAYS} days at most"
        raise Unreadable(msg)
    return msgspec.json.encode({"activities": items})


def _item(message: Message, activity: _Activity, origin: str, agent: str, at: Instant) -> dict[str, Any]:
    given = {"url": _own(activity.url, origin), "form": activity.form, "asset": activity.asset}
    properties = {name: value for name, value in given.items() if value}
    if activity.type == "page_view" and agent:
        properties["user_agent"] = agent[:_AGENT]
    item: dict[str, Any] = {
        "id": f"{message.visitor}.{activity.id}",
        "type": activity.type,
        "at": _EPOCH + timedelta(microseconds=at),
        "lead": message.visitor,
        "properties": properties,
    }
    return item | ({"email": message.email} if message.email else {})


def _own(url: str, origin: str) -> str:
    """A page's address with the campaign and nothing else of its query, which may contain names and passwords."""
    try:
        parts = urlsplit(url)
        query = [(name, value) for name, value in parse_qsl(parts.query) if name.startswith("utm_")]
    except ValueError:
        parts, query = urlsplit(""), []
    if f"{parts.scheme}://{parts.netloc}".lower() != origin:
        msg = "`url`: a page speaks for its own origin alone"
        raise Unreadable(msg)
    return f"{origin}{parts.path}{'?' if query else ''}{urlencode(query)}"
