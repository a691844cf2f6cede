"""The table of a CRM object: its live fields beside ours, with what the mapping says of each."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from connectors.base.port import FieldInfo
from integration.web.console.field_mappings.edited_mapping import EditedMapping
from integration.web.console.field_mappings.field_words import our_label, shown_value
from integration.web.console.field_mappings.object_fields import LiveFields, offered
from mappings.checking.live_fields import Misfit, against
from mappings.conflicts.field_conflicts import EITHER, ownership
from mappings.model import catalogue
from mappings.model.catalogue import CrmRules, holder
from mappings.model.compiled_mapping import ObjectMapping, Rule

SHOWN = {
    "mapped": "Mapped",
    "trouble": "With a problem",
    "read": "Read",
    "written": "Written",
    "free": "Not mapped yet",
    "all": "All fields",
}
"""Which fields can be shown, and what that is called."""
PAGE = 100
"""Fields of a page."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldUse:
    """One use of a CRM's field: as which of ours it is read (`lead`, `account`, `opportunity`) or written (`write`)."""

    section: str
    name: str
    label: str
    transform: str = ""
    default: str = ""
    clears: bool = False
    owner: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldRow:
    """One field of the CRM. `live` is None where the CRM does not have it, or hides it."""

    name: str
    label: str
    live: FieldInfo | None
    permission: str
    """Whether Coldframe may write it: "yes", or why not."""
    options: Sequence[tuple[str, str]] = ()
    uses: tuple[FieldUse, ...] = ()
    beside: tuple[str, ...] = ()
    """What else it is read for, in words."""
    troubles: tuple[Misfit, ...] = ()

    @property
    def wrong(self) -> bool:
        """Whether something of it cannot be read or written; a warning is less than that."""
        return any(each.problem.severity == "error" for each in self.troubles)

    @property
    def reads(self) -> tuple[FieldUse, ...]:
        """As which of ours it is read."""
        return tuple(each for each in self.uses if each.section != "write")

    @property
    def writes(self) -> tuple[FieldUse, ...]:
        """What is written to it."""
        return tuple(each for each in self.uses if each.section == "write")

    @property
    def direction(self) -> str:
        """`read`, `write`, both, or "" for a field that the mapping does not name."""
        both = ["read"] if self.reads or self.beside else []
        return " and ".join([*both, *(["write"] if self.writes else [])])

    def has(self, text: str) -> bool:
        """Whether a search finds it: by its label, its name, its values' labels, or our names."""
        words = [self.label, self.name, *(each.label for each in self.uses), *(each.name for each in self.uses)]
        words += [label for _, label in self.options]
        return any(text.casefold() in word.casefold() for word in words)

    def is_shown(self, which: str) -> bool:
        """Whether it is among the fields of a choice of SHOWN."""
        match which:
            case "mapped":
                return bool(self.direction)
            case "trouble":
                return bool(self.troubles)
            case "read":
                return bool(self.reads or self.beside)
            case "written":
                return bool(self.writes)
            case "free":
                return not self.direction
            case _:
                return True


def rows(made: EditedMapping, object_name: str, live: LiveFields) -> list[FieldRow]:
    """Every field of an object: those with mistakes first, then those that are mapped, each by its label."""
    mapping, system = made.object_mapping(object_name), catalogue.rules(made.connection.system)
    uses, beside = _uses(made, mapping), _beside(mapping)
    misfits = troubles(made, object_name, live)
    known = {each.name: each for each in live.fields}
    found = []
    for name in dict.fromkeys([*known, *uses, *beside]):
        field = known.get(name)
        found.append(
            FieldRow(
                name=name,
                label=field.label or name if field else name,
                live=field,
                permission=permission(system, field, name),
                options=offered(field),
                uses=tuple(uses.get(name, ())),
                beside=tuple(beside.get(name, ())),
                troubles=tuple(each for each in misfits if each.field == name),
            )
        )
    return sorted(found, key=lambda row: (not row.wrong, not row.direction, row.label.casefold(), row.name))


def troubles(made: EditedMapping, object_name: str, live: LiveFields) -> Sequence[Misfit]:
    """In what the mapping does not fit the object; nothing where its fields are not known."""
    mapping, located = made.parsed.mapping, made.parsed.located
    if mapping is None or located is None or not live.known or object_name not in mapping.objects:
        return ()
    alone = replace(mapping, objects={object_name: mapping.objects[object_name]})
    return against(located, alone, {object_name: live.fields})


def permission(system: CrmRules, field: FieldInfo | None, name: str) -> str:
    """Whether Coldframe may write a field, or why not."""
    if field is None:
        return "not in the CRM"
    if not field.writable and name not in system.carried:
        return "read-only"
    if system.writable(name):
        return "yes"
    parts = [part for part, fields in system.natives.items() if name.casefold() in fields]
    if parts:
        return "yes: " + " or ".join(part.replace("_", " ") for part in parts)
    return "never: routing's" if system.routing(name) else "never: the CRM's own"


def missing(made: EditedMapping, object_name: str) -> Mapping[str, Sequence[tuple[str, str]]]:
    """Our fields for which this object has none, by section: (name, label)."""
    mapping = made.object_mapping(object_name)
    sections = {"person": ("lead",), "account": ("account",)}.get(mapping.kind, ())
    found: dict[str, Sequence[tuple[str, str]]] = {}
    for section in sections:
        read = {rule.name for rule in rules_of(mapping, section)}
        fields = made.words.lead if section == "lead" else made.words.account
        found[section] = [
            (name, our_label(made.words, section, name)) for name in fields if name not in read | {"account"}
        ]
    return found


def rules_of(mapping: ObjectMapping, section: str) -> tuple[Rule, ...]:
    """The rules of a section."""
    return {"lead": mapping.lead, "account": mapping.account, "opportunity": mapping.opportunity}.get(section, ())


def owner_words(made: EditedMapping, section: str, name: str) -> str:
    """Whose word counts where two systems say different things."""
    if section not in {"lead", "account"}:
        return ""
    if name in EITHER:
        return "any system that says yes"
    there = {**made.service.connections, made.connection.name: replace(made.connection, mapping=made.mapping)}
    owners = ownership(each.mapping for each in there.values())
    system = (owners.lead if section == "lead" else owners.account).get(name)
    return catalogue.label(system) if system else "the last word"


def _uses(made: EditedMapping, mapping: ObjectMapping) -> dict[str, list[FieldUse]]:
    found: dict[str, list[FieldUse]] = {}
    for section in ("lead", "account", "opportunity"):
        for rule in rules_of(mapping, section):
            for source in rule.sources:
                use = FieldUse(
                    section=section,
                    name=rule.name,
                    label=our_label(made.words, section, rule.name),
                    transform=source.transform,
                    default=shown_value(rule.default),
                    clears=rule.clears,
                    owner=owner_words(made, section, rule.name),
                )
                found.setdefault(source.field, []).append(use)
    for target in mapping.write:
        label = our_label(made.words, "write", target.name)
        use = FieldUse(section="write", name=target.name, label=label, clears=not target.keeps)
        found.setdefault(target.field, []).append(use)
    return found


def _beside(mapping: ObjectMapping) -> dict[str, list[str]]:
    """What the mapping reads besides our fields, by the CRM's field."""
    found: dict[str, list[str]] = {}
    for name, words in _besides(mapping):
        if words not in found.setdefault(name, []):
            found[name].append(words)
    return found


def _besides(mapping: ObjectMapping) -> Iterator[tuple[str, str]]:
    for reference in mapping.references:
        yield reference.field, f"id of a {catalogue.label(reference.system)} {reference.object}"
    if mapping.account_ref:
        yield mapping.account_ref.field, f"which {mapping.account_ref.object} it belongs to"
    yield from ((name, "further e-mail addresses") for name in mapping.other_emails)
    task, activity = mapping.task, mapping.activity
    if task:
        yield task.key, "key of our tasks"
        yield from ((name, "what closing a task says") for name in _sorted(task.reads - {task.key}))
    if activity:
        yield from ((holder(name), "what was done, and when") for name in _sorted(activity.reads))


def _sorted(names: Iterable[str]) -> list[str]:
    return sorted(names)
