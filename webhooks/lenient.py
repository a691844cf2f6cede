"""Reads a webhook's items one by one once something in a body was odd, so that one bad item never fails its batch."""

import json
from typing import Any

from mappings.values import lenient_json
from mappings.values.lenient_json import DEEPEST, clean, text
from webhooks.facts import Oversized, Rejected, Unreadable

__all__ = ["DEEPEST", "clean", "load", "reason", "rejected", "text"]


def load(body: bytes) -> Any:
    """The body as plain values; raises Unreadable or Oversized. Bytes that are not UTF-8 become U+FFFD."""
    try:
        return lenient_json.load(body)
    except lenient_json.TooDeep as error:
        raise Oversized(str(error)) from None
    except lenient_json.NotJson as error:
        raise Unreadable(str(error)) from None


def rejected(index: int, reason: str, item: Any) -> Rejected:
    """The item set aside, as JSON text that any store can take."""
    return Rejected(index=index, reason=reason, item=json.dumps(item))


def reason(error: ValueError) -> str:
    """Why an item was set aside, for the sender: the field first. No value is repeated."""
    said = str(error).replace("Object missing required field ", "missing field ")
    wrong, _, place = said.partition(" - at `$.")
    return f"`{place.rstrip('`')}`: {wrong}" if place else wrong.removesuffix(" - at `$`")
