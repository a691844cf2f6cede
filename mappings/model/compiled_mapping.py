"""Compiled mapping: which CRM fields become which canonical ones, and back.

Values only; `mappings.language.mapping_compiler` makes them from YAML, `mappings.translate.translation` applies them.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, NamedTuple, TypeAlias

from mappings.model.canonical import ACCOUNT_FIELDS, FOUND_OUT, LEAD_FIELDS, STANDING_FIELDS, Field, Fields, Kind, Value
from mappings.model.catalogue import holder
from mappings.model.creation_rule import Creation
from mappings.model.note_words import NoteWords
from mappings.values.identifiers import System

Transform: TypeAlias = Literal[
    "text", "lower", "number", "boolean", "date", "picklist", "list", "seniority", "domain", "country", "timezone"
]
"""The closed list of what a mapping can do to a value."""

KEEP = "keep"
"""What `else` says when a picklist value outside the table is to be kept as a word of its own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """One CRM field and what is done to its value. `values` keys are case-folded."""

    field: str
    transform: Transform = "text"
    values: Mapping[str, str]
    otherwise: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """Where a canonical field comes from: the first source that is not blank, else `default`.

    A blank never overwrites what is known, unless `clears`.
    """

    name: str
    sources: tuple[Source, ...]
    default: Value = None
    clears: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """A CRM field that takes one value of a lead's standing, cut to `limit` characters.

    A `native` one is set by people too: it is read before it is written, and never cleared. One of the CRM's own takes
    only the words of `values`, and `over` names values (case-folded) that may be replaced though no table knows them;
    one for what sales found out (`found_out`) takes any text. `place` is where the file says so, below `write`.
    """

    name: str
    field: str
    limit: int
    values: Mapping[str, str]
    quiet: bool = False
    keeps: bool = False
    """Whether what stands in the field stays where the standing has no value; else it is cleared."""
    native: bool = False
    over: frozenset[str] = frozenset()
    place: tuple[str | int, ...] = ()

    @property
    def found_out(self) -> bool:
        """Whether it is for what sales found out, which people in the CRM fill in as well."""
        return self.name in FOUND_OUT


@dataclass(frozen=True, slots=True, kw_only=True)
class Reference:
    """A field that holds another record's id: (system, object) says of what."""

    system: System
    object: str
    field: str


Condition: TypeAlias = Mapping[str, tuple[str, ...]]
"""Field -> the case-folded values it may have; all fields must have one. `*` at the end stands for any ending."""

ObjectKind: TypeAlias = Literal["person", "account", "task", "opportunity", "activity"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What a record says `when` its fields have these values: an activity's type, and its properties."""

    when: Condition
    type: str
    properties: Fields
    rules: tuple[Rule, ...] = ()
    """Properties that are read from the record, such as a rejection's reason."""

    @property
    def reads(self) -> frozenset[str]:
        """The CRM fields that it looks at."""
        return frozenset({*self.when, *(source.field for rule in self.rules for source in rule.sources)})


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerFields:
    """The fields of a task in which a person says what came of it; `reason` is "" where there is none.

    What they offer are (value, label).
    """

    outcome: str
    reason: str
    outcomes: tuple[tuple[str, str], ...]
    reasons: tuple[tuple[str, str], ...]

    @property
    def choices(self) -> Mapping[str, tuple[tuple[str, str], ...]]:
        """What each field offers."""
        return {self.outcome: self.outcomes} | ({self.reason: self.reasons} if self.reason else {})


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskMapping:
    """How a task of ours is recognised (by `key`), when it counts as closed, and what its closing says."""

    key: str
    closed: Condition
    closed_at: str
    outcomes: tuple[Outcome, ...]
    close: Mapping[str, str]
    """What to write into a task to close it without an outcome; empty for the CRM's own closing status."""
    subject: str = ""
    """The field of the task's subject, which says why we closed it."""
    answer: AnswerFields | None = None
    """The fields that `coldframe provision` makes for the answer."""
    answers: tuple[Outcome, ...] = ()
    """What the fields of the answer say, and a word in the note. The note comes after them, `outcomes` come last."""
    note: NoteWords | None = None
    by: str = ""
    """The field that says whose task it is."""
    found_out: tuple[Rule, ...] = ()
    """What sales found out about the lead, and wrote into the task: FOUND_OUT."""

    @property
    def reads(self) -> frozenset[str]:
        """The CRM fields that all this needs."""
        asked = {name for outcome in (*self.answers, *self.outcomes) for name in outcome.reads}
        beside = [source.field for rule in self.found_out for source in rule.sources]
        beside += [self.note.field] if self.note else []
        return frozenset({self.key, *self.closed, *asked, *beside, self.closed_at, self.by} - {""})


@dataclass(frozen=True, slots=True, kw_only=True)
class ActivityMapping:
    """What records of an object say about the past: when it was, who did it, and the first of `cases` that is true.

    `at` are fields, of which the first that is not blank counts, else the record's creation. `people` names the field
    that may hold the id of a person of each object; where it is empty, the CRM's associations say who it was. Fields
    may go over one relation (`Campaign.Type`).
    """

    at: tuple[str, ...]
    people: Mapping[str, str]
    cases: tuple[Outcome, ...]
    made_with: Mapping[str, str] | None = None
    """What the record starts with that we create for each handover; None where we create none."""
    key: str = ""
    """The field of such a record in which our key stands."""
    moves: bool = False
    """Whether a record goes from stage to stage: each of them says something of its own, whenever it comes to it."""
    ignores: Condition = field(default_factory=dict)
    """Words of an outcome that say nothing, on purpose: they are not counted as unknown."""

    @property
    def reads(self) -> frozenset[str]:
        """The CRM fields that all this needs."""
        asked = {name for case in self.cases for name in case.reads}
        return frozenset({*self.at, *self.people.values(), *asked, *self.ignores, self.key} - {""})


@dataclass(frozen=True, slots=True, kw_only=True)
class ObjectMapping:
    """How one CRM object is read and written."""

    name: str
    kind: ObjectKind
    lead: tuple[Rule, ...] = ()
    account: tuple[Rule, ...] = ()
    opportunity: tuple[Rule, ...] = ()
    task: TaskMapping | None = None
    activity: ActivityMapping | None = None
    account_ref: Reference | None = None
    references: tuple[Reference, ...] = ()
    other_emails: tuple[str, ...] = ()
    """Fields that hold further addresses of the same person, several of them parted by `;`."""
    write: tuple[Target, ...] = ()

    @property
    def native(self) -> tuple[Target, ...]:
        """What is written to fields that people set too: they are read first."""
        return tuple(target for target in self.write if target.native)

    @property
    def reads(self) -> tuple[str, ...]:
        """The CRM fields to ask for, sorted; what is written to the CRM's own is read as well."""
        rules = {source.field for rule in self.lead + self.account + self.opportunity for source in rule.sources}
        rules |= self.task.reads if self.task else set()
        rules |= self.activity.reads if self.activity else set()
        held = {reference.field for reference in self.references} | {target.field for target in self.native}
        held |= set(self.other_emails)
        return tuple(sorted(rules | held | ({self.account_ref.field} if self.account_ref else set())))


class Handovers(NamedTuple):
    """The CRM's own records of handovers: their object, and what each starts with."""

    object: str
    fields: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class CrmMapping:
    """One system's mapping. Of the fields that it `owns`, what this system says counts."""

    system: System
    objects: Mapping[str, ObjectMapping]
    owns_lead: frozenset[str] = frozenset()
    owns_account: frozenset[str] = frozenset()
    creates: Creation | None = None
    """Whom this system creates; nobody where it says nothing."""
    lead_fields: Mapping[str, Field] = field(default_factory=lambda: LEAD_FIELDS)
    account_fields: Mapping[str, Field] = field(default_factory=lambda: ACCOUNT_FIELDS)
    standing: Mapping[str, Field] = field(default_factory=lambda: STANDING_FIELDS)
    """The words of the vocabulary that it was compiled with."""
    labels: Mapping[str, Mapping[str, Mapping[str, str]]] = field(default_factory=dict)
    """By object and field of an outcome: what people see for each value, where the CRM was asked."""

    @property
    def people(self) -> tuple[str, ...]:
        """The objects that stand for persons, in the file's order."""
        return tuple(name for name, found in self.objects.items() if found.kind == "person")

    @property
    def accounts(self) -> tuple[str, ...]:
        """The objects that stand for companies, in the file's order."""
        return tuple(name for name, found in self.objects.items() if found.kind == "account")

    @property
    def handovers(self) -> Handovers | None:
        """What is created for each handover; None where nothing is."""
        made = {name: each.activity.made_with for name, each in self.objects.items() if each.activity}
        return next((Handovers(name, fields) for name, fields in made.items() if fields is not None), None)

    @property
    def quiet(self) -> frozenset[str]:
        """CRM fields whose change alone is not worth a write."""
        return frozenset(target.field for found in self.objects.values() for target in found.write if target.quiet)

    def kinds(self, object_name: str) -> Mapping[str, Kind]:
        """The kind of what is written, by CRM field."""
        found = self.objects.get(object_name)
        return {target.field: self.standing[target.name].kind for target in found.write} if found else {}

    @property
    def needed(self) -> Mapping[str, tuple[str, ...]]:
        """Per object, every CRM field that is read or written: what `coldframe doctor` looks for."""
        return {
            name: tuple(sorted({*map(holder, found.reads), *(target.field for target in found.write)}))
            for name, found in self.objects.items()
        }

    def reads(self, object_name: str) -> tuple[str, ...]:
        """The CRM fields to ask for when reading an object; none for an object that is not mapped."""
        found = self.objects.get(object_name)
        return found.reads if found else ()

    def settles(self, object_name: str, field: str) -> bool:
        """Whether this one field's value is enough to know every canonical field it feeds.

        It is not where another field comes first: the record must be read then.
        """
        found = self.objects.get(object_name)
        if found is None:
            return True
        if field in found.other_emails:
            return False
        rules = [rule for rule in found.lead + found.account if any(source.field == field for source in rule.sources)]
        return all(len(rule.sources) == 1 for rule in rules)
