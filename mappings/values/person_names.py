"""Person names: what a person is called by the systems around us, as texts that can be compared.

A name is `email:` and the address in its one spelling (`mappings.values.emails`), or `record:` with system, object and
id of a CRM's record (for a source of activities: its own id of a person). First names, phones and the like are no
names: people share them.
"""

import re
from collections.abc import Callable, Iterator
from urllib.parse import unquote

from mappings.values import emails
from mappings.values.identifiers import ConnectionName, ExternalId

ERASED = "[erased]"
"""What stands where the e-mail of somebody who was erased stood in what others said."""

_EMAIL, _RECORD = "email:", "record:"
_UNBROKEN = re.compile(r"[^\s<>\"'()\[\]{},;:\\|=?&#/]+")
_DOMAIN = re.compile(r"[^@%]*")
_NUMBER_BEFORE = re.compile(r"\d-")
_NUMBER_AFTER = re.compile(r"-(?=\d)")
_LINKED_AT = "%40"
"""The @ as a link writes it."""
_CLOSING = ".!*"
_MOST_NUMBERS = 6
"""How many numbers on either side of an address may belong to an id that is made of it."""


def of_email(email: str) -> str:
    """The name of whoever has this e-mail."""
    return f"{_EMAIL}{emails.normal(email) or email.strip().lower()}"


def earlier(name: str) -> frozenset[str]:
    """How earlier versions called whoever has the e-mail of this name; names of records never changed."""
    address = email(name)
    return frozenset() if address is None else frozenset(f"{_EMAIL}{each}" for each in emails.casefolded(address))


def of_record(connection: ConnectionName, object_name: str, record_id: ExternalId) -> str:
    """The name of whoever stands behind this record; of a Salesforce one, by the whole of its id."""
    return f"{_RECORD}{connection}:{object_name}:{record_id}"


def email(name: str) -> str | None:
    """The address in a name, if it is one of an e-mail."""
    return name.removeprefix(_EMAIL) if name.startswith(_EMAIL) else None


def record(name: str) -> tuple[ConnectionName, str, ExternalId] | None:
    """(connection, object, id) in a name, if it is one of a record."""
    parts = name.removeprefix(_RECORD).split(":", 2)
    if not name.startswith(_RECORD) or len(parts) != 3:  # noqa: PLR2004
        return None
    return ConnectionName(parts[0]), parts[1], ExternalId(parts[2])


def emails_in(text: str) -> set[str]:
    """The names of everybody whose e-mail stands somewhere in a text, also as a link writes it (`%40`)."""
    if "@" not in text and "%40" not in text:
        return set()
    tokens = (token for run in _UNBROKEN.findall(text) for token, like_address in _tokens(run) if like_address)
    return {_named(token[start:end]) for token in tokens for start, end in _spans(token)}


def blacked(text: str, gone: Callable[[str], bool]) -> str:
    """The text, with `[erased]` for every e-mail whose name is `gone`."""
    if "@" not in text and "%40" not in text:
        return text

    def cleaned(run: re.Match[str]) -> str:
        return "".join(_blacked(token, gone) if like else token for token, like in _tokens(run.group()))

    return _UNBROKEN.sub(cleaned, text)


def _tokens(run: str) -> Iterator[tuple[str, bool]]:
    """The parts of a text without spaces, and which of them look like an address. Reads the text once."""
    start = 0
    while start < len(run):
        at = run.find("@", start)
        limit = at if at >= 0 else len(run)
        end = _end_of_token(run, start, limit)
        yield run[start : end or limit + 1], end is not None
        start = end or limit + 1


def _end_of_token(run: str, start: int, limit: int) -> int | None:
    """Where what looks like an address ends: it holds the @ at `limit`, else the last `%40` before it that may be."""
    if start < limit < len(run) and (end := _end_of_domain(run, limit + 1)) > limit + 1:
        return end
    mark = run.rfind(_LINKED_AT, start + 1, limit)
    while mark >= 0 and (end := _end_of_domain(run, mark + len(_LINKED_AT))) == mark + len(_LINKED_AT):
        mark = run.rfind(_LINKED_AT, start + 1, mark)
    return end if mark >= 0 else None


def _end_of_domain(run: str, start: int) -> int:
    found = _DOMAIN.match(run, start)
    return found.end() if found else start


def _blacked(token: str, gone: Callable[[str], bool]) -> str:
    for start, end in _spans(token):
        if gone(_named(token[start:end])):
            return f"{token[:start]}{ERASED}{token[end:]}"
    return token


def _spans(token: str) -> Iterator[tuple[int, int]]:
    """Where the address may begin and end: ids are made of addresses too, as `3-ana@acme.example-17`."""
    at = token.find("@") if "@" in token else token.find("%40")
    starts = [0, *[found.end() for found in _NUMBER_BEFORE.finditer(token, 0, at)][-_MOST_NUMBERS:]]
    ends = [len(token), *[found.start() for found in _NUMBER_AFTER.finditer(token, at)][:_MOST_NUMBERS]]
    if (closed := len(token.rstrip(_CLOSING))) < len(token):
        ends.append(max(closed, at))
    return ((start, end) for start in starts for end in ends)


def _named(token: str) -> str:
    return of_email(unquote(token) if "%" in token else token)
