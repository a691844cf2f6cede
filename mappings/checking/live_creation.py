"""Checks a mapping's `creates` against the fields that a CRM really has. Pure."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from mappings.checking.crm_field import LiveField
from mappings.model.creation_rule import Creation, Given
from mappings.yaml_files.located_yaml import Path
from mappings.yaml_files.problems import nearest


class Unfit(NamedTuple):
    """What does not fit: its place in the file, the field, what to do; `key` where the name itself is wrong."""

    path: Path
    field: str
    text: str
    remedy: str
    key: bool = True


def unfit(creation: Creation, fields: Sequence[LiveField], vendor: str) -> Iterator[Unfit]:
    """Every way in which a new record would be refused."""
    known = {field.name: field for field in fields}
    place: Path = ("creates", "with")
    for given in creation.given:
        yield from _given(
            given, known.get(given.field), (*place, given.field), [*known], f"{vendor}'s {creation.object}"
        )
    filled = {creation.email, *(given.field for given in creation.given if given.always)}
    for field in fields:
        if field.required and field.name not in filled:
            text = f"a new {creation.object} needs '{field.name}' here: say what it is under 'with', with a default"
            yield Unfit(place, field.name, text, "add it to the mapping, or make it optional in the CRM")


def _given(given: Given, field: LiveField | None, path: Path, known: Sequence[str], where: str) -> Iterator[Unfit]:
    if field is None:
        text = f"{where} has no '{given.field}', or hides it{nearest(given.field, known)}"
        yield Unfit(path, given.field, text, "correct the mapping, or show it to this user")
        return
    if not field.creatable:
        text = f"'{field.name}' cannot be set in a new record by this user"
        yield Unfit(path, field.name, text, "take it out of the mapping, or allow this user to edit it")
    if field.restricted and field.options and given.default and given.default not in field.options:
        text = f"'{field.name}' has no value '{given.default}'{nearest(given.default, field.options)}"
        yield Unfit(path, field.name, text, "correct the value in the mapping", key=False)
    if 0 < field.length < len(given.default):
        text = f"'{field.name}' holds {field.length} characters, and '{given.default}' has more"
        yield Unfit(path, field.name, text, "shorten it in the mapping", key=False)
