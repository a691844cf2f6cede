"""Checks a mapping against a CRM: every field that is missing, read-only or of the wrong kind. Pure."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from mappings.checking.crm_field import LiveField
from mappings.checking.fitting import readable, takes
from mappings.checking.live_conditions import Conditions
from mappings.checking.live_creation import unfit
from mappings.model import catalogue
from mappings.model.canonical import Kind
from mappings.model.catalogue import OWN, holder
from mappings.model.compiled_mapping import CrmMapping, ObjectMapping, Reference, Rule, Source, Target, TaskMapping
from mappings.yaml_files.located_yaml import Located, Path
from mappings.yaml_files.problems import Problem, Severity, nearest

_SAID = frozenset({"sales_answer", "rejection_reason", "stage"})
"""What sales says by the status of a record: each word of it is compared, and not only whether its meaning is left."""
Live = Mapping[str, Sequence[LiveField] | None]
"""The fields of each object; None for an object that the CRM does not have or does not show."""


@dataclass(frozen=True, slots=True, order=True)
class Misfit:
    """One way in which a mapping does not fit an object, or a field of it; `remedy` may be ""."""

    problem: Problem
    object: str
    field: str
    remedy: str = ""

    @property
    def subject(self) -> str:
        """What it is about, as people read it: `contact.coldframe_fit`, or the object alone."""
        return f"{self.object}.{self.field}" if self.field else self.object


def against(located: Located, mapping: CrmMapping, live: Live, objects: Sequence[str] = ()) -> tuple[Misfit, ...]:
    """Every way in which the mapping does not fit, by place. Errors hurt when writing or reading; warnings may.

    A field among several of `first` is missed only mildly while another of them is there. `objects` are the names
    to guess from where the CRM does not have one.
    """
    found: set[Misfit] = set()
    for name, each in mapping.objects.items():
        fields = live.get(name)
        if fields is None:
            near = "" if name in objects else nearest(name, objects)
            text = f"{catalogue.rules(mapping.system).label} has no object '{name}', or hides it{near}"
            # What people did is worth having; where a user may not see it, all else still works.
            severity: Severity = "warning" if each.kind == "activity" else "error"
            problem = located.problem(("objects", name), text, severity=severity, key=True)
            found.add(Misfit(problem, name, "", "correct the mapping, or give this user access to the object"))
        else:
            found.update(_Object(located, mapping, each, fields).misfits())
    return tuple(sorted(found | set(_creation(located, mapping, live))))


def _creation(located: Located, mapping: CrmMapping, live: Live) -> Iterator[Misfit]:
    creation = mapping.creates
    fields = live.get(creation.object) if creation else None
    if creation is None or fields is None:
        return
    for each in unfit(creation, fields, catalogue.rules(mapping.system).label):
        problem = located.problem(each.path, each.text, key=each.key)
        yield Misfit(problem, creation.object, each.field, each.remedy)


class _Object:
    def __init__(
        self, located: Located, whole: CrmMapping, mapping: ObjectMapping, fields: Sequence[LiveField]
    ) -> None:
        self._located = located
        self._system = whole.system
        self._standing = whole.standing
        self._mapping = mapping
        self._live = fields
        self._fields = {field.name: field for field in fields}
        self._path: Path = ("objects", mapping.name)

    def misfits(self) -> Iterator[Misfit]:
        mapping = self._mapping
        sections = {"lead": mapping.lead, "account": mapping.account, "opportunity": mapping.opportunity}
        for section, rules in sections.items():
            for rule in rules:
                yield from self._rule(rule, (*self._path, section, rule.name))
        for target in mapping.write:
            yield from self._target(target, (*self._path, "write", *target.place))
        for index, reference in enumerate(mapping.references):
            yield from self._reference(reference, (*self._path, "references", index, "from"))
        if mapping.account_ref:
            yield from self._reference(mapping.account_ref, (*self._path, "account_ref", "from"))
        if mapping.task:
            yield from self._task(mapping.task, (*self._path, "task"))
        if mapping.activity:
            for name in sorted(mapping.activity.reads):
                yield from self._known(holder(name), (*self._path, "activity"), "warning")
        by_label = catalogue.rules(self._system).outcomes.get(mapping.name, frozenset())
        for each in Conditions(mapping, self._raw(self._path), self._live, by_label).unfit():
            place = (*self._path, *each.path)
            yield self._misfit(place, each.field, each.text, each.remedy, severity="warning", key=each.key)

    def _task(self, task: TaskMapping, path: Path) -> Iterator[Misfit]:
        yield from self._known(task.key, (*path, "key"), "error")
        offered = task.answer.choices if task.answer else {}
        for name in sorted(task.reads - {task.key}):
            yield from self._known(name, path, "error" if name in offered else "warning")
        for name, choices in offered.items():
            yield from self._offered(name, [value for value, _ in choices], (*path, "answer"))

    def _rule(self, rule: Rule, path: Path) -> Iterator[Misfit]:
        there = [source.field in self._fields for source in rule.sources]
        severity: Severity = "warning" if any(there) else "error"
        for source, place in zip(rule.sources, _places(self._raw(path), path), strict=True):
            if source.field not in self._fields:
                yield from self._known(source.field, place, severity)
                continue
            field = self._fields[source.field]
            if not readable(source.transform, field.type):
                text = f"'{source.transform}' cannot read '{field.name}': it is a {field.type}"
                yield self._misfit(place, field.name, text, "map another field, or use another transform")
            if source.transform == "picklist" and field.options:
                yield from self._unreachable(source, field, place)

    def _unreachable(self, source: Source, field: LiveField, place: Path) -> Iterator[Misfit]:
        """Words that no value of the picklist leads to any more: somebody has renamed a value."""
        offered = {option.casefold() for option in field.options}
        reached = {word for value, word in source.values.items() if value in offered}
        at = place[:-1] if place[-1] == "from" else place
        raw = self._raw(at)
        if "values" not in raw:  # the words themselves
            yield from self._offered(field.name, tuple(source.values.values()), place)
            return
        free = [option for option in field.options if option.casefold() not in source.values]
        for value in raw["values"] or ():
            word = source.values.get(str(value).casefold())
            if word is None or str(value).casefold() in offered:
                continue
            near = nearest(str(value), field.options if word not in reached else free)
            if word not in reached or (near and at[3] in _SAID):
                lost = "" if word in reached else f", so nothing reads as '{word}'"
                reached.add(word)
                text = f"'{field.name}' has no value '{value}'{near}{lost}"
                remedy = "correct the values in the mapping"
                yield self._misfit((*at, "values", value), field.name, text, remedy, severity="warning", key=True)

    def _target(self, target: Target, path: Path) -> Iterator[Misfit]:
        place = (*path, "to") if isinstance(self._raw(path), dict) else path
        field = self._fields.get(target.field)
        if field is None:
            yield from self._known(target.field, place, "error")
            return
        canonical = self._standing[target.name]
        if not field.writable and field.name not in catalogue.rules(self._system).carried:
            text = f"'{field.name}' is read-only for this user"
            yield self._misfit(place, field.name, text, self._provision(field.name) or "allow this user to edit it")
        kinds: tuple[Kind, ...] = (canonical.kind, "choice") if target.found_out else (canonical.kind,)
        if not any(takes(self._system, kind, field.type) for kind in kinds):
            text = f"'{field.name}' is a {field.type}, which takes no {canonical.kind}"
            yield self._misfit(place, field.name, text, "map another field, or make this one anew")
            return
        if target.native:
            yield from self._words(target, field, path)
            if target.found_out:
                yield from self._taken(target, field, place)
            return
        said = [target.values.get(value, value) for value in canonical.choices]
        unknown = [value for value in said if value not in field.options]
        if field.options and unknown:
            text = f"'{field.name}' has no value {', '.join(map(repr, unknown))}{nearest(unknown[0], field.options)}"
            severity: Severity = "error" if field.restricted else "warning"
            yield self._misfit(place, field.name, text, f"run coldframe provision {self._system}", severity=severity)
        if canonical.kind == "text":
            yield from self._short(target, field, place)

    def _short(self, target: Target, field: LiveField, place: Path) -> Iterator[Misfit]:
        if 0 < field.length < target.limit:
            text = f"'{field.name}' holds {field.length} characters, the mapping's limit is {target.limit}"
            yield self._misfit(place, field.name, text, f"set limit: {field.length} in the mapping")

    def _taken(self, target: Target, field: LiveField, place: Path) -> Iterator[Misfit]:
        """Whether a field takes what sales found out, which is whatever somebody wrote."""
        yield from self._short(target, field, place)
        if field.options and not target.values:
            text = f"'{field.name}' takes {len(field.options)} values alone: what sales finds out"
            text += " in other words stays out of it"
            remedy = "give 'values' for the words of the task's field, or map a field of text"
            yield self._misfit(place, field.name, text, remedy, severity="warning")

    def _words(self, target: Target, field: LiveField, path: Path) -> Iterator[Misfit]:
        """Words that a field of the CRM's own does not offer: they are not written, and it keeps what it has."""
        for ours, theirs in target.values.items():
            if field.options and theirs not in field.options:
                text = (
                    f"'{field.name}' has no value '{theirs}'{nearest(theirs, field.options)}: '{ours}' is not written"
                )
                remedy = "correct the values in the mapping"
                yield self._misfit((*path, "values", ours), field.name, text, remedy, severity="warning")

    def _offered(self, name: str, values: Sequence[str], path: Path) -> Iterator[Misfit]:
        """Answers that a field does not offer: whoever means one has to say another."""
        field = self._fields.get(name)
        held = {option.casefold() for option in field.options} if field else set()
        missing = [value for value in values if value.casefold() not in held]
        if field and held and missing:
            text = f"'{name}' does not offer {', '.join(map(repr, missing))}"
            remedy = f"run coldframe provision {self._system}: it adds them and changes nothing else"
            yield self._misfit(path, name, text, remedy, severity="warning")

    def _reference(self, reference: Reference, place: Path) -> Iterator[Misfit]:
        return self._known(reference.field, place, "warning")

    def _known(self, name: str, place: Path, severity: Severity) -> Iterator[Misfit]:
        if name not in self._fields:
            near = nearest(name, self._fields)
            own = self._provision(name)
            whose = f"{catalogue.rules(self._system).label}'s {self._mapping.name}"
            text = f"{whose} has no '{name}', or hides it{'' if own else near}"
            yield self._misfit(
                place, name, text, own or "correct the mapping, or show it to this user", severity=severity
            )

    def _misfit(  # noqa: PLR0913 -- a misfit has these parts
        self, place: Path, name: str, text: str, remedy: str, *, severity: Severity = "error", key: bool = False
    ) -> Misfit:
        problem = self._located.problem(place, text, severity=severity, key=key)
        return Misfit(problem, self._mapping.name, name, remedy)

    def _provision(self, name: str) -> str:
        answer = self._mapping.task.answer if self._mapping.task else None
        ours = name.casefold().startswith(OWN) or (answer is not None and name in answer.choices)
        return f"run coldframe provision {self._system}" if ours else ""

    def _raw(self, path: Path) -> Any:
        found = self._located.value
        for step in path:
            found = found[step]
        return found


def _places(raw: Any, path: Path) -> list[Path]:
    """Where each source of a rule is named."""
    if not isinstance(raw, dict):
        return [path]
    if "first" not in raw:
        return [(*path, "from")]
    items = enumerate(raw["first"])
    return [(*path, "first", place, *(["from"] if isinstance(item, dict) else [])) for place, item in items]
