"""Prints a vocabulary, as tables for people and as JSON for scripts."""

from collections.abc import Mapping
from typing import Any

from rich.console import Group
from rich.markup import escape
from rich.text import Text

from integration.commands.shared.fitted_tables import fitted
from integration.playbook.language.grammar import shown as span
from mappings.model.canonical import Field
from mappings.vocabulary.addresses import AddressGlob
from mappings.vocabulary.files.parse_vocabulary import CHOICES, KINDS
from mappings.vocabulary.machine_rules import MachineRules
from mappings.vocabulary.recognition import Line
from mappings.vocabulary.value import CANONICAL, Vocabulary

_KINDS = {kind: name for name, kind in KINDS.items()}


def described(words: Vocabulary) -> dict[str, Any]:
    """The whole vocabulary as JSON; `own` marks what is not canonical."""
    return {
        "file": words.name,
        "fingerprint": words.fingerprint,
        "lead": _fields(words.lead, set(words.own_lead)),
        "account": _fields(words.account, set(words.own_account)),
        "choices": {name: list(found) for name, found in choices(words).items()},
        "activities": {
            name: {
                "label": words.label(name),
                "own": name in words.own_activities,
                "properties": _fields(known, _added(name, known)),
            }
            for name, known in words.activities.items()
        },
        "recognise": [_line(line) for line in words.recognition.lines],
        "machine": _machine(words.machine),
    }


def shown(words: Vocabulary) -> Group:
    """What the company added, what is recognised in which order, and what is no person's."""
    own = fitted("own word", "of", "kind", "label")
    for part, names, fields in (("lead", words.own_lead, words.lead), ("account", words.own_account, words.account)):
        for name in names:
            own.add_row(name, part, _kind(fields[name]), escape(fields[name].label))
    for name, found in choices(words).items():
        for word in found[len(choices(CANONICAL)[name]) :]:
            own.add_row(word, f"choice of {name}", "", "")
    for kind, known in words.activities.items():
        if kind in words.own_activities:
            own.add_row(kind, "activities", "", escape(words.label(kind)))
        for prop in (each for each in known if each in _added(kind, known)):
            own.add_row(prop, f"property of {kind}", _kind(known[prop]), "")
    lines = fitted("looks at", "pattern", "is", "gives")
    for line in words.recognition.lines:
        told = _line(line)
        gives = ", ".join(f"{name} {value}" for name, value in told["gives"].items())
        lines.add_row(told["looks_at"], escape(told["pattern"]), told["is"], escape(gives))
    rules = fitted("machine rule", "")
    for name, value in _machine(words.machine).items():
        rules.add_row(name, escape(", ".join(value) if isinstance(value, list) else _plain(value)))
    title = Text(words.name or "the canonical words", style="bold")
    return Group(title, *(part for table in (own, lines, rules) if table.row_count for part in ("", table)))


def choices(words: Vocabulary) -> Mapping[str, tuple[str, ...]]:
    """The words of each choice that takes more of them."""
    found = {}
    for name, ((owner, prop), *_) in CHOICES.items():
        table = words.lead if owner == "lead" else words.activities[owner]
        found[name] = table[prop].choices
    return found


def _added(kind: str, known: Mapping[str, Field]) -> set[str]:
    return set(known) - set(CANONICAL.activities.get(kind, {}))


def _fields(fields: Mapping[str, Field], own: set[str]) -> dict[str, Any]:
    return {
        name: {
            "kind": _KINDS[field.kind],
            "label": field.label,
            "own": name in own,
            **({"choices": list(field.choices)} if field.choices else {}),
        }
        for name, field in fields.items()
    }


def _kind(field: Field) -> str:
    return _KINDS[field.kind] + (f": {', '.join(field.choices)}" if field.choices else "")


def _line(line: Line) -> dict[str, Any]:
    glob = line.glob.glob if isinstance(line.glob, AddressGlob) else line.glob
    return {"looks_at": line.subject, "pattern": glob.pattern, "is": line.to, "gives": dict(line.gives)}


def _machine(rules: MachineRules) -> dict[str, Any]:
    clicks, opens = rules.clicks, rules.opens
    return {
        "agents": [glob.pattern for glob in rules.agents],
        "methods": sorted(rules.methods),
        "after_send": span(rules.after_send),
        "clicks": {"links": clicks.links, "times": clicks.times, "within": span(clicks.within)},
        "opens": {"times": opens.times, "within": span(opens.within), "apart": span(opens.apart)},
    }


def _plain(value: Any) -> str:
    return ", ".join(f"{name} {each}" for name, each in value.items()) if isinstance(value, dict) else str(value)
