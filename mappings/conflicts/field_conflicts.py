"""Field conflicts: decides what counts when several systems give different values for one field. Pure.

A field has one owner, or none. What its owner says counts, however old; what others say counts while the owner says
nothing. Of a field that nobody owns, the last word counts. A few flags are true as soon as anybody says so: somebody
who opted out of one system has opted out. Every judge looks at times and systems alone, never at the order in which
values arrived.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Literal, NamedTuple, TypeAlias

from mappings.model import catalogue
from mappings.model.canonical import Fields, Value
from mappings.model.compiled_mapping import CrmMapping
from mappings.values.identifiers import ConnectionName, System
from mappings.values.instant import Instant
from mappings.yaml_files.located_yaml import Located
from mappings.yaml_files.problems import Problem

EITHER = frozenset({"opted_out", "is_student", "is_competitor"})
"""Flags that are true when any system says so."""
OWN_IDS = frozenset({"owner"})
"""Fields that hold an id of the CRM's own: the same id in another connection is somebody else."""
UNOWNED: Mapping[str, str] = MappingProxyType(
    {
        "email": "it says who a person is",
        "account": "it follows from the records themselves",
        "domain": "it says which company it is",
        "stage": "a person's choice counts in whichever system it was made",
        **dict.fromkeys(EITHER, "it is true as soon as any system says so"),
    }
)
"""Fields that no system may own, and why."""
Part: TypeAlias = Literal["lead", "account"]
Owners: TypeAlias = Mapping[str, System]
"""Field -> the system whose word counts."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ownership:
    """Who owns which fields of leads and of accounts."""

    lead: Owners = field(default_factory=lambda: _NOBODY)
    account: Owners = field(default_factory=lambda: _NOBODY)


_NOBODY: Owners = MappingProxyType({})
NOBODY = Ownership()


class Said(NamedTuple):
    """What one connection said of one field: from when it holds, under which key, and the value (None: nothing now).

    `system` and `connection` are "" for a source that is no CRM. Fields are owned by systems, and each
    connection has a word of its own all the same: what one portal takes back, another may still say.
    """

    at: Instant
    key: str
    system: System
    value: Value
    connection: ConnectionName = ConnectionName("")

    @property
    def voice(self) -> str:
        """Who says it: the connection, else the system."""
        return self.connection or self.system


class Judgement(NamedTuple):
    """The value that counts, and why."""

    value: Value
    because: str


def judge(name: str, said: Sequence[Said], owners: Owners) -> Judgement:
    """What counts of one field, given everything that was said of it by then, in any order."""
    if name in EITHER:
        return either(said)
    owner = owners.get(name)
    return owned(said, owner) if owner else latest(said)


def latest(said: Sequence[Said]) -> Judgement:
    """The latest value counts, whoever gave it; of equal times, the key decides."""
    last = max(said, key=_when, default=None)
    return Judgement(last.value, f"said last, by {_name(last.system)}") if last else Judgement(None, "nobody said")


def owned(said: Sequence[Said], owner: System) -> Judgement:
    """The owner's last word counts, unless it is blank: then the others' last."""
    own = latest([each for each in said if each.system == owner])
    if own.value is not None:
        return Judgement(own.value, f"{_name(owner)} owns the field")
    others = latest([each for each in said if each.system != owner])
    return Judgement(others.value, f"{_name(owner)} owns the field and says nothing; {others.because}")


def either(said: Sequence[Said]) -> Judgement:
    """True as soon as any connection's last word is true; else the last word."""
    for system, voice in sorted({(each.system, each.voice) for each in said}):
        last = latest([each for each in said if (each.system, each.voice) == (system, voice)])
        if last.value is True:
            return Judgement(True, f"{_name(system)} says so, and one is enough")  # noqa: FBT003 - a value
    return latest(said)


def settled(facts: Iterable[tuple[Instant, str, Fields]], owners: Owners) -> dict[str, Value]:
    """What counts of every field, given (time, key, fields) of everything that was said."""
    return {name: judge(name, said, owners).value for name, said in gathered(facts).items()}


def gathered(facts: Iterable[tuple[Instant, str, Fields]]) -> dict[str, list[Said]]:
    """What was said, by field."""
    found: dict[str, list[Said]] = {}
    for at, key, fields in facts:
        for name, value in fields.items():
            found.setdefault(name, []).append(said_by(at, key, value))
    return found


def contested(name: str, owners: Owners) -> bool:
    """Whether more than the last word decides about a field."""
    return name in EITHER or name in owners


def apart(name: str, owners: Owners) -> bool:
    """Whether what one connection says of a field matters whatever another has said."""
    return name in OWN_IDS or contested(name, owners)


def in_effect(facts: Sequence[tuple[Instant, str, Fields]], owners: Owners) -> list[Fields]:
    """Of each fact, in the order of time, the fields that changed what counts; those with no owner as they were said.

    An empty one changed nothing.
    """
    past: dict[str, list[Said]] = {}
    counted: dict[str, Value] = {}
    found: list[Fields] = []
    for at, key, fields in facts:
        told: dict[str, Value] = {}
        for name, value in fields.items():
            if not contested(name, owners):
                told[name] = value
                continue
            past.setdefault(name, []).append(said_by(at, key, value))
            counts = judge(name, past[name], owners).value
            if name not in counted or counted[name] != counts:
                counted[name] = told[name] = counts
        found.append(told)
    return found


def said_by(at: Instant, key: str, value: Value) -> Said:
    """A fact's value, with who says it."""
    system, connection = speaker(key)
    return Said(at, key, system, value, connection)


def speaker(key: str) -> tuple[System, ConnectionName]:
    """(system, connection) whose fact this is, by its key (`hubspot:…`, `hubspot/emea:…`); both "" for no CRM."""
    system, _, connection = key.partition(":")[0].partition("/")
    known = system in catalogue.systems()
    return (System(system), ConnectionName(connection or system)) if known else (System(""), ConnectionName(""))


def key_prefix(system: System, connection: ConnectionName) -> str:
    """How the keys of a connection's facts begin; `speaker` reads it."""
    return system if connection == ConnectionName(system) else f"{system}/{connection}"


def ownership(mappings: Iterable[CrmMapping]) -> Ownership:
    """Who owns what, by the mappings; of two that claim one field, the first."""
    lead: dict[str, System] = {}
    account: dict[str, System] = {}
    for mapping in mappings:
        lead = {**dict.fromkeys(mapping.owns_lead, mapping.system), **lead}
        account = {**dict.fromkeys(mapping.owns_account, mapping.system), **account}
    return Ownership(lead=MappingProxyType(lead), account=MappingProxyType(account))


def claimed_twice(files: Sequence[tuple[CrmMapping, Located]]) -> tuple[Problem, ...]:
    """Every field that a mapping claims though one before it does, where it does so."""
    found: list[Problem] = []
    for place, (mapping, located) in enumerate(files):
        before = ownership(earlier for earlier, _ in files[:place])
        parts: tuple[tuple[Part, frozenset[str], Owners, Iterable[str]], ...] = (
            ("lead", mapping.owns_lead, before.lead, mapping.lead_fields),
            ("account", mapping.owns_account, before.account, mapping.account_fields),
        )
        for part, claims, owners, known in parts:
            for name in (
                each for each in known if each in claims and owners.get(each, mapping.system) != mapping.system
            ):
                index = located.value["owns"][part].index(name)
                text = f"'{name}' has one owner, and {_name(owners[name])} claims it too"
                found.append(located.problem(("owns", part, index), text))
    return tuple(found)


def _when(said: Said) -> tuple[Instant, str]:
    return said.at, said.key


def _name(system: System) -> str:
    return catalogue.label(system) if system else "another source"
