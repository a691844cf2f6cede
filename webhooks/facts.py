"""The facts of a delivery: activities, record changes, and items that nobody can read."""

from dataclasses import dataclass
from typing import Literal, TypeAlias

import msgspec

from mappings.conflicts.activity_contents import Content, content
from mappings.model.canonical import Fields
from mappings.values.identifiers import ConnectionName, ExternalId, System
from mappings.values.instant import Instant

What: TypeAlias = Literal["created", "changed", "deleted", "merged", "restored", "privacy_deleted", "associated"]


class SentActivity(msgspec.Struct, frozen=True, kw_only=True):
    """An activity as its source gives it; who `email` or `lead` is has not been resolved.

    `id` is the source's own and `email` is spelt as `mappings.values.emails` spells it; at least one of `email` and
    `lead` is given. `type` may be one that no vocabulary knows, and `properties` are as they were sent.
    """

    id: str
    type: str
    at: Instant
    email: str | None
    lead: str | None
    account: str | None
    properties: Fields

    @property
    def content(self) -> Content:
        """What is compared where one source sends one id twice."""
        named = {"lead": self.lead or "", "email": self.email or "", "account": self.account or ""}
        return content(self.id, self.at, self.type, self.properties, **named)


class Noticed(msgspec.Struct, frozen=True, kw_only=True):
    """A record of a CRM changed, says the CRM. The record as it stands now has to be read from there.

    `object` is `contact`, `company`, `deal` or, for others, the CRM's own name. `property` and `value` name the field
    of a change; of a merge, `id` was merged into `value`; of an association, `property` is its kind and `value` the
    other record's id, or None where it was removed. `key` is the same in every delivery of the same change.
    `by_person`: somebody made the change on a page of the CRM. `own`: our own app made it, an echo of our own write.
    `account` is the portal's or organization's id, "" where it was not given.
    """

    system: System
    object: str
    id: ExternalId
    at: Instant
    what: What
    property: str | None
    value: str | None
    key: str
    account: str = ""
    by_person: bool = False
    own: bool = False

    def untimed(self, received_at: Instant) -> "Noticed":
        """The change without its time and value, which are not believed: a reason to read the record."""
        kept = self.value if self.what == "merged" else None
        return msgspec.structs.replace(self, at=received_at, property=None, value=kept, own=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rejected:
    """One item of a delivery that cannot be read: where it stood, why, and the item itself as JSON text."""

    index: int
    reason: str
    item: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Remark:
    """What a sender learns of an item: where it stands, and what is wrong with it."""

    index: int
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Parsed:
    """Everything a delivery says. Each of its items is in one of the three, or in `noticed` several times.

    A record's change that bears a wrong time is in two: set aside, and noticed as a reason to read the record.
    """

    heard: tuple[SentActivity, ...] = ()
    noticed: tuple[Noticed, ...] = ()
    rejected: tuple[Rejected, ...] = ()


def source_of(source: str, lead: str) -> tuple[ConnectionName, str, ExternalId]:
    """Whom an activity names: a CRM's record (`hubspot:contact:17`), or a person by the source's own id.

    A sender writes a connection's name, or that of the system where there is one connection of it.
    """
    parts = lead.split(":", 2)
    if len(parts) == 3:  # noqa: PLR2004 - connection:object:id
        return ConnectionName(parts[0]), parts[1], ExternalId(parts[2])
    return ConnectionName(source), "lead", ExternalId(lead)


class Unreadable(Exception):
    """A body that is no JSON at all, or not of the agreed shape; says where."""


class Oversized(Exception):
    """A body with more items, or nested deeper, than is agreed."""
