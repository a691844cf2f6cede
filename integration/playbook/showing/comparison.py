"""Comparison: what differs between two playbooks, in the words of their files."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from mappings.yaml_files import located_yaml

NOTHING = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """One place where two playbooks differ; an empty side has nothing there."""

    place: tuple[str, ...]
    before: str
    after: str


def compare(before: str, after: str) -> tuple[Difference, ...]:
    """Every difference between two texts of playbooks that can be read, in the order of the first, then the second."""
    left, right = _flat(before), _flat(after)
    places = tuple(dict.fromkeys((*left, *right)))
    return tuple(
        Difference(place=place, before=left.get(place, NOTHING), after=right.get(place, NOTHING))
        for place in places
        if left.get(place, NOTHING) != right.get(place, NOTHING)
    )


def _flat(source: str) -> dict[tuple[str, ...], str]:
    found, _ = located_yaml.load(source, "")
    return dict(_leaves(found.value, ())) if found is not None else {}


def _leaves(value: Any, place: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], str]]:
    if isinstance(value, dict):
        for key, each in value.items():
            yield from _leaves(each, (*place, key))
    elif isinstance(value, list) and any(isinstance(each, dict) for each in value):
        for index, each in enumerate(value, start=1):
            yield from _leaves(each, (*place, str(index)))
    elif isinstance(value, list):
        yield place, ", ".join(str(each) for each in value)
    else:
        yield place, str(value).lower() if isinstance(value, bool) else str(value)
