"""HubSpot's webhooks: a JSON array of at most 100 events, in no order, some of them more than once.

The button that sends a test writes every number as a string; both are read alike. [hubspot: webhooks]
"""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Annotated, Any, TypeAlias, TypeVar

import msgspec
from msgspec import Meta, Struct

from mappings.values import bounds
from mappings.values.identifiers import ExternalId, System
from mappings.values.instant import SECOND, Instant
from webhooks import lenient
from webhooks.facts import Noticed, Oversized, Parsed, Rejected, What

SYSTEM = System("hubspot")

MOST = 100
"""Events that one request may carry."""

_INTEGRATION = "INTEGRATION"
_ON_A_PAGE, _PERSON = "CRM_UI", "userId:"
"""What a `changeSource` and a `sourceId` begin with where a person made the change."""
_MILLISECOND = SECOND // 1_000
_LATEST = 253_402_300_799_999  # the end of the year 9999, in milliseconds

_T = TypeVar("_T")
_Value: TypeAlias = str | bool | int | float | None
_Number: TypeAlias = Annotated[int, Meta(ge=0, le=bounds.INTEGER - 1)]
_Name: TypeAlias = Annotated[str, Meta(max_length=bounds.ID)]

_WHAT: Mapping[str, What] = MappingProxyType(
    {
        "creation": "created",
        "propertyChange": "changed",
        "deletion": "deleted",
        "merge": "merged",
        "restore": "restored",
        "privacyDeletion": "privacy_deleted",
        "associationChange": "associated",
    }
)
_OBJECTS: Mapping[str, str] = MappingProxyType(
    {"0-1": "contact", "0-2": "company", "0-3": "deal", "0-27": "task", "0-136": "lead"}
)


class _Event(Struct, gc=False, rename="camel"):
    """One event as it is sent; which of the members are there depends on the subscription's type."""

    subscription_type: _Name
    occurred_at: Annotated[int, Meta(ge=0, le=_LATEST)]
    event_id: _Number = 0
    portal_id: _Number = 0
    app_id: _Number = 0
    object_id: _Number | None = None
    object_type_id: _Name | None = None
    property_name: _Name | None = None
    property_value: _Value = None
    change_source: _Name | None = None
    source_id: _Name | int | None = None
    primary_object_id: _Number | None = None
    merged_object_ids: list[_Number] = []
    new_object_id: _Number | None = None
    association_type: _Name | None = None
    association_removed: bool = False
    from_object_id: _Number | None = None
    to_object_id: _Number | None = None


_DECODER = msgspec.json.Decoder(list[_Event], strict=False)


class _Whose(Struct, gc=False, rename="camel"):
    """Of an event, the portal alone."""

    portal_id: _Number = 0


_WHOSE = msgspec.json.Decoder(list[_Whose], strict=False)


def check(body: bytes) -> None:
    """Raises Unreadable where the body is no JSON, Oversized where it holds too much.

    An authentic batch is never refused because of what one of its events says.
    """
    if _decoded(body) is None:
        _loaded(body)


def portals(body: bytes) -> frozenset[str]:
    """The portals that a batch names; none where it cannot be read at once."""
    try:
        return frozenset(str(each.portal_id) for each in _WHOSE.decode(body) if each.portal_id)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return frozenset()


def parse(body: bytes, received_at: Instant) -> Parsed:
    """Every change in a stored delivery; raises as `check` would have."""
    events = _decoded(body)
    if events is not None and not any(_wrong_clock(event, received_at) for event in events):
        try:
            return Parsed(noticed=tuple(noticed for event in events for noticed in _noticed(event)))
        except ValueError:
            pass  # One event cannot be used: find out which, and keep the others.
    return _parsed_carefully(_loaded(body), received_at)


def _wrong_clock(event: _Event, received_at: Instant) -> str | None:
    return bounds.wrong_clock(event.occurred_at * _MILLISECOND, received_at)


def _decoded(body: bytes) -> Sequence[_Event] | None:
    """The events, where the whole body is in good order; else None."""
    if rb"\u0000" in body:
        return None
    try:
        events = _DECODER.decode(body)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return None
    _count(events)
    return events


def _loaded(body: bytes) -> Sequence[Any]:
    """The events as plain values. What is no array counts as one event, to be set aside by its own."""
    loaded = lenient.load(body)
    events = loaded if isinstance(loaded, list) else [loaded]
    _count(events)
    return events


def _count(events: Sequence[object]) -> None:
    if len(events) > MOST:
        msg = f"{len(events)} events in one request; at most {MOST} are taken"
        raise Oversized(msg)


def _parsed_carefully(events: Sequence[Any], received_at: Instant) -> Parsed:
    """Event by event, once something in the whole was wrong.

    Of an event whose time cannot be, neither time nor value is believed; that the record has to be read is.
    """
    noticed: list[Noticed] = []
    rejected: list[Rejected] = []
    for index, each in enumerate(events):
        try:
            told = changes_in(each)
        except ValueError as error:
            rejected.append(lenient.rejected(index, lenient.reason(error), each))
            continue
        wrong = next((found for notice in told if (found := bounds.wrong_clock(notice.at, received_at))), None)
        noticed.extend(told if wrong is None else [notice.untimed(received_at) for notice in told])
        if wrong is not None:
            rejected.append(lenient.rejected(index, f"`occurredAt`: {wrong}", each))
    return Parsed(noticed=tuple(noticed), rejected=tuple(rejected))


def changes_in(item: Any) -> Sequence[Noticed]:
    """What one event says, whenever it was; ValueError where it says nothing that is known here."""
    return _noticed(msgspec.convert(lenient.clean(item), _Event, strict=False))


def _noticed(event: _Event) -> Sequence[Noticed]:
    kind, _, verb = event.subscription_type.partition(".")
    what = _WHAT.get(verb)
    if what is None or not kind:
        msg = "`subscriptionType`: a kind of event that is not known here"
        raise ValueError(msg)
    named = _object(event, kind)
    at = event.occurred_at * _MILLISECOND
    own = event.change_source == _INTEGRATION and event.app_id > 0 and str(event.source_id) == str(event.app_id)
    by_person = (event.change_source or "").startswith(_ON_A_PAGE) or str(event.source_id or "").startswith(_PERSON)
    stem = f"{event.portal_id}:{event.subscription_type}"
    return [
        Noticed(
            system=SYSTEM,
            object=named,
            id=ExternalId(str(id_)),
            at=at,
            what=what,
            property=property_,
            value=value,
            key=f"{stem}:{id_}:{event.event_id}:{event.occurred_at}:{property_ or ''}",
            account=str(event.portal_id or ""),
            by_person=by_person,
            own=own,
        )
        for id_, property_, value in _changes(event, what)
    ]


def _object(event: _Event, kind: str) -> str:
    """Generic subscriptions (`object.…`) name the kind of record by its type id."""
    if kind != "object":
        return kind
    return _OBJECTS.get(_given(event.object_type_id, "objectTypeId"), event.object_type_id or "")


def _changes(event: _Event, what: What) -> Sequence[tuple[int, str | None, str | None]]:
    """(record's id, property, value) for each record that the event names."""
    if what == "merged":
        return _merged(event)
    if what == "associated":
        other = str(_given(event.to_object_id, "toObjectId"))
        id_ = _given(event.from_object_id, "fromObjectId")
        return [(id_, event.association_type, None if event.association_removed else other)]
    return [(_given(event.object_id, "objectId"), event.property_name, _value(event.property_value))]


def _merged(event: _Event) -> Sequence[tuple[int, str | None, str | None]]:
    """Each record that lost its own id in a merge, and the id under which it lives on."""
    primary = _given(event.primary_object_id or event.object_id, "primaryObjectId")
    survivor = event.new_object_id or primary
    lost = dict.fromkeys((*event.merged_object_ids, primary))
    return [(id_, None, str(survivor)) for id_ in lost if id_ != survivor]


def _value(given: _Value) -> str | None:
    """HubSpot writes every value as text; so does this, where a sender did not."""
    if isinstance(given, bool):
        return str(given).lower()
    return given if given is None else str(given)


def _given(member: _T | None, name: str) -> _T:
    if member is None:
        msg = f"missing field `{name}`"
        raise ValueError(msg)
    return member
