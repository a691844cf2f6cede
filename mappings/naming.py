"""Naming: what a person is called by the systems around us, as texts that can be compared.

A name is `email:` and the address in its one spelling (`mappings.emails`), or `record:` with system, object and id of a
CRM's record (for a source of activities: its own id of a person). First names, phones and the like are no names: people
share them.
"""

import re
from collections.abc import Callable, Iterator
from urllib.parse import unquote

from mappings import emails, record_ids

ERASED = "[erased]"
"""What stands where the e-mail of somebody who was erased stood in what others said."""

_EMAIL, _RECORD = "email:", "record:"
_TOKEN = re.compile(r"[^\s@<>\"'()\[\]{},;:\\|=?&#/]+(?:@|%40)[^\s@<>\"'()\[\]{},;:\\|=?&#/%]+")

_NUMBER_FIRST = re.compile(r"\d-")
_REST = re.compile(r"-(?=\d)|[.!*]+$")


def of_email(email: str) -> str:
    """The name of whoever has this e-mail."""
    return f"{_EMAIL}{emails.normal(email) or email.strip().lower()}"


def earlier(name: str) -> frozenset[str]:
    """How earlier versions called whoever has the e-mail of this name; names of records never changed."""
    address = email(name)
    return frozenset() if address is None else frozenset(f"{_EMAIL}{each}" for each in emails.casefolded(address))


def of_record(system: str, object_name: str, record_id: str) -> str:
    """The name of whoever stands behind this record."""
    return f"{_RECORD}{system}:{object_name}:{record_ids.full(system, record_id)}"


def email(name: str) -> str | None:
    """The address in a name, if it is one of an e-mail."""
    return name.removeprefix(_EMAIL) if name.startswith(_EMAIL) else None


def record(name: str) -> tuple[str, str, str] | None:
    """(system, object, id) in a name, if it is one of a record."""
    parts = name.removeprefix(_RECORD).split(":", 2)
    return (parts[0], parts[1], parts[2]) if name.startswith(_RECORD) and len(parts) == 3 else None  # noqa: PLR2004


def emails_in(text: str) -> set[str]:
    """The names of everybody whose e-mail stands somewhere in a text, also as a link writes it (`%40`)."""
    if "@" not in text and "%40" not in text:
        return set()
    return {_named(token[start:end]) for token in _TOKEN.findall(text) for start, end in _spans(token)}


def blacked(text: str, gone: Callable[[str], bool]) -> str:
    """The text, with `[erased]` for every e-mail whose name is `gone`."""
    if "@" not in text and "%40" not in text:
        return text
    return _TOKEN.sub(lambda found: _blacked(found.group(), gone), text)


def _blacked(token: str, gone: Callable[[str], bool]) -> str:
    for start, end in _spans(token):
        if gone(_named(token[start:end])):
            return f"{token[:start]}{ERASED}{token[end:]}"
    return token


def _spans(token: str) -> Iterator[tuple[int, int]]:
    """Where the address may begin and end: ids are made of addresses too, as `3-ana@acme.example-17`."""
    at = token.find("@") if "@" in token else token.find("%40")
    starts = [0, *(found.end() for found in _NUMBER_FIRST.finditer(token, 0, at))]
    ends = [len(token), *(found.start() for found in _REST.finditer(token, at))]
    return ((start, end) for start in starts for end in ends)


def _named(token: str) -> str:
    return of_email(unquote(token) if "%" in token else token)
