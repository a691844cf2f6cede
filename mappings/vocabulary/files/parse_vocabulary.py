"""The vocabulary parser: text becomes the value, or every mistake in it with its place and the nearest right word."""

import contextlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Any

from mappings.model.canonical import STANDING_FIELDS, Field, Kind
from mappings.vocabulary.files.parse_machine import MachineReader
from mappings.vocabulary.files.parse_recognition import LineReader, second_key
from mappings.vocabulary.recognition import Recognition
from mappings.vocabulary.value import CANONICAL, Vocabulary
from mappings.yaml_files.located_yaml import Located, Path, load
from mappings.yaml_files.problems import Problem, TooManyProblemsError, fatal, nearest

KINDS: Mapping[str, Kind] = MappingProxyType(
    {"text": "text", "number": "number", "flag": "boolean", "choice": "choice", "list": "list", "date": "time"}
)
"""The kinds of fields and properties, as a vocabulary calls them."""

CHOICES: Mapping[str, tuple[tuple[str, str], ...]] = MappingProxyType(
    {
        "source": (("lead", "source"),),
        "seniority": (("lead", "seniority"),),
        "page": tuple((kind, "page") for kind, known in CANONICAL.activities.items() if "page" in known),
        "asset_type": (("content_download", "asset_type"),),
        "outcome": (("call_attempt", "outcome"), ("lead", "sales_answer")),
        "reason": (("sales_rejected", "reason"), ("standing", "recycle_reason"), ("lead", "rejection_reason")),
    }
)
"""The canonical choices that take more words, and the fields and properties (of an activity type) that they are of."""

_MEANT = ("otherwise", "unreached", "opportunity_lost", "from")
"""Words that say something else where a playbook names a reason or a source."""
RESERVED = frozenset(
    (
        *("fit", "engagement", "total", "band", "segment", "stage", "track", "funnel", "persona", "buying_job"),
        *("recycle_reason", "excluded", "account", "and", "any", "in", "known", "not", "or", "unknown", *_MEANT),
    )
)
"""Words that mean something else in a playbook."""

_SECTIONS = ("language", "shipped", "lead", "account", "choices", "activities", "recognise", "machine")
_NAME = re.compile(r"[a-z][a-z0-9_]{0,62}")


def parse(text: str, file: str, base: Vocabulary = CANONICAL) -> tuple[Vocabulary | None, tuple[Problem, ...]]:
    """The vocabulary that a text adds to `base`; None with every mistake otherwise. Warnings may come with either.

    What the text says comes first: its lines are asked before those of the base. `shipped: false` in it leaves
    the base out.
    """
    located, problems = load(text, file, second_key)
    if located is None:
        return None, problems
    reader, made = VocabularyReader(located, text, base), None
    with contextlib.suppress(TooManyProblemsError):
        made = reader.vocabulary()
    found = tuple(sorted((*problems, *reader.problems)))
    return (None if fatal(found) else made), found


@dataclass(slots=True)
class _Words:
    """The words while they are gathered."""

    lead: dict[str, Field]
    account: dict[str, Field]
    activities: dict[str, dict[str, Field]]
    standing: dict[str, Field]
    labels: dict[str, str] = field(default_factory=dict)


class VocabularyReader(LineReader, MachineReader):
    """Every method reads one section and notes what is wrong with it."""

    def __init__(self, located: Located, source: str, base: Vocabulary) -> None:
        super().__init__(located, source)
        self.base = base

    def vocabulary(self) -> Vocabulary:
        """The whole file; use it only where no problem is an error."""
        top = self._table(self.located.value, (), _SECTIONS)
        if top.get("language", 1) != 1:
            self._wrong(("language",), "the language of vocabularies is 1")
        if self._flag(top.get("shipped", True), ("shipped",)) is False:
            self.base = CANONICAL
        base = self.base
        words = _Words(
            lead=dict(base.lead),
            account=dict(base.account),
            activities={name: dict(known) for name, known in base.activities.items()},
            standing=dict(base.standing),
            labels=dict(base.labels),
        )
        own_lead = self._own_fields(top.get("lead"), "lead", words.lead, other="account")
        own_account = self._own_fields(top.get("account"), "account", words.account, other="lead")
        self._choices(top.get("choices"), words)
        own_activities = self._activities(top.get("activities"), words)
        lines = self._lines(top.get("recognise"), words.activities)
        return Vocabulary(
            name=self.located.file,
            lead=MappingProxyType(words.lead),
            account=MappingProxyType(words.account),
            activities=MappingProxyType({name: MappingProxyType(known) for name, known in words.activities.items()}),
            standing=MappingProxyType(words.standing),
            labels=MappingProxyType(words.labels),
            own_lead=(*base.own_lead, *own_lead),
            own_account=(*base.own_account, *own_account),
            own_activities=(*base.own_activities, *own_activities),
            recognition=Recognition((*lines, *base.recognition.lines), words.activities),
            machine=self._machine(top.get("machine"), base.machine),
        )

    def _own_fields(self, raw: Any, part: str, known: dict[str, Field], *, other: str) -> tuple[str, ...]:
        """Fields of a lead or an account that the company adds."""
        canonical = (CANONICAL.account if other == "account" else CANONICAL.lead).keys() | STANDING_FIELDS.keys()
        found = []
        for name, spec in self._table(raw, (part,)).items():
            path: Path = (part, name)
            if name in known:
                more = "; give its further words under 'choices'" if name in CHOICES else ""
                self._wrong(path, f"'{name}' is a field of the {part} already{more}", key=True)
            elif name in canonical:
                self._wrong(path, f"'{name}' is a word of the {other} already: give yours another name", key=True)
            elif self._name(name, path):
                known[name] = self._field(spec, path, name)
                found.append(name)
        return tuple(found)

    def _field(self, spec: Any, path: Path, name: str) -> Field:
        """`number`, or `{kind: choice, choices: [...], label: ...}`."""
        table = self._table(spec, path, ("kind", "choices", "label")) if isinstance(spec, dict) else {"kind": spec}
        at = (*path, "kind") if isinstance(spec, dict) else path
        kind = table.get("kind")
        if not isinstance(kind, str) or kind not in KINDS:
            said = "needs a 'kind'" if kind is None else f"unknown kind '{kind}'"
            self._wrong(at, f"{said}: {', '.join(KINDS)}{nearest(str(kind), KINDS) if kind is not None else ''}")
            return Field(kind="text")
        choices = tuple(self._new_words(table.get("choices"), (*path, "choices")))
        if (kind == "choice") != bool(choices):
            self._wrong(at, "a choice needs 'choices'" if kind == "choice" else "'choices' belong to 'kind: choice'")
        return Field(kind=KINDS[kind], choices=choices, label=self._label(table, path, name))

    def _choices(self, raw: Any, words: _Words) -> None:
        """More words for the canonical choices."""
        for name, listed in self._table(raw, ("choices",), CHOICES).items():
            more = self._new_words(listed, ("choices", name))
            for owner, prop in CHOICES[name]:
                table = {"lead": words.lead, "standing": words.standing}.get(owner) or words.activities[owner]
                table[prop] = replace(table[prop], choices=tuple(dict.fromkeys((*table[prop].choices, *more))))

    def _activities(self, raw: Any, words: _Words) -> tuple[str, ...]:
        """Own activity types, and more properties of canonical ones."""
        found = []
        for name, spec in self._table(raw, ("activities",)).items():
            path: Path = ("activities", name)
            table = self._table(spec, path, ("label", "properties"))
            if name not in words.activities:
                if not self._name(name, path):
                    continue
                words.activities[name] = {}
                words.labels[name] = self._label(table, path, name)
                found.append(name)
            elif "label" in table:
                self._wrong((*path, "label"), f"'{name}' is canonical, and keeps its name", key=True)
            known = words.activities[name]
            for prop, kind in self._table(table.get("properties"), (*path, "properties")).items():
                at: Path = (*path, "properties", prop)
                if prop in known:
                    self._wrong(at, f"'{prop}' is a property of {name} already", key=True)
                elif self._name(prop, at, reserved=frozenset()):
                    known[prop] = self._field(kind, at, prop)
        for name in found:  # what such an activity was about: see Vocabulary.assets
            words.activities[name].setdefault("asset", Field(kind="text"))
        return tuple(found)

    def _name(self, name: str, path: Path, reserved: frozenset[str] = RESERVED) -> bool:
        if not _NAME.fullmatch(name):
            self._wrong(path, f"'{name}' is no name: small letters, digits and _ only", key=True)
        elif name in reserved:
            self._wrong(path, f"'{name}' means something else in a playbook: give yours another name", key=True)
        else:
            return True
        return False

    def _new_words(self, raw: Any, path: Path) -> list[str]:
        if raw is not None and not isinstance(raw, list):
            self._wrong(path, "must be a list of words")
        found: list[str] = []
        for index, word in enumerate(raw if isinstance(raw, list) else ()):
            at = (*path, index)
            if not isinstance(word, str) or not _NAME.fullmatch(word):
                self._wrong(at, f"'{word}' is no word: small letters, digits and _ only")
            elif word in _MEANT:
                self._wrong(at, f"'{word}' means something else in a playbook: give yours another name")
            elif word in found:
                self._wrong(at, f"'{word}' stands here twice")
            else:
                found.append(word)
        return found

    def _label(self, table: Mapping[str, Any], path: Path, name: str) -> str:
        label = table.get("label")
        if label is None:
            return name.replace("_", " ").capitalize()
        if not isinstance(label, str) or not label.strip():
            self._wrong((*path, "label"), "must be a text")
        return str(label).strip()
