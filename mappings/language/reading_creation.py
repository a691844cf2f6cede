"""Reads `creates`: whom this CRM creates, as what, and with which fields."""

from collections.abc import Mapping
from typing import Any

from mappings.language.rules import RuleReader
from mappings.model.compiled_mapping import ObjectMapping
from mappings.model.creation_rule import PROPERTY, Creation, Given
from mappings.yaml_files.located_yaml import Path
from mappings.yaml_files.problems import nearest

_PATH: Path = ("creates",)


class CreationReader(RuleReader):
    """Every method reads one construct and notes what is wrong with it."""

    def _creation(self, raw: Any, objects: Mapping[str, ObjectMapping]) -> Creation | None:
        """`{on: [ACTIVITY, …], as: OBJECT, with: {FIELD: TEXT or {from: …, default: TEXT}}}`."""
        if raw is None:
            return None
        table = self._table(raw, _PATH, ("on", "as", "with"))
        on = self._activities(table)
        name = self._person_object(table, objects)
        email = _email_field(objects[name]) if name else ""
        if name and not email:
            self._wrong((*_PATH, "as"), f"nothing under 'objects: {name}: lead' says which field is the e-mail")
        given = [self._given(field, spec) for field, spec in self._table(table.get("with"), (*_PATH, "with")).items()]
        if any(each.field == email for each in given):
            self._wrong((*_PATH, "with", email), f"'{email}' is the e-mail, which is written by itself", key=True)
        self._required(name, table, given)
        return Creation(on=on, object=name, email=email, given=tuple(given)) if name else None

    def _person_object(self, table: Mapping[str, Any], objects: Mapping[str, ObjectMapping]) -> str:
        name, people = str(table.get("as", "")), [each.name for each in objects.values() if each.kind == "person"]
        if name in people:
            return name
        known = " or ".join(people) or "a person"
        text = (
            f"'{name}' is no person of this mapping{nearest(name, people)}: use {known}"
            if name
            else f"needs 'as': {known}"
        )
        self._wrong((*_PATH, "as") if name else _PATH, text)
        return ""

    def _activities(self, table: Mapping[str, Any]) -> frozenset[str]:
        """The types of activities; `on` is one or a list."""
        raw, path = table.get("on"), (*_PATH, "on")
        names = raw if isinstance(raw, list) else [] if raw is None else [raw]
        if not names:
            self._wrong(path if "on" in table else _PATH, "needs 'on': the activities of somebody unknown, a list")
        for index, name in enumerate(names):
            if name not in self.vocabulary.activities:
                place = (*path, index) if isinstance(raw, list) else path
                self._wrong(place, f"unknown activity '{name}'{nearest(str(name), self.vocabulary.activities)}")
        return frozenset(map(str, names))

    def _given(self, field: str, spec: Any) -> Given:
        path = (*_PATH, "with", field)
        if self.system and not self.system.field_name.fullmatch(field):
            self._wrong(path, f"'{field}' is no field name of this CRM", key=True)
        if self.system and self.system.routing(field):
            self._wrong(path, self.system.refused(field), key=True)
        if not isinstance(spec, dict):
            return Given(field=field, default=self._constant(spec, path))
        table = self._table(spec, path, ("from", "default"))
        raw = table.get("from")
        names = raw if isinstance(raw, list) else [] if raw is None else [raw]
        for index, name in enumerate(names):
            if not self._source_named(name):
                place = (*path, "from", index) if isinstance(raw, list) else (*path, "from")
                near = nearest(str(name), self._sources_known())
                self._wrong(place, f"unknown source '{name}'{near}: a lead's field, 'account.…', or '{PROPERTY}…'")
        if not table:
            self._wrong(path, "needs a text, or 'from' and 'default'")
        default = self._constant(table["default"], (*path, "default")) if "default" in table else ""
        return Given(field=field, sources=tuple(map(str, names)), default=default)

    def _source_named(self, name: Any) -> bool:
        known = self._sources_known()
        return isinstance(name, str) and (name in known or (name.startswith(PROPERTY) and name != PROPERTY))

    def _sources_known(self) -> tuple[str, ...]:
        return (*self.vocabulary.lead, *(f"account.{name}" for name in self.vocabulary.account))

    def _constant(self, value: Any, path: Path) -> str:
        if isinstance(value, bool):
            return str(value).lower()
        if not isinstance(value, str | int | float) or str(value).strip() == "":
            self._wrong(path, "must be a text that is not blank")
            return ""
        return str(value)

    def _required(self, name: str, table: Mapping[str, Any], given: list[Given]) -> None:
        """Fields without which this CRM refuses such a record: each needs a text that is always there."""
        if self.system is None:
            return
        by_field = {each.field.casefold(): each for each in given}
        for field in self.system.required.get(name, ()):
            found = by_field.get(field.casefold())
            if found is None:
                path = (*_PATH, "with") if "with" in table else _PATH
                self._wrong(
                    path, f"a new {name} needs '{field}': say what it is under 'with', with a default", key=True
                )
            elif not found.always:
                self._wrong(
                    (*_PATH, "with", found.field), f"a new {name} needs '{field}': give it a 'default' too", key=True
                )


def _email_field(mapping: ObjectMapping) -> str:
    """Where the object keeps the e-mail, by the rule that reads it."""
    return next((rule.sources[0].field for rule in mapping.lead if rule.name == "email" and rule.sources), "")
