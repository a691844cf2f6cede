"""The mapping compiler: a mapping's YAML becomes a compiled mapping, or every mistake in it with its place."""

import contextlib
from collections.abc import Mapping
from typing import Any, get_args

from mappings.conflicts.field_conflicts import UNOWNED
from mappings.language.reading_creation import CreationReader
from mappings.language.reading_outcomes import OutcomeReader
from mappings.language.targets import TargetReader
from mappings.model import catalogue
from mappings.model.canonical import OPPORTUNITY_FIELDS, Field
from mappings.model.compiled_mapping import ActivityMapping, CrmMapping, ObjectKind, ObjectMapping, Reference
from mappings.values.identifiers import System
from mappings.vocabulary.value import CANONICAL, Vocabulary
from mappings.yaml_files.located_yaml import Located, Path
from mappings.yaml_files.problems import Problem, TooManyProblemsError, fatal, nearest

_SECTIONS: Mapping[ObjectKind, tuple[str, ...]] = {
    "person": ("is", "lead", "account", "account_ref", "references", "other_emails", "write"),
    "account": ("is", "account", "references"),
    "opportunity": ("is", "opportunity", "account_ref"),
    "task": ("is", "task", "activity"),
    "activity": ("is", "activity"),
}
_ALL_SECTIONS = tuple(dict.fromkeys(section for sections in _SECTIONS.values() for section in sections))
_KINDS: tuple[ObjectKind, ...] = get_args(ObjectKind)


def compile_mapping(
    located: Located, vocabulary: Vocabulary = CANONICAL
) -> tuple[CrmMapping | None, tuple[Problem, ...]]:
    """The mapping in the words of a vocabulary, or None with all problems; warnings may come with a mapping."""
    compiler, mapping = _Compiler(located, vocabulary), None
    with contextlib.suppress(TooManyProblemsError):
        mapping = compiler.mapping()
    problems = tuple(sorted(compiler.problems))
    return (None if fatal(problems) else mapping), problems


class _Compiler(TargetReader, OutcomeReader, CreationReader):
    """Walks the tree once; every method reads one construct and notes what is wrong with it."""

    def mapping(self) -> CrmMapping | None:
        top = self._table(self.located.value, (), ("system", "owns", "creates", "objects"))
        name = System(str(top.get("system")))
        systems = sorted(catalogue.systems())
        if name not in systems:
            known = ", ".join(systems)
            self._wrong(("system",), f"unknown system '{name}', expected one of {known}{nearest(name, systems)}")
            return None
        self.system = catalogue.rules(name)
        objects = self._table(top.get("objects"), ("objects",))
        if not objects:
            self._wrong(("objects",), "no objects are mapped")
        found = {key: self._object(key, raw, ("objects", key)) for key, raw in objects.items()}
        owns = self._table(top.get("owns"), ("owns",), ("lead", "account"))
        return CrmMapping(
            system=System(self.system.name),
            objects=found,
            lead_fields=self.vocabulary.lead,
            account_fields=self.vocabulary.account,
            standing=self.vocabulary.standing,
            owns_lead=self._owned(owns.get("lead"), ("owns", "lead"), self.vocabulary.lead),
            owns_account=self._owned(owns.get("account"), ("owns", "account"), self.vocabulary.account),
            creates=self._creation(top.get("creates"), found),
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
        lead = self._rules(table.get("lead"), (*path, "lead"), self.vocabulary.lead)
        write = self._targets(table.get("write"), (*path, "write"))
        self._read_too(write, lead, (*path, "write"))
        return ObjectMapping(
            name=name,
            kind=kind,
            lead=lead,
            account=self._rules(table.get("account"), (*path, "account"), self.vocabulary.account),
            opportunity=self._rules(table.get("opportunity"), (*path, "opportunity"), OPPORTUNITY_FIELDS),
            task=self._task(table.get("task"), (*path, "task")) if kind == "task" else None,
            activity=self._history(kind, table, path),
            account_ref=self._account_ref(table.get("account_ref"), (*path, "account_ref")),
            references=self._references(table.get("references"), (*path, "references")),
            other_emails=self._fields(table.get("other_emails"), (*path, "other_emails")),
            write=write,
        )

    def _history(self, kind: ObjectKind, table: Mapping[str, Any], path: Path) -> ActivityMapping | None:
        """What records say about the past: those of an activity, and of a task those that are not ours."""
        if kind != "activity" and "activity" not in table:
            return None
        return self._activity(table.get("activity"), (*path, "activity"))

    def _account_ref(self, raw: Any, path: Path) -> Reference | None:
        if raw is None:
            return None
        table = self._table(raw, path, ("object", "from"))
        return self._reference(table, path, System(self.system.name if self.system else ""))

    def _references(self, raw: Any, path: Path) -> tuple[Reference, ...]:
        if raw is not None and not isinstance(raw, list):
            self._wrong(path, "must be a list")
            return ()
        found = []
        for index, item in enumerate(raw or ()):
            at = (*path, index)
            table = self._table(item, at, ("system", "object", "from"))
            system = table.get("system")
            if system not in catalogue.systems():
                near = nearest(str(system), sorted(catalogue.systems()))
                self._wrong((*at, "system"), f"unknown system '{system}'{near}")
            found.append(self._reference(table, at, System(str(system))))
        return tuple(found)

    def _fields(self, raw: Any, path: Path) -> tuple[str, ...]:
        """One field, or a list of them."""
        if raw is None:
            return ()
        if not isinstance(raw, list):
            return (self._field(raw, path),)
        return tuple(self._field(item, (*path, index)) for index, item in enumerate(raw))

    def _reference(self, table: Mapping[str, Any], path: Path, system: System) -> Reference:
        if not isinstance(table.get("object"), str):
            self._wrong((*path, "object"), "must name an object")
        name = str(table.get("object"))
        return Reference(system=system, object=name, field=self._field(table.get("from"), (*path, "from")))
