"""Provisioning: what Coldframe needs in a CRM, derived from its mapping, and the steps to create it. Pure.

What was made is recognised by its mark, a sentence at the end of its description, not by a list of ours: a
store that was lost or restored changes nothing, and a person who takes a field over need only edit its text.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal, Protocol, TypeAlias

from connectors.answers.replies import Refusal
from mappings.model.canonical import Field, Kind
from mappings.model.catalogue import OWN, TEXT_LIMIT
from mappings.model.compiled_mapping import CrmMapping, ObjectMapping, Rule, Target
from mappings.translate.field_help import ANSWER_HELP, HELP, TASK_KEY_HELP, TASK_KEY_LABEL

MARK = "Made by Coldframe."
Action: TypeAlias = Literal["create", "keep", "change", "remove", "blocked", "by hand"]
"""`blocked`: something stands in the way of what is needed; `by hand`: a person has to do it, elsewhere."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """A field that has to be there. `choices` are (value in the CRM, label).

    `filled` says by whom: what people fill in, Coldframe only reads. `key` marks the unique one that tasks are
    found by.
    """

    object: str
    name: str
    label: str
    help: str
    kind: Kind
    choices: tuple[tuple[str, str], ...] = ()
    limit: int = TEXT_LIMIT
    filled: Literal["coldframe", "people"] = "coldframe"
    key: bool = False

    @property
    def where(self) -> str:
        """`contact.coldframe_fit`."""
        return f"{self.object}.{self.name}"

    @property
    def description(self) -> str:
        """The help with our mark."""
        return f"{self.help} {MARK}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One line of the plan: what happens to what. `carry_out` does it and answers with the CRM's refusal, if any."""

    action: Action
    kind: str
    what: str
    detail: str = ""
    remedy: str = ""
    carry_out: Callable[[], Refusal | None] | None = field(default=None, repr=False, compare=False)


class Provisioner(Protocol):
    """What can make and unmake our fields in a CRM."""

    @property
    def needs(self) -> str:
        """Which scopes or permissions it takes, as a remedy."""

    def plan(self, mapping: CrmMapping) -> Sequence[Step]:
        """The steps to all that the mapping needs; changes nothing. Raises Unavailable."""

    def removal(self, mapping: CrmMapping) -> Sequence[Step]:
        """The steps that take away what `plan` has made, and nothing else. Raises Unavailable."""

    def close(self) -> None:
        """Close the connections that are kept open."""


def wanted(mapping: CrmMapping, *, task: str, key: str) -> tuple[Wanted, ...]:
    """Every field to be made: what the mapping writes, what it reads under our own prefix, the key in tasks."""
    found: dict[tuple[str, str], Wanted] = {}
    for each in mapping.objects.values():
        for one in (*_written(mapping, each), *_read(mapping, each), *_answers(each), *_found_out(mapping, each)):
            found.setdefault((one.object, one.name), one)
    tasks = Wanted(object=task, name=key, label=TASK_KEY_LABEL, help=TASK_KEY_HELP, kind="text", key=True)
    made = mapping.handovers
    return (*found.values(), tasks, *((replace(tasks, object=made.object),) if made else ()))


def _answers(part: ObjectMapping) -> Iterator[Wanted]:
    """The fields of a task in which a person says what came of it."""
    answer = part.task.answer if part.task else None
    for (name, choices), (label, said) in zip(answer.choices.items() if answer else (), ANSWER_HELP, strict=False):
        yield Wanted(
            object=part.name, name=name, label=label, help=said, kind="choice", choices=choices, filled="people"
        )


def _found_out(mapping: CrmMapping, part: ObjectMapping) -> Iterator[Wanted]:
    """Our own fields of a task into which people write what they found out."""
    rules = part.task.found_out if part.task else ()
    return _filled_in(part, ((rule, mapping.lead_fields[rule.name]) for rule in rules))


def made(description: object) -> bool:
    """Whether a description carries our mark."""
    return str(description or "").rstrip().endswith(MARK)


def absent(choices: Sequence[tuple[str, str]], held: Mapping[str, str]) -> list[tuple[str, str]]:
    """The wanted choices that a field does not offer; `held` are its labels by value."""
    return [(value, label) for value, label in choices if value not in held]


def _written(mapping: CrmMapping, part: ObjectMapping) -> Iterator[Wanted]:
    for target in (each for each in part.write if each.found_out or not each.native):
        canonical = mapping.standing[target.name]
        yield Wanted(
            object=part.name,
            name=target.field,
            label=canonical.label,
            help=HELP.get(target.name, f"{canonical.label}."),
            kind=canonical.kind,
            choices=_choices(target, canonical.choices),
            limit=target.limit,
            filled="people" if target.found_out else "coldframe",
        )


def _choices(target: Target, values: Sequence[str]) -> tuple[tuple[str, str], ...]:
    """A target's values as the CRM gets them; labels are the canonical words in plain English."""
    spoken = ((target.values.get(value, value), value.replace("_", " ").capitalize()) for value in values)
    return tuple(dict(spoken).items())


def _read(mapping: CrmMapping, part: ObjectMapping) -> Iterator[Wanted]:
    rules = [(rule, mapping.lead_fields[rule.name]) for rule in part.lead]
    rules += [(rule, mapping.account_fields[rule.name]) for rule in part.account]
    return _filled_in(part, rules)


def _filled_in(part: ObjectMapping, rules: Iterable[tuple[Rule, Field]]) -> Iterator[Wanted]:
    """What is read from fields of our own, which people fill in."""
    for rule, canonical in rules:
        for source in rule.sources:
            if source.field.casefold().startswith(OWN):
                yield Wanted(
                    object=part.name,
                    name=source.field,
                    label=canonical.label,
                    help=HELP.get(rule.name, f"{canonical.label}."),
                    kind=canonical.kind,
                    choices=tuple((value, value.replace("_", " ").capitalize()) for value in source.values),
                    filled="people",
                )
