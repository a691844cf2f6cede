"""First values: the values of a record's first reading count from before everything known of its person. Pure.

A CRM says what a field is, seldom since when. Activities arrive before their person's record is read, and weeks after;
judged without the record, a director of a fitting company looks like a stranger.
Rule: [rules: time and order]; reason: [decision 0005].
"""

from collections.abc import Iterable, Sequence
from typing import NamedTuple, TypeAlias

from mappings.conflicts.field_conflicts import Owners, contested, settled, speaker
from mappings.model.canonical import Fields, Value
from mappings.values.instant import Instant


class Fact(NamedTuple):
    """Fields of a lead or an account that took these values at `at`; `key` is the source's own for this fact.

    `initial` facts give first values: those of a record when it is first read, and those that a new person comes with.
    """

    at: Instant
    key: str
    fields: Fields
    initial: bool = False


_Voice: TypeAlias = str


def dated(facts: Iterable[Fact], owners: Owners, since: Instant | None = None) -> list[Fact]:
    """The facts by the time from which they count, which depends on the facts alone, not on their order.

    The earliest value of a field counts from `since` (None: from the earliest fact) if an initial fact gives it. Later
    values count from their own time, also where they are a second record's first. Where each system counts by itself
    (owned fields, flags), each has an earliest value. What an activity came with gives way to what a CRM says.
    A fact is split where some of its fields count from `since` and others do not; both parts keep its key.
    """
    ordered = sorted(facts, key=_place)
    if not any(fact.initial for fact in ordered):
        return ordered
    begin = min(ordered[0].at, ordered[0].at if since is None else since)
    moved: dict[int, dict[str, Value]] = {}
    gone: dict[int, set[str]] = {}
    for name, voices in _by_field(ordered, owners).items():
        first = {voice: _firsts(ordered, places) for voice, places in voices.items()}
        for places in first.values():
            for place in places:
                gone.setdefault(place, set()).add(name)
        told = {voice: places[-1] for voice, places in first.items() if places}
        if not contested(name, owners) and len(told) > 1:
            del told[""]
        for place in told.values():
            moved.setdefault(place, {})[name] = ordered[place].fields[name]
    return sorted(_parts(ordered, begin, moved, gone), key=_place)


def current(facts: Iterable[Fact], owners: Owners) -> dict[str, Value]:
    """What counts of every field now."""
    return settled([(fact.at, fact.key, fact.fields) for fact in dated(facts, owners)], owners)


def _place(fact: Fact) -> tuple[Instant, str]:
    return fact.at, fact.key


def _by_field(ordered: Sequence[Fact], owners: Owners) -> dict[str, dict[_Voice, list[int]]]:
    """By field and sender, the places of the facts that give the field a value."""
    found: dict[str, dict[_Voice, list[int]]] = {}
    for place, fact in enumerate(ordered):
        system, _ = speaker(fact.key)
        for name in fact.fields:
            voice = system if contested(name, owners) or not system else "any CRM"
            found.setdefault(name, {}).setdefault(voice, []).append(place)
    return found


def _firsts(ordered: Sequence[Fact], places: Sequence[int]) -> list[int]:
    """The places of the initial facts that give the earliest value."""
    at = ordered[places[0]].at
    return [place for place in places if ordered[place].at == at and ordered[place].initial]


def _parts(
    ordered: Sequence[Fact], begin: Instant, moved: dict[int, dict[str, Value]], gone: dict[int, set[str]]
) -> Iterable[Fact]:
    """What counts from the beginning, and what is left for its own time."""
    for place, fact in enumerate(ordered):
        if place in moved:
            yield fact._replace(at=begin, fields=moved[place])
        rest = {name: value for name, value in fact.fields.items() if name not in gone.get(place, ())}
        if rest or place not in gone:
            yield fact._replace(fields=rest)
