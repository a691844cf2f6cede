"""Erasure: a delivery without a person; what each source says of its items, and what all have in common.

A delivery holds up to a thousand items about as many people. Whoever is erased leaves it, and the others stay as they
were sent. Pure: bytes in, bytes out. Names are those of `mappings.values.person_names`.
"""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, TypeAlias

from mappings.values import emails, person_names, record_ids
from mappings.values.identifiers import ConnectionName, ExternalId, System, first_of
from webhooks import lenient
from webhooks.facts import Noticed, Oversized, Unreadable, source_of

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


class Erasure(Protocol):
    """How one source's deliveries lose somebody."""

    def about(self, item: Any, called: RecordNames) -> set[str]:
        """The names of whom one item is about, as it was set aside; every name in it, where nobody can read it."""

    def without(self, body: bytes, gone: Gone, called: RecordNames) -> Cut:
        """The delivery without the items about somebody who is `gone`, and without their e-mail in all others."""


@dataclass(frozen=True, slots=True, kw_only=True)
class JsonErasure:
    """Deliveries in JSON that are an array of items or, under `member`, contain one.

    `named` gives the names of whom an item is about; none where nobody can read it.
    """

    named: Callable[[Any, RecordNames], set[str]]
    member: str = ""

    def about(self, item: Any, called: RecordNames) -> set[str]:
        """As `Erasure.about`."""
        return self.named(item, called) or person_names.emails_in(as_json(item))

    def without(self, body: bytes, gone: Gone, called: RecordNames) -> Cut:
        """As `Erasure.without`."""
        try:
            loaded = lenient.load(body)
        except (Unreadable, Oversized):
            return without_addresses(body, gone)
        taken, names, kept = [], [], []
        for item in self._items(loaded):
            about = self.about(item, called)
            if any(map(gone, about)):
                taken.append(as_json(item))
                names.append(frozenset(about))
            else:
                kept.append(_blacked(item, gone))
        within = self.member and isinstance(loaded, dict) and self.member in loaded
        rest = {**loaded, self.member: kept} if within else kept
        return Cut(body=as_json(rest).encode(), taken=tuple(taken), names=tuple(names))

    def _items(self, loaded: Any) -> Sequence[Any]:
        if self.member and isinstance(loaded, dict):
            loaded = loaded.get(self.member)
        return loaded if isinstance(loaded, list) else [loaded]


def without_addresses(body: bytes, gone: Gone) -> Cut:
    """A body whose items nobody can tell apart, without the e-mails of those who are `gone`."""
    return Cut(body=person_names.blacked(readable(body), gone).encode(), taken=(), names=())


def of_noticed(noticed: Noticed, called: RecordNames) -> set[str]:
    """The record itself and the address it now has; the record it was merged into is a person's own, and left out."""
    found = {person_names.of_record(called.connection(noticed.system, noticed.account), noticed.object, noticed.id)}
    if noticed.value and "@" in noticed.value and noticed.what == "changed":
        found |= person_names.emails_in(noticed.value)
    return found


def of_sender(source: str, email: Any, lead: Any, called: RecordNames) -> set[str]:
    """The names in an activity's e-mail and its lead, as they were sent."""
    found: set[str] = set()
    if isinstance(email, str):
        address = emails.normal(email)
        found |= person_names.emails_in(email) if address is None else {person_names.of_email(address)}
    if isinstance(lead, str | int):
        found.add(person_names.of_record(*called.address(source, str(lead))))
    return found


def activities_of(source: str) -> JsonErasure:
    """For a source whose deliveries are `{"activities": […]}`: each item names its `email` and its `lead`."""

    def named(item: Any, called: RecordNames) -> set[str]:
        return of_sender(source, item.get("email"), item.get("lead"), called) if isinstance(item, dict) else set()

    return JsonErasure(named=named, member="activities")


def readable(body: bytes) -> str:
    """The text of a body, escapes resolved where they could hide an address."""
    text = body.decode("utf-8", "replace")
    if "\\u" in text:
        try:
            return as_json(lenient.load(body))
        except (Unreadable, Oversized):
            pass
    return text


def as_json(value: Any) -> str:
    """As JSON in which non-ASCII characters stand for themselves; half an emoji stays an escape."""
    return json.dumps(value, ensure_ascii=False).encode("utf-8", "backslashreplace").decode()


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
