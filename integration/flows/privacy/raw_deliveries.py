"""Raw deliveries: finds a person in deliveries and sync errors as they came, item by item, to remove or hand over."""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

from sqlalchemy import Connection as Sql

from integration.flows.crm_calls.unanswered_lookups import lookups_of, rewritten
from integration.store.audit import mentions
from integration.store.queues import dead_letters, inbox
from integration.store.queues.dead_letters import Letter
from integration.store.queues.look_ups import LookUp
from integration.store.queues.records_to_read import Wanted
from mappings.values import person_names, record_ids
from mappings.values.identifiers import ConnectionName
from mappings.values.person_names import ERASED
from webhooks import lenient, persons
from webhooks.facts import Oversized, Unreadable
from webhooks.persons import Cut, RecordNames

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Raw:
    """What is to be kept instead of a raw text, and the items in it that are a person's; `rest` None: nothing."""

    id: int
    source: str
    rest: bytes | None
    cut: Cut


def deliveries(conn: Sql, names: frozenset[str], called: RecordNames) -> Iterator[Raw]:
    """Every delivery in which somebody of these names is named."""
    needles = _needles(names)
    for row_id, source, body in _all(lambda after: inbox.bearing(conn, needles, after), lambda row: row[0]):
        cut = without(source, body, names, called)
        if cut is not None:
            yield Raw(id=row_id, source=source, rest=cut.body, cut=cut)


def set_aside(conn: Sql, names: frozenset[str], called: RecordNames) -> Iterator[Raw]:
    """Every sync error in whose payload somebody of these names is named."""
    needles = _needles(names)
    for letter in _all(lambda after: dead_letters.bearing(conn, needles, after), lambda row: row.id):
        found = _letter(letter, names, called)
        if found is not None:
            yield found


def without(source: str, body: bytes, names: frozenset[str], called: RecordNames) -> Cut | None:
    """A delivery without them; None where it names them nowhere."""
    cut = persons.without(source, body, names.__contains__, called)
    text = persons.readable(body if not cut.taken else cut.body)
    pattern = _pattern(names)
    if not cut.taken and (pattern is None or not pattern.search(text)):
        return None
    rest = cut.body.decode("utf-8", "replace")
    return replace(cut, body=(rest if pattern is None else pattern.sub(ERASED, rest)).encode())


def _letter(letter: Letter, names: frozenset[str], called: RecordNames) -> Raw | None:
    """A delivery set aside whole is one; an item set aside alone goes whole, or stays without their address."""
    if lookups_of(letter):
        return _look_ups(letter, names)
    if letter.stage == "ingest" and letter.item is not None:
        about = persons.about_item(letter.source, _item(letter.payload), called)
        if about & names:
            text = letter.payload.decode("utf-8", "replace")
            cut = Cut(body=b"", taken=(text,), names=(frozenset(about),))
            return Raw(id=letter.id, source=letter.source, rest=None, cut=cut)
    elif letter.stage == "ingest":
        whole = without(letter.source, letter.payload, names, called)
        return None if whole is None else Raw(id=letter.id, source=letter.source, rest=whole.body, cut=whole)
    pattern, text = _pattern(names), persons.readable(letter.payload)
    if pattern is None or not pattern.search(text):
        return None
    rest = pattern.sub(ERASED, text).encode()
    return Raw(id=letter.id, source=letter.source, rest=rest, cut=Cut(body=rest, taken=(), names=()))


def _look_ups(letter: Letter, names: frozenset[str]) -> Raw | None:
    """A sync error about look-ups loses those that are about them."""
    held = {wish: _sought(ConnectionName(letter.source), wish) for wish in lookups_of(letter)}
    gone = {wish: name for wish, name in held.items() if name in names}
    if not gone:
        return None
    rest = rewritten(wish for wish in held if wish not in gone) if len(gone) < len(held) else None
    taken = tuple(rewritten([wish]).decode() for wish in gone)
    cut = Cut(body=rest or b"", taken=taken, names=tuple(frozenset({name}) for name in gone.values()))
    return Raw(id=letter.id, source=letter.source, rest=rest, cut=cut)


def _sought(connection: ConnectionName, wish: LookUp) -> str:
    """The name of whom a look-up is about."""
    if isinstance(wish, Wanted):
        return person_names.of_record(connection, wish.object, wish.external_id)
    return person_names.of_email(wish.email)


def _item(payload: bytes) -> object:
    try:
        return lenient.load(payload)
    except (Unreadable, Oversized):
        return payload.decode("utf-8", "replace")


def _pattern(names: frozenset[str]) -> re.Pattern[str] | None:
    addresses = sorted(filter(None, map(person_names.email, names)))
    return mentions.spelled(addresses) if addresses else None


def _needles(names: frozenset[str]) -> list[str]:
    found = set()
    for name in names:
        email, record = person_names.email(name), person_names.record(name)
        if email:
            for form in mentions.written([email]):
                found |= {mentions.core(form), mentions.core(form.replace("@", "%40"))}
        elif record:
            found.add(mentions.core(record_ids.shortest(record[2])))
    return sorted(found - {""})


def _all(page: Callable[[int], Sequence[_T]], number: Callable[[_T], int]) -> Iterator[_T]:
    after = 0
    while rows := page(after):
        yield from rows
        after = number(rows[-1])
