"""Single activities as they are sent: their shape and bounds, and how an oddly written one is read."""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any, TypeAlias

import msgspec
from msgspec import Meta, Struct

from mappings.model.canonical import NOTHING, Fields
from mappings.values import bounds, emails, instant
from mappings.values.instant import Instant
from webhooks import lenient
from webhooks.facts import SentActivity

_Name: TypeAlias = (
    Annotated[str, Meta(min_length=1, max_length=bounds.ID)]
    | Annotated[int, Meta(ge=-bounds.INTEGER, le=bounds.INTEGER - 1)]
)
_Short: TypeAlias = Annotated[str, Meta(max_length=bounds.VALUE // 100)]
_Value: TypeAlias = (
    Annotated[str, Meta(max_length=bounds.VALUE)]
    | bool
    | Annotated[int, Meta(ge=-bounds.INTEGER, le=bounds.INTEGER - 1)]
    | float
    | Annotated[tuple[_Short, ...], Meta(max_length=90)]
    | None
)
"""Whatever else a value may be is read the careful way."""
_PropertyName: TypeAlias = Annotated[str, Meta(max_length=bounds.PROPERTY)]


class Item(Struct, gc=False):
    """One activity as it is sent. Names may come as numbers; unknown members are passed over."""

    id: _Name
    type: Annotated[str, Meta(min_length=1, max_length=bounds.TYPE)]
    at: Annotated[datetime, Meta(tz=True)]
    email: str | None = None
    lead: _Name | None = None
    account: _Name | None = None
    properties: Annotated[dict[_PropertyName, _Value], Meta(max_length=bounds.PROPERTIES)] | None = None

    def __post_init__(self) -> None:
        if not self.email and self.lead is None:
            msg = "neither `email` nor `lead` is given"
            raise ValueError(msg)
        if self.email:
            address = emails.normal(self.email)
            if address is None:
                msg = f"`email`: {emails.fault(self.email)}"
                raise ValueError(msg)
            self.email = address


def read(given: Any, received_at: Instant) -> Item:
    """An activity read the careful way; ValueError where it cannot be, its field first."""
    properties: Fields = NOTHING
    if isinstance(given, dict):
        given = lenient.clean(given)
        given |= {name: _digits(given[name]) for name in ("id", "lead", "account") if name in given}
        if isinstance(given.get("properties"), dict):
            properties = _properties(given.pop("properties"))
        if isinstance(given.get("at"), str):
            given["at"] = _moment(given["at"])
    item = msgspec.convert(given, Item)
    wrong = bounds.wrong_clock(instant.from_datetime(item.at), received_at)
    if wrong:
        msg = f"`at`: {wrong}"
        raise ValueError(msg)
    item.properties = dict(properties) or item.properties
    return item


def _properties(given: Mapping[str, Any]) -> Fields:
    """Properties as they are kept: numbers that no reader holds as their digits, nested values within bounds."""
    wrong = bounds.too_long(given)
    if wrong:
        raise ValueError(wrong)
    return {name: tuple(value) if isinstance(value, list) else _digits(value) for name, value in given.items()}


def _digits(value: Any) -> Any:
    """A whole number that no reader holds as its digits, whatever else as it is."""
    whole = isinstance(value, int) and not isinstance(value, bool)
    return str(value) if whole and not -bounds.INTEGER <= value < bounds.INTEGER else value


def _moment(text: str) -> datetime | str:
    """Python reads more spellings of a time than RFC 3339 has, such as an offset without a colon."""
    try:
        return msgspec.convert(text, datetime)
    except msgspec.ValidationError:
        try:
            return datetime.fromisoformat(text)
        except ValueError:
            return text


def sent_activity(item: Item) -> SentActivity:
    """What an activity says."""
    return SentActivity(
        id=str(item.id),
        type=item.type,
        at=instant.from_datetime(item.at),
        email=item.email or None,
        lead=None if item.lead is None else str(item.lead),
        account=None if item.account is None else str(item.account),
        properties=NOTHING if item.properties is None else item.properties,
    )
