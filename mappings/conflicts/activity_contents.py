"""The content of an activity as one text that can be compared. Pure.

One source may send one id with different contents. Then the one with the earliest time counts, then the smaller as
canonical JSON, whatever arrived first. The same content twice is a duplicate and counts once. [rules: time and order]
"""

from typing import TypeAlias

import msgspec

from mappings.model.canonical import Fields
from mappings.values.instant import Instant, show

Content: TypeAlias = tuple[Instant, bytes]
"""The time of an activity, and all of it as JSON; of two with one id, the smaller counts."""

_encoder = msgspec.json.Encoder(order="deterministic")


def content(  # noqa: PLR0913 - what an activity consists of
    id_: str, at: Instant, kind: str, properties: Fields, *, lead: str = "", email: str = "", account: str = ""
) -> Content:
    """The content of an activity; what was left blank is no part of it."""
    named = {"lead": lead, "email": email, "account": account, "properties": dict(properties)}
    told = {name: value for name, value in named.items() if value}
    return at, _encoder.encode({**told, "id": id_, "type": kind, "at": show(at)})


def other_content(id_: str) -> str:
    """What is wrong with content that does not count."""
    return f"one id, two contents: {id_} was also sent with another content, which counts; this one does not"
