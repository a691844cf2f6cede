"""Reads a mapping's tables and rules: which field a value comes from, and which transforms apply to it."""

from collections.abc import Iterable, Mapping
from typing import Any, cast, get_args

from mappings.model.canonical import Field, Kind, Value
from mappings.model.catalogue import CrmRules
from mappings.model.compiled_mapping import KEEP, Rule, Source, Transform
from mappings.vocabulary.value import Vocabulary
from mappings.yaml_files.located_yaml import Located, Path
from mappings.yaml_files.problems import nearest
from mappings.yaml_files.tree import TreeReader

TRANSFORMS: tuple[Transform, ...] = get_args(Transform)

_YIELDS: Mapping[Transform, tuple[Kind, ...]] = {
    "text": ("text",),
    "lower": ("text",),
    "domain": ("text",),
    "country": ("text",),
    "timezone": ("text",),
    "picklist": ("text", "choice"),
    "seniority": ("choice", "text"),
    "number": ("number",),
    "boolean": ("boolean",),
    "date": ("time",),
    "list": ("list",),
}
_TYPES: Mapping[Kind, tuple[type, ...]] = {
    "text": (str,),
    "choice": (str,),
    "number": (int, float),
    "boolean": (bool,),
    "time": (),
    "list": (list,),
}
_RULE_KEYS = ("from", "first", "as", "values", "else", "default", "blank")
_SOURCE_KEYS = ("from", "as", "values", "else")


class RuleReader(TreeReader):
    """Every method reads one construct and notes what is wrong with it."""

    def __init__(self, located: Located, vocabulary: Vocabulary) -> None:
        super().__init__(located)
        self.vocabulary = vocabulary
        self.system: CrmRules | None = None
        self.over_relations = False
        """Whether a field may be one of a related record here: `Campaign.Type`."""

    def _rules(self, raw: Any, path: Path, fields: Mapping[str, Field]) -> tuple[Rule, ...]:
        table = self._table(raw, path, fields)
        found = (self._rule(name, spec, (*path, name), fields[name]) for name, spec in table.items())
        return tuple(rule for rule in found if rule.sources)

    def _rule(self, name: str, spec: Any, path: Path, field: Field) -> Rule:
        if not isinstance(spec, dict):
            return Rule(name=name, sources=self._sources([(spec, path)], field))
        table = self._table(spec, path, _RULE_KEYS)
        if ("from" in table) == ("first" in table):
            self._wrong(path, "needs either 'from' or 'first'")
            return Rule(name=name, sources=())
        if "first" in table:
            for key in ("as", "values", "else"):
                if key in table:
                    self._wrong((*path, key), f"'{key}' belongs to each entry of 'first'", key=True)
            listed = table["first"] if isinstance(table["first"], list) else []
            if not listed:
                self._wrong((*path, "first"), "must be a list of fields")
            sources = self._sources([(item, (*path, "first", index)) for index, item in enumerate(listed)], field)
        else:
            sources = self._sources([({key: table[key] for key in _SOURCE_KEYS if key in table}, path)], field)
        if table.get("blank", "keep") not in {"keep", "clear"}:
            self._wrong((*path, "blank"), "must be 'keep' or 'clear'")
        default = self._default(table.get("default"), (*path, "default"), field)
        return Rule(name=name, sources=sources, default=default, clears=table.get("blank") == "clear")

    def _default(self, value: Any, path: Path, field: Field) -> Value:
        if value is None:
            return None
        if not isinstance(value, _TYPES[field.kind]) or (isinstance(value, bool) and field.kind != "boolean"):
            self._wrong(path, f"a default here must be a {field.kind}")
            return None
        if field.choices and value not in field.choices:
            self._wrong(path, f"unknown value '{value}'{nearest(str(value), field.choices)}")
        return tuple(str(item) for item in value) if isinstance(value, list) else cast("Value", value)

    def _sources(self, specs: Iterable[tuple[Any, Path]], field: Field) -> tuple[Source, ...]:
        found = (self._source(spec, path, field) for spec, path in specs)
        return tuple(source for source in found if source)

    def _source(self, spec: Any, path: Path, field: Field) -> Source | None:
        plain = not isinstance(spec, dict)
        table = {"from": spec} if plain else self._table(spec, path, _SOURCE_KEYS)
        at = path if plain else (*path, "from")
        name = self._field(table.get("from"), at)
        transform = table.get("as", "text")
        if transform not in TRANSFORMS:
            self._wrong((*path, "as"), f"unknown transform '{transform}'{nearest(str(transform), TRANSFORMS)}")
            return None
        if field.kind not in _YIELDS[transform]:
            fitting = [known for known in TRANSFORMS if field.kind in _YIELDS[known]]
            text = f"'{transform}' makes no {field.kind}; use as: {' or '.join(fitting)}"
            self._wrong(at if "as" not in table else (*path, "as"), text)
        for key in ("values", "else"):
            if key in table and transform != "picklist":
                self._wrong((*path, key), f"'{key}' needs 'as: picklist'", key=True)
        values = self._values(table, path, field) if transform == "picklist" else {}
        return Source(field=name, transform=transform, values=values, otherwise=str(table.get("else", "")))

    def _values(self, table: Mapping[str, Any], path: Path, field: Field) -> dict[str, str]:
        if "values" not in table and field.choices:
            return {word.casefold(): word for word in field.choices}
        raw = self._table(table.get("values"), (*path, "values"))
        if not raw:
            self._wrong((*path, "values"), "a picklist needs 'values'")
        found: dict[str, str] = {}
        for label, value in raw.items():
            at = (*path, "values", label)
            if not isinstance(value, str):
                self._wrong(at, "must be a word")
            elif field.choices and value not in field.choices:
                self._wrong(at, f"unknown value '{value}'{nearest(value, field.choices)}")
            elif label.casefold() in found:
                self._wrong(at, f"'{label}' differs from another value by case alone", key=True)
            else:
                found[label.casefold()] = value
        otherwise = table.get("else")
        if otherwise is not None and field.choices and otherwise not in field.choices:
            near = " (a choice keeps no other words)" if otherwise == KEEP else nearest(str(otherwise), field.choices)
            self._wrong((*path, "else"), f"unknown value '{otherwise}'{near}")
        return found

    def _field(self, name: Any, path: Path) -> str:
        if not isinstance(name, str) or not self._named(name):
            self._wrong(path, "must name a CRM field" if name is None else f"'{name}' is no field name of this CRM")
            return ""
        return name

    def _named(self, name: str) -> bool:
        system = self.system
        if system is None:
            return True
        steps = name.split(".", 1) if self.over_relations and system.relations else [name]
        return all(system.field_name.fullmatch(step) for step in steps)
