"""Reads what a mapping writes: which parts of a standing go to which fields, and with which values."""

from collections.abc import Iterable, Iterator
from typing import Any

from mappings.language.rules import RuleReader
from mappings.model.canonical import FOUND_OUT
from mappings.model.catalogue import TEXT_LIMIT
from mappings.model.compiled_mapping import Rule, Target
from mappings.yaml_files.located_yaml import Path

_KEYS = ("to", "limit", "values", "quiet", "blank", "over")


class TargetReader(RuleReader):
    """Every method reads one construct and notes what is wrong with it."""

    def _targets(self, raw: Any, path: Path) -> tuple[Target, ...]:
        """`PART: FIELD`, `PART: {to: FIELD, …}`, or a list of these where a part goes to several fields."""
        found: dict[str, Target] = {}
        for name, spec in self._table(raw, path, self.vocabulary.standing).items():
            for target, at in self._listed(name, spec, path):
                if target.field in found:
                    self._wrong(at, f"'{target.field}' is already written by '{found[target.field].name}'")
                found[target.field] = target
        return tuple(found.values())

    def _listed(self, name: str, spec: Any, path: Path) -> Iterator[tuple[Target, Path]]:
        if not isinstance(spec, list):
            yield self._target(name, spec, (*path, name), (name,)), (*path, name)
            return
        if not spec:
            self._wrong((*path, name), "must name a field")
        for index, each in enumerate(spec):
            yield self._target(name, each, (*path, name, index), (name, index)), (*path, name, index)

    def _target(self, name: str, spec: Any, path: Path, place: Path) -> Target:
        table = self._table(spec, path, _KEYS) if isinstance(spec, dict) else {"to": spec}
        at = (*path, "to") if isinstance(spec, dict) else path
        field = self._field(table.get("to"), at)
        own = bool(self.system and self.system.native(field, name))
        native = own or name in FOUND_OUT
        if self.system and field and not self.system.writable(field, name):
            self._wrong(at, self.system.refused(field))
        limit = table.get("limit", TEXT_LIMIT)
        if not isinstance(limit, int) or isinstance(limit, bool) or limit < 1:
            self._wrong((*path, "limit"), "must be a number of characters")
            limit = TEXT_LIMIT
        values = self._table(table.get("values"), (*path, "values"), self.vocabulary.standing[name].choices or None)
        quiet = table.get("quiet", False)
        if not isinstance(quiet, bool):
            self._wrong((*path, "quiet"), "must be true or false")
        if table.get("blank", "clear") not in {"keep", "clear"}:
            self._wrong((*path, "blank"), "must be 'keep' or 'clear'")
        if native:
            self._native(name, field, table, path)
        if not own and "over" in table:
            self._wrong((*path, "over"), "'over' is for fields of the CRM's own", key=True)
        return Target(
            name=name,
            field=field,
            limit=limit,
            values={key: str(value) for key, value in values.items()},
            quiet=quiet is True,
            keeps=native or table.get("blank") == "keep",
            native=native,
            over=frozenset(str(each).casefold() for each in self._words(table.get("over"), (*path, "over"))),
            place=place,
        )

    def _native(self, name: str, field: str, table: dict[str, Any], path: Path) -> None:
        """What a field that people set too asks of whoever maps it."""
        if self.vocabulary.standing[name].kind == "choice" and not table.get("values"):
            self._wrong(path, f"'{field}' has words of its own: give 'values' for ours")
        if table.get("blank") == "clear":
            whose = "is filled in by people too" if name in FOUND_OUT else "is the CRM's own"
            self._wrong((*path, "blank"), f"'{field}' {whose}, and is never cleared")

    def _read_too(self, targets: Iterable[Target], rules: Iterable[Rule], path: Path) -> None:
        """What sales found out goes to fields that are read as well: only so a person's later word is known there."""
        read = {(rule.name, source.field) for rule in rules for source in rule.sources}
        for target in targets:
            if target.found_out and (target.name, target.field) not in read:
                text = f"'{target.field}' must be read as well, as people fill it in too: name it under 'lead'"
                self._wrong((*path, *target.place), f"{text} at '{target.name}'")

    def _words(self, raw: Any, path: Path) -> list[Any]:
        if raw is None:
            return []
        if not isinstance(raw, list) or any(isinstance(each, (dict, list)) or each is None for each in raw):
            self._wrong(path, "must be a list of values")
            return []
        return raw
