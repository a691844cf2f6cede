"""Checks the words of a mapping's conditions against the picklists that a CRM really has. Pure.

A status that an administrator has renamed is no error anywhere: the line that names it merely never holds again, and
what sales says by it is lost. So each word is compared, and the nearest one that is offered is named.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from mappings.checking.crm_field import LiveField
from mappings.checking.live_creation import Unfit
from mappings.model.compiled_mapping import ObjectMapping
from mappings.translate.record_answers import matches
from mappings.yaml_files.located_yaml import Path
from mappings.yaml_files.problems import nearest, nearest_of

_SUGGESTING = frozenset({"combobox"})
"""Types of fields that offer words and take any text."""
_REMEDY = "correct the mapping, or add the value in the CRM"


class Conditions:
    """One object's conditions: of our tasks, of past activities, and the tables of what they read."""

    def __init__(
        self, mapping: ObjectMapping, raw: Mapping[str, Any], fields: Sequence[LiveField], by_label: frozenset[str]
    ) -> None:
        """`raw` is the object's part of the file; `by_label` are the fields that may be named by what people see."""
        self._mapping = mapping
        self._raw = raw
        own = mapping.task.answer.choices if mapping.task and mapping.task.answer else {}
        self._fields = {
            field.name: field
            for field in fields
            if field.options and field.type not in _SUGGESTING and field.name not in own
        }
        self._by_label = by_label

    def unfit(self) -> Iterator[Unfit]:
        """Every word that its field does not offer, where it stands below the object."""
        task, activity = self._raw.get("task") or {}, self._raw.get("activity") or {}
        tables: tuple[tuple[Path, Any], ...] = (
            (("task", "closed"), task.get("closed")),
            (("task", "close"), task.get("close")),
            (("activity", "ignores"), activity.get("ignores")),
        )
        for path, table in tables:
            yield from self._table(path, table or {})
        lines: tuple[tuple[Path, Any], ...] = (
            (("task", "outcomes"), task.get("outcomes")),
            (("activity", "cases"), activity.get("cases")),
        )
        for path, cases in lines:
            for index, case in enumerate(cases or ()):
                yield from self._table((*path, index, "when"), case.get("when") or {})
                yield from self._read((*path, index), case)

    def _table(self, path: Path, table: Mapping[str, Any]) -> Iterator[Unfit]:
        """The words of one line; of several for one field, one that is there is enough, unless another is misspelt."""
        for name, value in table.items():
            field = self._fields.get(name)
            if field is None:
                continue
            words: dict[Path, str] = {(*path, name): str(value)}
            if isinstance(value, list):
                words = {(*path, name, at): str(word) for at, word in enumerate(value)}
            strange = {place: word for place, word in words.items() if not self._has(field, word)}
            alone = len(strange) == len(words)
            for place, word in strange.items():
                near = self._near(field, word)
                if alone or near:
                    ending = ": this line never holds" if alone else ""
                    yield Unfit(place, name, f"'{name}' has no value '{word}'{near}{ending}", _REMEDY, key=False)

    def _read(self, path: Path, case: Mapping[str, Any]) -> Iterator[Unfit]:
        """The tables by which a case reads its properties, such as a reason."""
        for name, spec in case.items():
            table = spec.get("values") if isinstance(spec, dict) and name != "when" else None
            field = self._fields.get(str(spec.get("from"))) if table else None
            for word in (table or {}) if field else ():
                near = self._near(field, str(word)) if field and not self._has(field, str(word)) else ""
                if near:
                    text = f"'{spec['from']}' has no value '{word}'{near}"
                    yield Unfit((*path, name, "values", word), str(spec["from"]), text, _REMEDY)

    def _has(self, field: LiveField, word: str) -> bool:
        offered = (*field.options, *(field.labels if field.name in self._by_label else ()))
        return any(matches(word.casefold(), each) for each in offered)

    def _near(self, field: LiveField, word: str) -> str:
        """The value that was meant, as far as can be guessed: that of this label, else one that no line names yet."""
        for value, label in zip(field.options, field.labels, strict=False):
            if label.casefold() == word.casefold():
                return f" (did you mean '{value}'?)"
        named = self._named(field.name)
        shown = (*field.options, *field.labels) if field.name in self._by_label else field.options
        free = [each for each in shown if each.casefold() not in named]
        if not word.endswith("*"):
            return nearest(word, free)
        stem = word[:-1]  # only the beginnings are compared
        begins = {each[: len(stem)].casefold(): each for each in reversed(free)}
        close = nearest_of(stem, begins)
        return "" if close is None else f" (did you mean '{begins[close]}'?)"

    def _named(self, name: str) -> set[str]:
        """The words by which the object's lines name values of a field, case-folded."""
        task, activity = self._mapping.task, self._mapping.activity
        lines = [task.closed, *(each.when for each in task.outcomes)] if task else []
        lines += [activity.ignores, *(each.when for each in activity.cases)] if activity else []
        return {word for when in lines for word in when.get(name, ())}
