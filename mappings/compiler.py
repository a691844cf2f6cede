"""From a mapping's YAML to a compiled mapping, or to every mistake in it with its place."""

from collections.abc import Iterable, Mapping
from typing import Any, Literal, cast, get_args

from mappings.canonical import ACCOUNT_FIELDS, LEAD_FIELDS, STANDING_FIELDS, Field, Kind, Value
from mappings.catalogue import SYSTEMS, TEXT_LIMIT, System
from mappings.crm import KEEP, CrmMapping, ObjectMapping, Reference, Rule, Source, Target, Transform
from mappings.located import Located, Path
from mappings.problems import Problem, fatal, nearest

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
_SECTIONS = ("is", "lead", "account", "account_ref", "references", "write")
_RULE_KEYS = ("from", "first", "as", "values", "else", "default", "blank")
_SOURCE_KEYS = ("from", "as", "values", "else")


def compile_mapping(located: Located) -> tuple[CrmMapping | None, tuple[Problem, ...]]:
    """The compiled mapping, or None with all problems; warnings may come with a mapping."""
    compiler = _Compiler(located)
    mapping = compiler.mapping()
    problems = tuple(sorted(compiler.problems))
    return (None if fatal(problems) else mapping), problems


class _Compiler:
    """Walks the tree once; every method reads one construct and notes what is wrong with it."""

    def __init__(self, located: Located) -> None:
        self.located = located
        self.problems: list[Problem] = []
        self.system: System | None = None

    def mapping(self) -> CrmMapping | None:
        top = self._table(self.located.value, (), ("system", "objects"))
        name = str(top.get("system"))
        if name not in SYSTEMS:
            known = ", ".join(SYSTEMS)
            self._wrong(("system",), f"unknown system '{name}', expected one of {known}{nearest(name, SYSTEMS)}")
            return None
        self.system = SYSTEMS[name]
        objects = self._table(top.get("objects"), ("objects",))
        if not objects:
            self._wrong(("objects",), "no objects are mapped")
        found = {key: self._object(key, raw, ("objects", key)) for key, raw in objects.items()}
        return CrmMapping(system=self.system.name, objects=found)

    def _object(self, name: str, raw: Any, path: Path) -> ObjectMapping:
        table = self._table(raw, path, _SECTIONS)
        kind: Literal["person", "account"] = "account" if table.get("is") == "account" else "person"
        if table.get("is") not in {"person", "account"}:
            self._wrong((*path, "is"), "must be 'person' or 'account'")
        for section in ("lead", "write", "account_ref"):
            if kind == "account" and section in table:
                self._wrong((*path, section), f"an account has no '{section}'", key=True)
        return ObjectMapping(
            name=name,
            kind=kind,
            lead=self._rules(table.get("lead"), (*path, "lead"), LEAD_FIELDS),
            account=self._rules(table.get("account"), (*path, "account"), ACCOUNT_FIELDS),
            account_ref=self._account_ref(table.get("account_ref"), (*path, "account_ref")),
            references=self._references(table.get("references"), (*path, "references")),
            write=self._targets(table.get("write"), (*path, "write")),
        )

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

    def _account_ref(self, raw: Any, path: Path) -> Reference | None:
        if raw is None:
            return None
        table = self._table(raw, path, ("object", "from"))
        return self._reference(table, path, self.system.name if self.system else "")

    def _references(self, raw: Any, path: Path) -> tuple[Reference, ...]:
        if raw is not None and not isinstance(raw, list):
            self._wrong(path, "must be a list")
            return ()
        found = []
        for index, item in enumerate(raw or ()):
            at = (*path, index)
            table = self._table(item, at, ("system", "object", "from"))
            system = table.get("system")
            if system not in SYSTEMS:
                self._wrong((*at, "system"), f"unknown system '{system}'{nearest(str(system), SYSTEMS)}")
            found.append(self._reference(table, at, str(system)))
        return tuple(found)

    def _reference(self, table: Mapping[str, Any], path: Path, system: str) -> Reference:
        if not isinstance(table.get("object"), str):
            self._wrong((*path, "object"), "must name an object")
        name = str(table.get("object"))
        return Reference(system=system, object=name, field=self._field(table.get("from"), (*path, "from")))

    def _targets(self, raw: Any, path: Path) -> tuple[Target, ...]:
        found: dict[str, Target] = {}
        for name, spec in self._table(raw, path, STANDING_FIELDS).items():
            target = self._target(name, spec, (*path, name))
            if target.field in found:
                self._wrong((*path, name), f"'{target.field}' is already written by '{found[target.field].name}'")
            found[target.field] = target
        return tuple(found.values())

    def _target(self, name: str, spec: Any, path: Path) -> Target:
        table = self._table(spec, path, ("to", "limit", "values", "quiet")) if isinstance(spec, dict) else {"to": spec}
        at = (*path, "to") if isinstance(spec, dict) else path
        field = self._field(table.get("to"), at)
        if self.system and field and not self.system.writable(field):
            self._wrong(at, f"'{field}' is not a field a mapping may write")
        limit = table.get("limit", TEXT_LIMIT)
        if not isinstance(limit, int) or isinstance(limit, bool) or limit < 1:
            self._wrong((*path, "limit"), "must be a number of characters")
            limit = TEXT_LIMIT
        values = self._table(table.get("values"), (*path, "values"), STANDING_FIELDS[name].choices or None)
        quiet = table.get("quiet", False)
        if not isinstance(quiet, bool):
            self._wrong((*path, "quiet"), "must be true or false")
        spoken = {key: str(value) for key, value in values.items()}
        return Target(name=name, field=field, limit=limit, values=spoken, quiet=quiet is True)

    def _field(self, name: Any, path: Path) -> str:
        if not isinstance(name, str) or (self.system and not self.system.field_name.fullmatch(name)):
            self._wrong(path, "must name a CRM field" if name is None else f"'{name}' is no field name of this CRM")
            return ""
        return name

    def _table(self, raw: Any, path: Path, known: Iterable[str] | None = None) -> dict[str, Any]:
        if raw is None:
            return {}
        if not isinstance(raw, dict):
            self._wrong(path, "must be a table of names and values")
            return {}
        names = tuple(known) if known is not None else tuple(raw)
        for key in raw:
            if key not in names:
                self._wrong((*path, key), f"unknown name '{key}'{nearest(key, names)}", key=True)
        return {key: value for key, value in raw.items() if key in names}

    def _wrong(self, path: Path, text: str, *, key: bool = False) -> None:
        self.problems.append(self.located.problem(path, text, key=key))
