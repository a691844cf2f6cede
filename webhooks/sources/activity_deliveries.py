"""Activity deliveries: `{"activities": [{"id", "type", "at", "email" or "lead", "account"?, "properties"?}]}`.

What is sent is kept as it is sent. What it means is read later, each time anew (`mappings.reading.readings`); here it
only learns which words mean nothing.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import TypeAlias

import msgspec
from msgspec import Struct

from mappings.conflicts import activity_contents
from mappings.model.canonical import NOTHING
from mappings.reading.readings import Unread
from mappings.values import bounds
from mappings.values.instant import Instant
from mappings.vocabulary.value import CANONICAL, Vocabulary
from webhooks import lenient
from webhooks.facts import Oversized, Parsed, Rejected, Remark, Unreadable
from webhooks.sources.activity_items import Item, read, sent_activity

MOST = 1_000
"""Activities that one request may carry."""
MOST_WARNINGS = 20
"""Words that one answer says are not known; of more it gives the number."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class _Body(Struct):
    activities: list[Item]


_DECODER = msgspec.json.Decoder(_Body)


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """What is answered to a sender: how many activities were taken, which were not, and which words mean nothing."""

    accepted: int
    rejected: Sequence[Remark] = ()
    warnings: Sequence[Remark] = ()


def check(body: bytes, now: Instant, vocabulary: Vocabulary = CANONICAL) -> Checked:
    """What a delivery that comes in now will come to; raises Unreadable or Oversized about the body as a whole."""
    items, rejected = _read(body, now)
    others = _second_contents(items)
    refused = [*(Remark(index=each.index, reason=each.reason) for each in rejected), *others]
    return Checked(
        accepted=len(items) - len(others),
        rejected=sorted(refused, key=lambda each: each.index),
        warnings=tuple(_warnings(items, vocabulary)),
    )


def parse(body: bytes, received_at: Instant) -> Parsed:
    """Every activity of a delivery that was stored; raises Unreadable or Oversized as `check` would have.

    Of an id with two contents both are given on: what else was sent under it, only ingest knows.
    """
    items, rejected = _read(body, received_at)
    return Parsed(heard=tuple(sent_activity(item) for _, item in items), rejected=tuple(rejected))


_Items: TypeAlias = Sequence[tuple[int, Item]]
"""The readable activities, each with its place in the request."""


def _read(body: bytes, received_at: Instant) -> tuple[_Items, Sequence[Rejected]]:
    # An escaped NUL is good JSON, but PostgreSQL cannot store it: such a body is read the careful way.
    if rb"\u0000" not in body:
        try:
            items = _DECODER.decode(body).activities
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
            pass
        else:
            _count(items)
            earliest, latest = _moment_of(bounds.EARLIEST), _moment_of(received_at + bounds.AHEAD)
            if all(earliest <= item.at <= latest for item in items):
                return tuple(enumerate(items)), ()
    return _read_carefully(body, received_at)


def _moment_of(at: Instant) -> datetime:
    return _EPOCH + timedelta(microseconds=at)


def _count(items: Sequence[object]) -> None:
    if len(items) > MOST:
        msg = f"{len(items)} activities in one request; at most {MOST} are taken"
        raise Oversized(msg)


def _read_carefully(body: bytes, received_at: Instant) -> tuple[_Items, Sequence[Rejected]]:
    """Item by item, once something in the whole was wrong."""
    loaded = lenient.load(body)
    given = loaded.get("activities") if isinstance(loaded, dict) else None
    if not isinstance(given, list):
        msg = 'not of the shape {"activities": [...]}'
        raise Unreadable(msg)
    _count(given)
    items: list[tuple[int, Item]] = []
    rejected: list[Rejected] = []
    for index, each in enumerate(given):
        try:
            items.append((index, read(each, received_at)))
        except ValueError as error:
            rejected.append(lenient.rejected(index, lenient.reason(error), each))
    return items, rejected


def _second_contents(items: _Items) -> list[Remark]:
    """The activities whose id another one bears with the content that counts."""
    if len({str(item.id) for _, item in items}) == len(items):
        return []
    said = {index: sent_activity(item) for index, item in items}
    least: dict[str, activity_contents.Content] = {}
    for each in said.values():
        least[each.id] = min(each.content, least.get(each.id, each.content))
    return [
        Remark(index=index, reason=activity_contents.other_content(each.id))
        for index, each in said.items()
        if each.content != least[each.id]
    ]


def _warnings(items: _Items, vocabulary: Vocabulary) -> list[Remark]:
    """Each word that means nothing, once, with the first activity that it stood in."""
    first: dict[Unread, int] = {}
    for index, item in items:
        for unread in vocabulary.unread(item.type, item.properties or NOTHING):
            first.setdefault(unread, index)
    told = [
        Remark(index=index, reason=vocabulary.readings.sentence(unread))
        for unread, index in islice(first.items(), MOST_WARNINGS)
    ]
    more = len(first) - len(told)
    if more:
        told.append(Remark(index=items[-1][0], reason=f"{more} more words are not known"))
    return told
