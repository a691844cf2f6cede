"""Deliveries of activities: `{"activities": [{"id", "type", "at", "email" or "lead", "account"?, "properties"?}]}`."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Annotated, Any, TypeAlias

import msgspec
from msgspec import Meta, Struct

from mappings import instant
from webhooks import lenient
from webhooks.facts import Heard, Oversized, Parsed, Rejected, Unreadable

MOST = 1_000
"""Activities that one request may carry."""

_Name: TypeAlias = Annotated[str, Meta(min_length=1, max_length=255)] | int
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class _Item(Struct, gc=False):
    """One activity as it is sent. Names may come as numbers; unknown members are passed over."""

    id: _Name
    type: Annotated[str, Meta(min_length=1, max_length=100)]
    at: Annotated[datetime, Meta(tz=True)]
    email: Annotated[str, Meta(max_length=320)] | None = None
    lead: _Name | None = None
    account: _Name | None = None
    properties: dict[str, str | bool | int | float | tuple[str, ...] | None] = {}

    def __post_init__(self) -> None:
        if not self.email and self.lead is None:
            msg = "neither `email` nor `lead` is given"
            raise ValueError(msg)
        if self.email and "@" not in self.email:
            msg = "`email` holds no @"
            raise ValueError(msg)


class _Body(Struct):
    activities: list[_Item]


_DECODER = msgspec.json.Decoder(_Body)


def check(body: bytes) -> tuple[int, Sequence[Rejected]]:
    """How many activities can be read, and which cannot; raises Unreadable or Oversized about the body as a whole."""
    items, rejected = _read(body)
    return len(items), rejected


def parse(body: bytes) -> Parsed:
    """Every activity of a delivery that was stored; raises Unreadable or Oversized as `check` would have."""
    items, rejected = _read(body)
    return Parsed(heard=tuple(map(_heard, items)), rejected=tuple(rejected))


def _read(body: bytes) -> tuple[Sequence[_Item], Sequence[Rejected]]:
    # An escaped NUL is good JSON, but PostgreSQL cannot hold it: such a body is read the careful way.
    if rb"\u0000" not in body:
        try:
            items = _DECODER.decode(body).activities
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
            pass
        else:
            _count(items)
            return items, ()
    return _read_carefully(body)


def _count(items: Sequence[object]) -> None:
    if len(items) > MOST:
        msg = f"{len(items)} activities in one request; at most {MOST} are taken"
        raise Oversized(msg)


def _read_carefully(body: bytes) -> tuple[Sequence[_Item], Sequence[Rejected]]:
    """Item by item, once something in the whole was wrong."""
    loaded = lenient.load(body)
    given = loaded.get("activities") if isinstance(loaded, dict) else None
    if not isinstance(given, list):
        msg = 'not of the shape {"activities": [...]}'
        raise Unreadable(msg)
    _count(given)
    items: list[_Item] = []
    rejected: list[Rejected] = []
    for index, each in enumerate(given):
        try:
            items.append(_item(each))
        except ValueError as error:
            rejected.append(lenient.rejected(index, lenient.reason(error), each))
    return items, rejected


def _item(given: Any) -> _Item:
    if isinstance(given, dict):
        given = lenient.clean(given)
        if isinstance(given.get("properties"), dict):
            given["properties"] = {name: lenient.flat(value) for name, value in given["properties"].items()}
        if isinstance(given.get("at"), str):
            given["at"] = _moment(given["at"])
    return msgspec.convert(given, _Item)


def _moment(text: str) -> datetime | str:
    """Python reads more spellings of a time than RFC 3339 has, such as an offset without a colon."""
    try:
        return msgspec.convert(text, datetime)
    except msgspec.ValidationError:
        try:
            return datetime.fromisoformat(text)
        except ValueError:
            return text


def _heard(item: _Item) -> Heard:
    return Heard(
        id=str(item.id),
        type=item.type,
        at=instant.from_datetime(item.at),
        email=item.email.strip().casefold() if item.email else None,
        lead=None if item.lead is None else str(item.lead),
        account=None if item.account is None else str(item.account),
        properties=item.properties,
    )
