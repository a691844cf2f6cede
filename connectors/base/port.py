"""The port: a CRM as the other rooms see it.

A connector moves records and writes; it knows neither scores nor playbooks. What a field is called
in the CRM is decided before it gets here (mappings), and when to try again after it (flows).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Literal, Protocol, TypeAlias

from connectors.base.concerns import Concern
from connectors.base.limits import Usage
from connectors.base.task_desk import TaskDesk
from connectors.base.task_rewrite import TaskRewrite
from connectors.base.task_words import UNTOLD, Priority, TaskWords
from mappings.model.task_text import TaskText
from mappings.values.identifiers import ExternalId, System
from mappings.values.instant import Instant, Span

Raw: TypeAlias = Mapping[str, Any]
"""Field values under the CRM's own names, in the CRM's own types."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """A CRM record as read: `object` is the CRM's own name (`contact`, `company`, `Lead`, `Account`).

    `people` are (object, id) of the persons that a deal or an activity is about, where the CRM keeps that apart from
    its fields; `deleted` says that it lies in the recycle bin.
    """

    object: str
    id: ExternalId
    fields: Raw
    created_at: Instant | None = None
    modified_at: Instant | None = None
    people: tuple[tuple[str, ExternalId], ...] = ()
    deleted: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """Records; `after` is where the next page begins, "" after the last.

    A page without records may still have an `after`: the CRM is gathering them, and is to be asked again later.
    """

    records: tuple[Record, ...]
    after: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldWrite:
    """Set these fields of one record. Sending it twice changes nothing."""

    key: str
    object: str
    id: ExternalId
    fields: Raw


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskWrite:
    """Create one task for the person behind a record, at most once for its `key`.

    `body` is data that the connector renders for its CRM, within its limits. `owner` is a CRM user id or "". `zone` is
    the IANA name of the zone in whose days the task falls due. `words` are the CRM's own for status and priority.
    `attempted` says that an earlier try had no clear outcome: look before creating.
    """

    key: str
    object: str
    id: ExternalId
    subject: str
    body: TaskText
    due_at: Instant
    channel: Literal["call", "email", "task", "review", "linkedin", "direct_mail"] = "task"
    priority: Priority = "normal"
    owner: str = ""
    zone: str = "UTC"
    words: TaskWords = UNTOLD
    attempted: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonWrite:
    """Create the record of a person, unless there is one with their e-mail already.

    The receipt is DONE with the new record's id, or FOLLOW with the record that is theirs: one of that e-mail, or the
    one that the CRM's own duplicate rule names.
    """

    key: str
    object: str
    email: str
    fields: Raw

    @property
    def id(self) -> str:
        """None yet."""
        return ""


@dataclass(frozen=True, slots=True, kw_only=True)
class HandoverWrite:
    """Create the CRM's own record of a handover (`object`) about a person (`id`), at most once for its `key`.

    `name` is what it is called, `owner` a CRM user id or "", `fields` are what it starts with besides. `attempted` as
    in TaskWrite.
    """

    key: str
    object: str
    id: ExternalId
    name: str
    fields: Raw
    owner: str = ""
    attempted: bool = False


Write: TypeAlias = FieldWrite | TaskWrite | TaskRewrite | PersonWrite | HandoverWrite


class Verdict(StrEnum):
    """What to do about a write, whatever the CRM's own words were."""

    DONE = "done"
    RETRY = "retry"
    """A passing fault of this record; nothing was applied."""
    UNCLEAR = "unclear"
    """The request may or may not have been applied (the reply was lost)."""
    RELOGIN = "relogin"
    """The credential was refused; the write is untouched."""
    PAUSE = "pause"
    """The whole connection must wait (`retry_after`)."""
    PERMANENT = "permanent"
    """This write will never be accepted as it is."""
    FOLLOW = "follow"
    """The record lives on under another id (conversion, merge): see `moved_to`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """The answer to one write. `code` and `message` are the CRM's own words, kept for people.

    `outage`: the whole call had no usable answer (503, timeout, dropped connection), so that nothing is known against
    this record. `forbidden`: what was asked for is not for this user.
    """

    key: str
    verdict: Verdict
    id: ExternalId = ExternalId("")
    code: str = ""
    message: str = ""
    retry_after: Span | None = None
    outage: bool = False
    moved_to: tuple[str, ExternalId] | None = None
    """(object, id) for FOLLOW."""
    concern: Concern = Concern.CONNECTION
    forbidden: bool = False
    of_owner: bool = False
    """Whether a task may have been refused for whom it was to go to."""


class Unavailable(Exception):
    """A read had no answer: the CRM is away, refuses the credential, asks for a pause, or refuses what was asked."""

    def __init__(self, receipt: Receipt) -> None:
        super().__init__(f"{receipt.verdict}: {receipt.code} {receipt.message}".strip())
        self.receipt = receipt

    @property
    def for_log(self) -> str:
        """What the log may say of it: not the CRM's own words, which may name anybody."""
        return f"{self.receipt.verdict}: {self.receipt.code}".removesuffix(": ")

    @property
    def forbidden(self) -> bool:
        """Whether the CRM is there, but what was asked for is not for this user."""
        return self.receipt.forbidden

    @property
    def final(self) -> bool:
        """Whether the CRM is there and will not answer this until a person does something; all else it may answer."""
        return self.receipt.forbidden or self.receipt.verdict is Verdict.PERMANENT


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldInfo:
    """One field of a CRM object as its describe or property listing gives it."""

    name: str
    label: str
    type: str
    writable: bool = True
    unique: bool = False
    options: tuple[str, ...] = ()
    labels: tuple[str, ...] = ()
    """What people see for each of `options`, in their order; empty where the CRM does not say."""
    length: int = 0
    """Characters at most; 0 where the CRM does not say."""
    restricted: bool = False
    """Whether a value that is none of `options` is refused."""
    creatable: bool = True
    """Whether a new record may set it."""
    required: bool = False
    """Whether a new record without it is refused."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One line of `coldframe doctor`: what was looked at, how it stands, and the remedy."""

    subject: str
    ok: bool
    detail: str = ""
    remedy: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How many records one call may carry."""

    fields: int
    tasks: int
    read: int
    find: int


class Connector(TaskDesk, Protocol):
    """A CRM as the other rooms see it. Safe for one thread; build one per worker process."""

    @property
    def system(self) -> System:
        """`hubspot` or `salesforce`: the name that references and mappings go by."""

    @property
    def limits(self) -> Limits:
        """The CRM's batch sizes."""

    @property
    def usage(self) -> Usage:
        """What the CRM last said about its rate limits."""

    def read(self, object_name: str, ids: Sequence[str], fields: Sequence[str]) -> Sequence[Record]:
        """Records by id, in any order, at most `limits.read`; ids unknown to the CRM are absent. Raises Unavailable."""

    def find(self, emails: Sequence[str], fields: Mapping[str, Sequence[str]]) -> Sequence[Record]:
        """People by e-mail (case-folded), at most `limits.find`; `fields` says what to read, per object.

        Raises Unavailable.
        """

    def changes(
        self, object_name: str, fields: Sequence[str], *, since: Instant, after: str = "", having: str = ""
    ) -> Page:
        """One page of the records modified at or after `since`, by the CRM's clock; `after` as the page before said.

        `having` names a field that must not be blank. Deals come with their people. Deleted records come where the
        CRM names them. Raises Unavailable.
        """

    def everything(self, object_name: str, fields: Sequence[str], *, after: str = "") -> Page:
        """One page of all records of an object, those in the recycle bin left out; `after` as the page before said.

        `after` holds over a crash and for days: where it does not any more, the reading begins anew by itself. A
        record may come twice. Raises Unavailable.
        """

    def count(self, object_name: str) -> int:
        """About how many records there are of an object. Raises Unavailable."""

    def apply(self, writes: Sequence[Write]) -> Sequence[Receipt]:
        """Send one batch of one kind; answer every write, in order, without raising."""

    def objects(self) -> Sequence[str]:
        """The names of the objects there are. Raises Unavailable."""

    def describe(self, object_name: str) -> Sequence[FieldInfo]:
        """The object's fields. Raises Unavailable."""

    def close(self) -> None:
        """Close the connections that are kept open."""

    def examine(self, needed: Mapping[str, Sequence[str]]) -> Sequence[Finding]:
        """Check credential, `needed` fields per object and permissions; never raises."""
