"""Checks a form's field as one edits: what the compiler and the CRM's own fields say of it, at the input concerned."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from integration.store.console.mapping_edits import Edit
from integration.web.console.field_mappings.edited_mapping import EditedMapping
from integration.web.console.field_mappings.field_table import troubles
from integration.web.console.field_mappings.object_fields import LiveFields
from mappings.conflicts import field_conflicts
from mappings.yaml_files.edited_yaml import EditError, lines_of
from mappings.yaml_files.located_yaml import Located, Path, load
from mappings.yaml_files.problems import Problem

Slot = Callable[[Path], str]
"""The input that a place below the field belongs to."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldCheck:
    """What is wrong with a field: by input, and whether any of it keeps it from being saved. `yaml` is how it reads."""

    by_slot: Mapping[str, Sequence[Problem]] = field(default_factory=dict)
    made: EditedMapping | None = None
    yaml: str = ""

    @property
    def wrong(self) -> bool:
        """Whether it cannot be saved."""
        return self.made is None or any(
            each.severity == "error" for problems in self.by_slot.values() for each in problems
        )


def checked(before: EditedMapping, edits: Sequence[Edit], object_name: str, live: LiveFields, slot: Slot) -> FieldCheck:
    """The mapping with these edits, and every problem of the places that they change.

    The first edit is the field's own; a further one may say who owns it. What is wrong elsewhere is not this form's.
    """
    try:
        made = before.with_edits(*edits)
    except EditError as error:
        return FieldCheck(by_slot={"rule": [Problem("", 1, 1, str(error))]})
    place, name = edits[0].path, edits[0].path[-1]
    located, _ = load(made.text, made.file.title)
    if located is None:
        return FieldCheck(by_slot={"rule": [Problem("", 1, 1, "The file cannot be read any more.")]})
    problems = [*made.parsed.problems, *(each.problem for each in troubles(made, object_name, live))]
    problems += _claims(made)
    found: dict[str, list[Problem]] = {}
    for each in problems:
        where = _input(located, made.text, each, place, name, slot)
        if where is not None and each not in found.setdefault(where, []):
            found[where].append(each)
    first, last = lines_of(made.text, place)
    lines = made.text.splitlines()[first - 1 : last]
    yaml = "" if edits[0].value is None else "\n".join(_shifted(lines))
    return FieldCheck(by_slot=found, made=made, yaml=yaml)


def _input(located: Located, text: str, problem: Problem, place: Path, name: str, slot: Slot) -> str | None:  # noqa: PLR0913, PLR0917 - a problem and a field
    """The input that a problem is about; None for one of another field."""
    spot = (problem.line, problem.column)
    places: Iterable[Path] = [*located.positions, *located.keys]
    at = [path for path in places if spot in {located.positions.get(path), located.keys.get(path)}]
    own = [path[len(place) :] for path in at if path[: len(place)] == place]
    if own:
        return slot(max(own, key=len))
    if any(path[:1] == ("owns",) and f"'{name}'" in problem.text for path in at):
        return "owned"
    first, last = lines_of(text, place)
    there = located.keys.get(place) is not None and first <= problem.line <= last
    return "rule" if there and last > first else None


def _claims(made: EditedMapping) -> Sequence[Problem]:
    if made.parsed.mapping is None or made.parsed.located is None:
        return ()
    own = replace(made.connection, mapping=made.parsed.mapping, located=made.parsed.located)
    there = {**made.service.connections, made.connection.name: own}
    others = [each for name, each in there.items() if name != own.name and each.system != own.system]
    files = [(each.mapping, each.located) for each in (*others, own) if each.located is not None]
    return [each for each in field_conflicts.claimed_twice(files) if each.file == made.parsed.located.file]


def _shifted(lines: Sequence[str]) -> list[str]:
    """Lines without the indent that they have in common."""
    indents = [len(line) - len(line.lstrip()) for line in lines if line.strip()]
    return [line[min(indents, default=0) :] for line in lines]
