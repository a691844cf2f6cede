"""Lines of a replay file: accounts, leads and activities as JSON, one object a line [rules: replay]."""

from collections.abc import Iterable, Iterator
from contextlib import suppress
from datetime import datetime
from hashlib import blake2b
from typing import Annotated, Any, TypeAlias

import msgspec

from mappings.model.canonical import Fields, Value
from mappings.reading.readings import name_of
from mappings.values.bounds import LATEST
from mappings.values.instant import Instant, from_datetime, parse

Record: TypeAlias = tuple[Instant, int, str, str, str, str, dict[str, Any]]
"""(at, kind: 0 account, 1 lead, 2 activity; id, lead, account, type, fields or properties); sorts as `order` does."""

Received: TypeAlias = tuple[int, Instant, Record]
"""The number of a line, when it was received (its own time, unless it says otherwise), and its record."""

ACCOUNT, LEAD, ACTIVITY = 0, 1, 2

FIRST = "first reading"
"""The type of an account's or lead's record that says what it was when first read: nothing changed then."""

NO_CALENDAR: Instant = LATEST
"""From here on nobody knows holidays, nor, in the end, due times or times in other zones."""
_FIRST_DAY: Instant = parse("0001-01-01T00:00:00Z")

_Time: TypeAlias = Annotated[datetime, msgspec.Meta(tz=True)]
_Name: TypeAlias = Annotated[str, msgspec.Meta(min_length=1)]
_Field: TypeAlias = str | bool | int | float | list[Any] | None


_WRONG = (msgspec.MsgspecError, ValueError, OverflowError, RecursionError)
"""What reading one line may raise, whatever it holds."""


class Unreadable(Exception):
    """A line that cannot be read: `FILE:LINE: what is wrong`."""


class AccountLine(msgspec.Struct, tag_field="kind", tag="account"):
    """Fields of an account took these values at this time."""

    account: _Name
    at: _Time
    fields: dict[str, _Field]
    received_at: _Time | None = None


class LeadLine(msgspec.Struct, tag_field="kind", tag="lead"):
    """Fields of a lead took these values at this time."""

    lead: _Name
    at: _Time
    fields: dict[str, _Field]
    received_at: _Time | None = None


class ActivityLine(msgspec.Struct, tag_field="kind", tag="activity"):
    """Something a lead did, or somebody at an account whom the CRM does not know (`lead` left out)."""

    id: _Name
    at: _Time
    type: _Name
    lead: str = ""
    account: str = ""
    properties: dict[str, Any] | None = None
    received_at: _Time | None = None


def read(lines: Iterable[bytes], name: str) -> Iterator[Record]:
    """The records of a file, in its order; empty lines are nothing. Unreadable at the first line that is wrong."""
    return (record for _, _, record in numbered(lines, name))


def numbered(lines: Iterable[bytes], name: str) -> Iterator[Received]:
    """As `read`, with the number of each line and when it was received."""
    decode = _decoder().decode
    for number, line in enumerate(lines, 1):
        try:
            told = decode(line)
            if isinstance(told, ActivityLine):
                at = from_datetime(told.at)
                record = (at, ACTIVITY, told.id, told.lead, told.account, told.type, told.properties or {})
            else:
                record = _change(told)
            received = record[0] if told.received_at is None else from_datetime(told.received_at)
        except _WRONG as wrong:
            if not line.strip():
                continue
            raise unreadable(name, number, _words(wrong)) from None
        if not (_FIRST_DAY <= record[0] < NO_CALENDAR and _FIRST_DAY <= received < NO_CALENDAR):
            raise unreadable(name, number, "no calendar goes as far as that time")
        if not record[3] and not record[4]:
            raise unreadable(name, number, "an activity needs a `lead`, or an `account`")
        yield number, received, record


def line_of(lines: Iterable[bytes], lead: str, event: str) -> int:
    """The number of the line with this event; of a lead without one (or unknown), its latest line.

    Lines that cannot be read are left out. Slow, for whoever has to say where something went wrong.
    """
    latest, found = (0, 1), 0
    for number, line in enumerate(lines, 1):
        with suppress(*_WRONG):
            (record,) = read([line], "")
            if record[2] == event and (not found or record[3] == lead):
                found = number
            if record[3] == lead:
                latest = max(latest, (record[0], number))
    return found or latest[1]


def affiliations(lines: Iterable[bytes]) -> Iterator[tuple[str, str]]:
    """(lead, account) wherever a line says that they belong together; lines that cannot be read are left to `read`.

    Most lines of a file name no account, which shows without decoding them: the word is missing, and nothing is written
    as an escape that may hide it.
    """
    decode = _decoder().decode
    for line in lines:
        if b"account" not in line and b"\\" not in line:
            continue
        try:
            told = decode(line)
        except _WRONG:
            continue
        if isinstance(told, ActivityLine):
            if told.account and told.lead:
                yield told.lead, told.account
        elif isinstance(told, LeadLine) and (named := name_of(told.fields.get("account"))):
            yield told.lead, named


def _decoder() -> msgspec.json.Decoder[AccountLine | LeadLine | ActivityLine]:
    return msgspec.json.Decoder(AccountLine | LeadLine | ActivityLine)


def unreadable(name: str, number: int, wrong: str) -> Unreadable:
    """What is wrong with a line, with its place before it, in one line of text."""
    return Unreadable(f"{name}:{number}: {' '.join(wrong.split())}")


def _words(wrong: Exception) -> str:
    if isinstance(wrong, RecursionError):
        return "nested too deep to be read"
    return str(wrong)


def _change(line: AccountLine | LeadLine) -> Record:
    kind = LEAD if isinstance(line, LeadLine) else ACCOUNT
    lead, account = (line.lead, "") if isinstance(line, LeadLine) else ("", line.account)
    at = from_datetime(line.at)
    return (at, kind, _identity(lead or account, line.fields), lead, account, "", line.fields)


def _identity(subject: str, fields: dict[str, Any]) -> str:
    """A change's id, from what it says: the same line twice is one change, wherever it stands in the file."""
    told = msgspec.json.encode([subject, fields], order="deterministic")
    return f"fields:{blake2b(told, digest_size=6).hexdigest()}"


def as_fields(fields: dict[str, Any]) -> Fields:
    """Field values as the core knows them: lists as tuples."""
    if any(isinstance(value, list) for value in fields.values()):
        return {name: _as_value(value) for name, value in fields.items()}
    return fields


def _as_value(value: Any) -> Value:
    return tuple(value) if isinstance(value, list) else value
