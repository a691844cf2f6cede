"""Record answers: what closed tasks of ours, past activities and deals say, as activities and fields. Pure."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, TypeAlias

from mappings.model.answer_words import GIVEN_BACK, said_by
from mappings.model.canonical import NOTHING, Fields, Value
from mappings.model.compiled_mapping import ActivityMapping, Condition, CrmMapping, Outcome, Rule, TaskMapping
from mappings.reading import notes, transforms
from mappings.values.identifiers import ExternalId, System
from mappings.values.instant import Instant
from mappings.values.record_ids import full, person

Raw: TypeAlias = Mapping[str, Any]
_BESIDE = frozenset({"by", "note"})
"""Properties that say who answered, and in which words, but not what."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What a record says: an activity's type and properties, and when it was, if the CRM says so.

    `state` is the same for the same answer, so that it counts once however often the task is read.
    """

    type: str
    properties: Fields = field(default_factory=lambda: NOTHING)
    at: Instant | None = None

    @property
    def state(self) -> str:
        """`sales_rejected:timing`."""
        told = (str(value) for name, value in sorted(self.properties.items()) if name not in _BESIDE)
        return ":".join((self.type, *told))


def answer(tasks: TaskMapping, raw: Raw, ours: str = "") -> Answer | None:
    """What a closed task says; None while it is open, or closed without a word.

    The fields of the answer come first, then a word in the note (`ours` is what we wrote there ourselves), then
    whatever else the mapping names. A rejection takes its reason from the first of them that has one.
    """
    if not holds(tasks.closed, raw):
        return None
    at = transforms.date(raw.get(tasks.closed_at))
    said = (_first(tasks.answers, raw, at), _noted(tasks, raw, ours, at), _first(tasks.outcomes, raw, at))
    found = [each for each in said if each is not None]
    if not found or found[0].type != GIVEN_BACK or found[0].properties.get("reason"):
        return found[0] if found else None
    reasons = (each.properties.get("reason") for each in found if each.type == GIVEN_BACK)
    told: Fields = {"reason": next((each for each in (*reasons, _reason(tasks, raw)) if each), None)}
    return replace(found[0], properties=told) if told["reason"] else found[0]


def _noted(tasks: TaskMapping, raw: Raw, ours: str, at: Instant | None) -> Answer | None:
    """What a word in the note says."""
    said = notes.keyword(tasks.note, str(raw.get(tasks.note.field) or ""), ours) if tasks.note else None
    if said is None:
        return None
    meant = said_by(said.answer)
    reason: Fields = {"reason": said.reason} if said.reason and meant.type == GIVEN_BACK else {}
    return Answer(type=meant.type, properties={**meant.properties, **reason}, at=at)


def _reason(tasks: TaskMapping, raw: Raw) -> Value:
    """What stands in the field of the reason, whatever gave the lead back."""
    rules = (rule for each in tasks.answers if each.type == GIVEN_BACK for rule in each.rules)
    return next((value for rule in rules if (value := first_value(rule, raw)) is not None), None)


def unread(tasks: TaskMapping, raw: Raw) -> Iterator[tuple[str, str]]:
    """Each word in the fields of the answer of a closed task that nothing here means, after what it should be one of.

    `lead.sales_answer` or `sales_rejected.reason`.
    """
    if tasks.answer is None or not holds(tasks.closed, raw):
        return
    places = ("lead.sales_answer", f"{GIVEN_BACK}.reason")
    for (name, choices), place in zip(tasks.answer.choices.items(), places, strict=False):
        word = transforms.text(raw.get(name)) or ""
        known = {value.casefold() for value, _ in choices}
        if word and word.casefold() not in known and not any(_means(each, name, raw) for each in tasks.outcomes):
            yield place, word


def _means(outcome: Outcome, name: str, raw: Raw) -> bool:
    """Whether an outcome of the mapping's own reads this word."""
    return name in outcome.when and holds({name: outcome.when[name]}, raw)


def closed(tasks: TaskMapping, raw: Raw) -> Answer | None:
    """That a task was closed, without a word of what came of it; None while it is open."""
    if not holds(tasks.closed, raw):
        return None
    return Answer(type="task_closed", at=transforms.date(raw.get(tasks.closed_at)))


def happened(activities: ActivityMapping, raw: Raw) -> Answer | None:
    """What a record of the past says, by the first case that holds; None where it says nothing."""
    times = (transforms.date(raw.get(name)) for name in activities.at)
    return _first(activities.cases, raw, next((at for at in times if at is not None), None))


def whose(activities: ActivityMapping, system: System, raw: Raw) -> tuple[tuple[str, ExternalId], ...]:
    """(object, id) of the people that a record's fields name."""
    held = ((name, transforms.text(raw.get(field)) or "") for name, field in activities.people.items())
    return tuple(dict.fromkeys((name, full(system, one)) for name, one in held if person(system, name, one)))


def _first(cases: tuple[Outcome, ...], raw: Raw, at: Instant | None) -> Answer | None:
    for case in cases:
        if holds(case.when, raw):
            return Answer(type=case.type, properties={**case.properties, **as_fields(case.rules, raw)}, at=at)
    return None


def telling(mapping: CrmMapping, object_name: str, name: str, value: str) -> bool:
    """Whether one changed property of a task or a deal is a reason to read the record.

    A task that we make ourselves comes back property by property; only its closing says something.
    """
    found = mapping.objects.get(object_name)
    if found is None:
        return False
    if found.task is None or (found.activity and name in found.activity.reads):
        return name in found.reads
    if name in found.task.closed:
        return holds({name: found.task.closed[name]}, {name: value})
    note = found.task.note.field if found.task.note else ""
    return (
        bool(value) and name in found.reads and name not in {found.task.key, found.task.closed_at, found.task.by, note}
    )


def as_fields(rules: tuple[Rule, ...], raw: Raw) -> Fields:
    """The canonical fields of a deal (OPPORTUNITY_FIELDS), or an outcome's properties; blanks are absent."""
    return {rule.name: value for rule in rules if (value := first_value(rule, raw)) is not None}


def holds(condition: Condition, raw: Raw) -> bool:
    """Whether every field has one of its values, without regard to case; `*` at the end stands for any ending."""
    return all(any(matches(wanted, raw.get(name)) for wanted in values) for name, values in condition.items())


def first_value(rule: Rule, raw: Raw) -> Value:
    """The first source of a rule that is not blank, else its default."""
    read = (transforms.apply(source, raw.get(source.field)) for source in rule.sources)
    return next((one for one in read if one is not None), rule.default)


def matches(wanted: str, value: Any) -> bool:
    """Whether a value is this case-folded word; `*` at its end stands for any ending."""
    held = (transforms.text(value) or "").casefold()
    return held.startswith(wanted[:-1]) if wanted.endswith("*") else held == wanted
