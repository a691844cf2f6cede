"""Readings: sent values are read as those of a mapped CRM field are. Pure.

An activity's properties and the fields of a replayed lead or account come as their senders write them: choices and
flags in any case, numbers as text. What is sent stays as it is; what it means is read each time, so that a later
vocabulary may know a word that this one does not. A word that is not known means nothing: it is `None`.
Rule: [rules: time and order].
"""

import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Literal, NamedTuple, TypeAlias

from mappings.model.canonical import ACCOUNT_FIELDS, ACTIVITY_TYPES, LEAD_FIELDS, Field, Fields, Kind, Value
from mappings.reading import transforms
from mappings.values import countries, domains, emails, numbers
from mappings.yaml_files.problems import nearest

Reader: TypeAlias = Callable[[Any], Value]
"""What a value means; the very value where it is written rightly, None where it is blank or means nothing."""

_LAST_MILLISECOND = 253_402_300_799_999
"""Of the year 9999, counted from 1970."""
_SHOWN = 80
"""Characters of a word that a sentence repeats."""
_SCALED = frozenset({"amount", "revenue", "employees"})
"""Numbers in which `k` and `m` are thousands and millions; elsewhere `45m` may be minutes."""
_NAME = frozenset({"account"})
"""Fields that name another line of the same file: they are compared as they stand."""
_MISREAD: Mapping[Kind, str] = {
    "number": "is no number",
    "boolean": "is neither true nor false",
    "text": "is no text",
    "time": "is no time",
    "list": "is no list of texts",
}


class Unread(NamedTuple):
    """A word that means nothing here, and where it stood: the type of a property, `type.property` of a value.

    A `field` stands in `lead` or `account`, and a value of one in `lead.field`.
    """

    kind: Literal["type", "property", "field", "value"]
    place: str
    word: str


class Readings:
    """How the words of one vocabulary are read."""

    def __init__(
        self,
        activities: Mapping[str, Mapping[str, Field]] = ACTIVITY_TYPES,
        lead: Mapping[str, Field] = LEAD_FIELDS,
        account: Mapping[str, Field] = ACCOUNT_FIELDS,
    ) -> None:
        everywhere = _of_every_type(activities)
        reasons = activities.get("sales_rejected", {}).get("reason", Field(kind="text")).choices
        self._fields = {**activities, "lead": lead, "account": account}
        self._activities = {
            kind: {
                name: _reason(reasons) if name == "reason" and not each.choices else _reader(name, each)
                for name, each in {**everywhere, **known}.items()
            }
            for kind, known in activities.items()
        }
        self._subjects = {
            "lead": {name: _OF_FIELD.get(name) or _reader(name, each) for name, each in lead.items()},
            "account": {name: _OF_FIELD.get(name) or _reader(name, each) for name, each in account.items()},
        }

    def properties(self, kind: str, sent: Fields) -> Fields:
        """The properties of an activity of this type; what nobody knows stays as it was sent."""
        readers = self._activities.get(kind)
        return sent if readers is None else _read(readers, sent)

    def lead(self, sent: Fields) -> Fields:
        """The fields of a lead, as a line of a file gives them."""
        return _read(self._subjects["lead"], sent)

    def account(self, sent: Fields) -> Fields:
        """The fields of an account, as a line of a file gives them."""
        return _read(self._subjects["account"], sent)

    def unread(self, kind: str, sent: Fields) -> Iterator[Unread]:
        """Whatever means nothing in an activity: its type, else properties, and values of those that are known."""
        readers = self._activities.get(kind)
        if readers is None:
            yield Unread("type", "", kind)
        else:
            yield from _unread(readers, sent, kind, "property")

    def unread_fields(self, subject: Literal["lead", "account"], sent: Fields) -> Iterator[Unread]:
        """Whatever means nothing among the fields of a lead or account."""
        yield from _unread(self._subjects[subject], sent, subject, "field")

    def known(self, unread: Unread) -> bool:
        """Whether a word means something here that meant nothing to an earlier vocabulary."""
        kind, place, word = unread
        match kind:
            case "type":
                return word in self._activities
            case "property" | "field":
                return word in self._readers(place)
            case "value":
                subject, _, name = place.rpartition(".")
                reader = self._readers(subject).get(name)
                return reader is not None and reader(word) is not None

    def _readers(self, subject: str) -> Mapping[str, Reader]:
        return self._subjects.get(subject) or self._activities.get(subject, {})

    def sentence(self, unread: Unread) -> str:
        """What is wrong with a word, for people, with the nearest one that is known."""
        kind, place, word = unread
        shown = word if len(word) <= _SHOWN else f"{word[: _SHOWN - 1]}…"
        match kind:
            case "type":
                return f"no activity type is called '{shown}'{_near(word, self._activities)}"
            case "property" | "field":
                return f"{place} has no {kind} '{shown}'{_near(word, self._readers(place))}"
            case "value":
                subject, _, name = place.rpartition(".")
                field = self._fields.get(subject, {}).get(name) or _of_every_type(self._fields).get(name)
                return f"{place}: '{shown}' {_misread(name, field, word)}"


def _misread(name: str, field: Field | None, word: str) -> str:
    if field is not None and field.choices:
        return f"is none of {', '.join(field.choices)}{_near(word, field.choices)}"
    return _MISREAD_FIELD.get(name) or _MISREAD[field.kind if field else "text"]


def _near(word: str, known: Any) -> str:
    return nearest(word, known) if len(word) <= _SHOWN else ""


def _of_every_type(activities: Mapping[str, Mapping[str, Field]]) -> dict[str, Field]:
    """The properties that mean the same wherever they stand: a form is a form, whatever it was sent with."""
    found: dict[str, Field] = {}
    doubtful: set[str] = set()
    for known in activities.values():
        for name, field in known.items():
            if found.setdefault(name, field) != field:
                doubtful.add(name)
    return {name: field for name, field in found.items() if name not in doubtful}


def _read(readers: Mapping[str, Reader], sent: Fields) -> Fields:
    read: dict[str, Value] | None = None
    for name, value in sent.items():
        reader = readers.get(name)
        if reader is None:
            continue
        meaning = reader(value)
        if meaning is not value:
            if read is None:
                read = dict(sent)
            read[name] = meaning
    return sent if read is None else read


def _unread(
    readers: Mapping[str, Reader], sent: Fields, place: str, kind: Literal["property", "field"]
) -> Iterator[Unread]:
    for name, value in sent.items():
        reader = readers.get(name)
        if reader is None:
            yield Unread(kind, place, name)
        elif reader(value) is None and not _blank(value):
            yield Unread("value", f"{place}.{name}", value if isinstance(value, str) else json.dumps(value))


def _blank(value: Any) -> bool:
    return value is None or value in ((), [], {}) or (isinstance(value, str) and not value.strip())


def _reader(name: str, field: Field) -> Reader:
    if name in _NAME:
        return name_of
    if field.choices:
        return _choice(field.choices)
    if field.kind == "number":
        return numbers.number if name in _SCALED else _plain_number
    return _READERS[field.kind]


def _choice(choices: tuple[str, ...]) -> Reader:
    known = {each: each for each in choices}
    known |= {transforms.word(each): each for each in choices}

    def read(value: Any) -> Value:
        if isinstance(value, str) and value in known:
            return known[value]
        text = transforms.text(value)
        return known.get(transforms.word(numbers.plain(text))) if text else None

    return read


def _reason(choices: tuple[str, ...]) -> Reader:
    """A reason in free words; where they are one of those for which sales gives a lead back, that one."""
    known = _choice(choices)
    return lambda value: known(value) or _text(value)


def _plain_number(value: Any) -> Value:
    return numbers.number(value, scaled=False)


def _text(value: Any) -> Value:
    return value.strip() or None if isinstance(value, str) else transforms.text(value)


def _list(value: Any) -> Value:
    plain = not isinstance(value, (list, tuple)) or all(isinstance(each, str | int | float) for each in value)
    return transforms.parts(value) if plain else None


def name_of(value: Any) -> str | None:
    """A name of another line, as it stands; a number as text."""
    return value or None if isinstance(value, str) else transforms.text(value)


def _country(value: Any) -> Value:
    return countries.code(transforms.text(value) or "") or None


def _email(value: Any) -> Value:
    return emails.normal(transforms.text(value) or "")


def _domain(value: Any) -> Value:
    return domains.domain(transforms.text(value) or "") or None


def _time(value: Any) -> Value:
    """As a CRM writes it; an instant of ours, which is later than any millisecond of a calendar, is itself."""
    ours = (
        isinstance(value, int) and not isinstance(value, bool) and _LAST_MILLISECOND < value < 1_000 * _LAST_MILLISECOND
    )
    return value if ours else transforms.date(value)


_READERS: Mapping[Kind, Reader] = {
    "text": _text,
    "boolean": transforms.boolean,
    "time": _time,
    "list": _list,
}
_OF_FIELD: Mapping[str, Reader] = {
    "country": _country,
    "domain": _domain,
    "email": _email,
    "timezone": transforms.timezone,
}
"""Fields that the shipped mappings read by a transform of their own."""
_MISREAD_FIELD: Mapping[str, str] = {
    "domain": "is no domain",
    "email": "is no single e-mail address",
    "timezone": "is no time zone",
}

CANONICAL = Readings()
"""The canonical words."""
