"""What sales says in the CRM: a closed task of ours as an activity, a deal as its canonical fields. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from mappings import transforms
from mappings.canonical import NOTHING, Fields, Value
from mappings.crm import Condition, CrmMapping, Rule, TaskMapping
from mappings.instant import Instant

Raw: TypeAlias = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What a closed task says: an activity's type and properties, and when it was closed, where the CRM tells.

    `state` is the same for the same answer, so that it counts once however often the task is read.
    """

    type: str
    properties: Fields = field(default_factory=lambda: NOTHING)
    at: Instant | None = None

    @property
    def state(self) -> str:
        """`sales_rejected:timing`."""
        return ":".join((self.type, *(str(value) for _, value in sorted(self.properties.items()))))


def answer(tasks: TaskMapping, raw: Raw) -> Answer | None:
    """What a task says, by the first outcome that holds; None while it is open, or closed without a word."""
    if not holds(tasks.closed, raw):
        return None
    for outcome in tasks.outcomes:
        if holds(outcome.when, raw):
            at = transforms.date(raw.get(tasks.closed_at))
            return Answer(type=outcome.type, properties={**outcome.properties, **spoken(outcome.rules, raw)}, at=at)
    return None


def telling(mapping: CrmMapping, object_name: str, name: str, value: str) -> bool:
    """Whether one changed property of a task or a deal is a reason to read the record.

    A task that we make ourselves comes back property by property; only its closing says something.
    """
    found = mapping.objects.get(object_name)
    if found is None:
        return False
    if found.task is None:
        return name in found.reads
    if name in found.task.closed:
        return holds({name: found.task.closed[name]}, {name: value})
    return bool(value) and name in found.reads and name not in {found.task.key, found.task.closed_at}


def spoken(rules: tuple[Rule, ...], raw: Raw) -> Fields:
    """The canonical fields of a deal (OPPORTUNITY_FIELDS), or an outcome's properties; blanks are absent."""
    return {rule.name: value for rule in rules if (value := told(rule, raw)) is not None}


def holds(condition: Condition, raw: Raw) -> bool:
    """Whether every field has one of its values, without regard to case; `*` at the end stands for any rest."""
    return all(any(_matches(wanted, raw.get(name)) for wanted in values) for name, values in condition.items())


def told(rule: Rule, raw: Raw) -> Value:
    """The first source of a rule that is not blank, else its default."""
    read = (transforms.apply(source, raw.get(source.field)) for source in rule.sources)
    return next((one for one in read if one is not None), rule.default)


def _matches(wanted: str, value: Any) -> bool:
    held = (transforms.text(value) or "").casefold()
    return held.startswith(wanted[:-1]) if wanted.endswith("*") else held == wanted
