"""People in raw deliveries: which items are about whom, the delivery without a person's items, and those items alone.

A delivery holds up to a thousand items about as many people. Whoever is erased leaves it, and the others stay as they
were sent. Pure: bytes in, bytes out. Names are those of `mappings.values.person_names`.
"""

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from lxml import etree

from mappings.values import emails, person_names, record_ids
from mappings.values.identifiers import ConnectionName, ExternalId, System, first_of
from webhooks import lenient
from webhooks.facts import Noticed, Oversized, Parsed, Unreadable, source_of
from webhooks.sources import hubspot, salesforce

Gone: TypeAlias = Callable[[str], bool]
"""Whether somebody of this name was erased."""


def _as_sent(system: System, _account: str) -> ConnectionName:
    return first_of(system)


def _address_as_sent(source: str, lead: str) -> tuple[ConnectionName, str, ExternalId]:
    connection, object_name, record = source_of(source, lead)
    return connection, object_name, record_ids.full(System(connection), record)


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordNames:
    """What the records of senders are called in this installation, where several connections may be of one system.

    `connection` names the connection of (system, account): the same id in another account is somebody else. `address`
    is the (connection, object, id) that an activity's (source, lead) means.
    """

    connection: Callable[[System, str], ConnectionName] = _as_sent
    address: Callable[[str, str], tuple[ConnectionName, str, ExternalId]] = _address_as_sent


AS_SENT = RecordNames()
"""Records under the names that their senders use."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cut:
    """A delivery without a person: what is left of it, the items taken out, and the names in each of those."""

    body: bytes
    taken: tuple[str, ...]
    names: tuple[frozenset[str], ...]


def named(source: str, parsed: Parsed, text: str, called: RecordNames = AS_SENT) -> set[str]:
    """Every name that a parsed delivery bears, those that merely stand somewhere in its text included."""
    found = person_names.emails_in(text)
    for heard in parsed.heard:
        if heard.email:
            found.add(person_names.of_email(heard.email))
        if heard.lead:
            found.add(person_names.of_record(*called.address(source, heard.lead)))
    for noticed in parsed.noticed:
        found |= _of_noticed(noticed, called)
    return found


def readable(body: bytes) -> str:
    """The text of a body, escapes resolved where they could hide an address."""
    text = body.decode("utf-8", "replace")
    if "\\u" in text:
        try:
            return _json(lenient.load(body))
        except (Unreadable, Oversized):
            pass
    return text


def _json(value: Any) -> str:
    """As JSON in which non-ASCII characters stand for themselves; half an emoji stays an escape."""
    return json.dumps(value, ensure_ascii=False).encode("utf-8", "backslashreplace").decode()


def without(source: str, body: bytes, gone: Gone, called: RecordNames = AS_SENT) -> Cut:
    """The delivery without the items that are about somebody who is `gone`, and without their e-mail in all others."""
    if source == salesforce.SOURCE:
        return _without_notifications(body, gone, called)
    try:
        loaded = lenient.load(body)
    except (Unreadable, Oversized):
        return Cut(body=person_names.blacked(readable(body), gone).encode(), taken=(), names=())
    items = _items(source, loaded)
    taken, names, kept = [], [], []
    for item in items:
        about = about_item(source, item, called)
        if any(map(gone, about)):
            taken.append(_json(item))
            names.append(frozenset(about))
        else:
            kept.append(_blacked(item, gone))
    rest = {**loaded, "activities": kept} if isinstance(loaded, dict) and "activities" in loaded else kept
    return Cut(body=_json(rest).encode(), taken=tuple(taken), names=tuple(names))


def about_item(source: str, item: Any, called: RecordNames = AS_SENT) -> set[str]:
    """The names of whom one item is about; of one that nobody can read, every name that stands in it."""
    found: set[str] = set()
    if source == hubspot.SYSTEM:
        try:
            noticed = hubspot.changes_in(item)
        except ValueError:
            noticed = ()
        for each in noticed:
            found |= _of_noticed(each, called)
        if not noticed and isinstance(item, dict) and item.get("objectId") is not None:
            connection = called.connection(hubspot.SYSTEM, str(item.get("portalId") or ""))
            found.add(person_names.of_record(connection, "contact", ExternalId(str(item["objectId"]))))
    elif isinstance(item, dict):
        if isinstance(item.get("email"), str):
            address = emails.normal(item["email"])
            found |= person_names.emails_in(item["email"]) if address is None else {person_names.of_email(address)}
        if isinstance(item.get("lead"), str | int):
            found.add(person_names.of_record(*called.address(source, str(item["lead"]))))
    return found or person_names.emails_in(_json(item))


def _items(source: str, loaded: Any) -> Sequence[Any]:
    if source != hubspot.SYSTEM and isinstance(loaded, dict):
        loaded = loaded.get("activities")
    return loaded if isinstance(loaded, list) else [loaded]


def _blacked(value: Any, gone: Gone) -> Any:
    match value:
        case str():
            return person_names.blacked(value, gone)
        case list():
            return [_blacked(each, gone) for each in value]
        case dict():
            return {person_names.blacked(name, gone): _blacked(each, gone) for name, each in value.items()}
        case _:
            return value


def _of_noticed(noticed: Noticed, called: RecordNames) -> set[str]:
    """The record itself and the address it now has; the record it was merged into is a person's own, and left out."""
    found = {person_names.of_record(called.connection(noticed.system, noticed.account), noticed.object, noticed.id)}
    if noticed.value and "@" in noticed.value and noticed.what == "changed":
        found |= person_names.emails_in(noticed.value)
    return found


def _without_notifications(body: bytes, gone: Gone, called: RecordNames) -> Cut:
    try:
        message = salesforce.message(body)
    except (Unreadable, Oversized):
        message = None
    if message is None:
        return Cut(body=person_names.blacked(readable(body), gone).encode(), taken=(), names=())
    taken, names = [], []
    for notification, about in list(_notifications(message, called)):
        if any(map(gone, about)):
            taken.append(etree.tostring(notification, encoding="unicode"))
            names.append(frozenset(about))
            message.remove(notification)
    rest = etree.tostring(message.getroottree(), encoding="unicode")
    return Cut(body=person_names.blacked(rest, gone).encode(), taken=tuple(taken), names=tuple(names))


def _notifications(message: salesforce.Element, called: RecordNames) -> Iterator[tuple[salesforce.Element, set[str]]]:
    organization = salesforce.organization(message)
    for notification in salesforce.notifications(message):
        about = {name for text in notification.itertext() for name in person_names.emails_in(text)}
        try:
            noticed = salesforce.noticed(notification, organization)
        except ValueError:
            pass
        else:
            about.add(
                person_names.of_record(called.connection(noticed.system, organization), noticed.object, noticed.id)
            )
        yield notification, about
