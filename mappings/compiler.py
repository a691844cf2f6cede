"""From a mapping's YAML to a compiled mapping, or to every mistake in it with its place."""

from collections.abc import Mapping
from typing import Any, get_args

from mappings.canonical import (
    ACCOUNT_FIELDS,
    ACTIVITY_TYPES,
    LEAD_FIELDS,
    OPPORTUNITY_FIELDS,
    Field,
)
from mappings.catalogue import SYSTEMS
from mappings.conflicts import UNOWNED
from mappings.crm import (
    Condition,
    CrmMapping,
    ObjectKind,
    ObjectMapping,
    Outcome,
    Reference,
    TaskMapping,
)
from mappings.located import Located, Path
from mappings.problems import Problem, fatal, nearest
from mappings.targets import TargetReader

_SECTIONS: Mapping[ObjectKind, tuple[str, ...]] = {
    "person": ("is", "lead", "account", "account_ref", "references", "write"),
    "account": ("is", "account", "references"),
    "opportunity": ("is", "opportunity", "account_ref"),
    "task": ("is", "task"),
}
_ALL_SECTIONS = tuple(dict.fromkeys(section for sections in _SECTIONS.values() for section in sections))
_KINDS: tuple[ObjectKind, ...] = get_args(ObjectKind)


def compile_mapping(located: Located) -> tuple[CrmMapping | None, tuple[Problem, ...]]:
    """The compiled mapping, or None with all problems; warnings may come with a mapping."""
    compiler = _Compiler(located)
    mapping = compiler.mapping()
    problems = tuple(sorted(compiler.problems))
    return (None if fatal(problems) else mapping), problems


class _Compiler(TargetReader):
    """Walks the tree once; every method reads one construct and notes what is wrong with it."""

    def mapping(self) -> CrmMapping | None:
        top = self._table(self.located.value, (), ("system", "owns", "objects"))
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
        owns = self._table(top.get("owns"), ("owns",), ("lead", "account"))
        return CrmMapping(
            system=self.system.name,
            objects=found,
            owns_lead=self._owned(owns.get("lead"), ("owns", "lead"), LEAD_FIELDS),
            owns_account=self._owned(owns.get("account"), ("owns", "account"), ACCOUNT_FIELDS),
        )

    def _owned(self, raw: Any, path: Path, known: Mapping[str, Field]) -> frozenset[str]:
        """The fields of which this system's word counts."""
        for index, name in enumerate(names := self._words(raw, path)):
            if name not in known:
                self._wrong((*path, index), f"unknown name '{name}'{nearest(str(name), known)}")
            elif name in UNOWNED:
                self._wrong((*path, index), f"nobody owns '{name}': {UNOWNED[name]}")
        return frozenset(map(str, names))

    def _object(self, name: str, raw: Any, path: Path) -> ObjectMapping:
        table = self._table(raw, path, _ALL_SECTIONS)
        kind: ObjectKind = next((each for each in _KINDS if each == table.get("is")), "person")
        if table.get("is") not in _KINDS:
            self._wrong((*path, "is"), f"must be {', '.join(map(repr, _KINDS[:-1]))} or {_KINDS[-1]!r}")
        for section in table:
            if section not in _SECTIONS[kind]:
                article = "an" if kind[0] in "ao" else "a"
                self._wrong((*path, section), f"{article} {kind} has no '{section}'", key=True)
        return ObjectMapping(
            name=name,
            kind=kind,
            lead=self._rules(table.get("lead"), (*path, "lead"), LEAD_FIELDS),
            account=self._rules(table.get("account"), (*path, "account"), ACCOUNT_FIELDS),
            opportunity=self._rules(table.get("opportunity"), (*path, "opportunity"), OPPORTUNITY_FIELDS),
            task=self._task(table.get("task"), (*path, "task")) if kind == "task" else None,
            account_ref=self._account_ref(table.get("account_ref"), (*path, "account_ref")),
            references=self._references(table.get("references"), (*path, "references")),
            write=self._targets(table.get("write"), (*path, "write")),
        )

    def _task(self, raw: Any, path: Path) -> TaskMapping:
        table = self._table(raw, path, ("key", "closed", "closed_at", "close", "subject", "outcomes"))
        listed = table.get("outcomes")
        if not isinstance(listed, list):
            self._wrong((*path, "outcomes"), "must be a list")
            listed = []
        if not table.get("closed"):
            self._wrong(path, "needs 'closed': the fields and values that a closed task has")
        found = [self._outcome(spec, (*path, "outcomes", index)) for index, spec in enumerate(listed)]
        return TaskMapping(
            key=self._field(table.get("key"), (*path, "key")),
            closed=self._condition(table.get("closed"), (*path, "closed")),
            closed_at=self._field(table["closed_at"], (*path, "closed_at")) if "closed_at" in table else "",
            outcomes=tuple(outcome for outcome in found if outcome),
            close={name: str(value) for name, value in self._table(table.get("close"), (*path, "close")).items()},
            subject=self._field(table["subject"], (*path, "subject")) if "subject" in table else "",
        )

    def _outcome(self, spec: Any, path: Path) -> Outcome | None:
        """`{when: {FIELD: VALUE}, is: ACTIVITY, PROPERTY: WORD or {from: FIELD, …}}`."""
        kind = str(spec.get("is")) if isinstance(spec, dict) else ""
        if kind not in ACTIVITY_TYPES:
            self._wrong((*path, "is"), f"unknown activity '{kind}'{nearest(kind, ACTIVITY_TYPES)}")
            return None
        known = ACTIVITY_TYPES[kind]
        table = self._table(spec, path, ("when", "is", *known))
        given = {name: table[name] for name in known if name in table}
        read = {name: value for name, value in given.items() if isinstance(value, dict)}
        said = {
            name: self._default(value, (*path, name), known[name]) for name, value in given.items() if name not in read
        }
        rules = [self._rule(name, value, (*path, name), known[name]) for name, value in read.items()]
        when = self._condition(table.get("when"), (*path, "when"))
        return Outcome(when=when, type=kind, properties=said, rules=tuple(rule for rule in rules if rule.sources))

    def _condition(self, raw: Any, path: Path) -> Condition:
        found: dict[str, tuple[str, ...]] = {}
        for name, value in self._table(raw, path).items():
            values = value if isinstance(value, list) else [value]
            if not values or any(isinstance(each, (dict, list)) or each is None for each in values):
                self._wrong((*path, name), "must be a value, or a list of values")
                continue
            words = tuple(str(each).casefold() for each in values)
            found[self._field(name, (*path, name))] = words
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
