"""The catalogue: what Coldframe knows about the records and fields of each declared CRM before it connects to one.

A CRM declares itself in `connectors/<vendor>/vendor.py`; `connectors.vendors` hands all declarations over at start.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from mappings.model.canonical import Kind, Value
from mappings.values import record_ids
from mappings.values.identifiers import System
from mappings.values.record_ids import IdRule

TEXT_LIMIT = 255
OWN = "coldframe_"
"""How the names of our own fields begin, case-folded."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CrmRules:
    """A CRM's records as mappings see them: ids, names of fields, types, and which fields a mapping must never write.

    `label` is the CRM's name for people. `mapping` is the mapping that comes with it: (package, file).
    """

    name: System
    label: str
    ids: IdRule
    people: tuple[str, ...]
    """The objects that stand for a person, the one to write to first."""
    field_name: re.Pattern[str]
    mapping: tuple[str, str]
    takes: Mapping[Kind, frozenset[str]]
    """Kind of a standing's part -> the CRM's own field types that take it."""
    written: Callable[[Value, Kind], Any]
    """A canonical value as the CRM takes it; what clears a field for None."""
    protected: frozenset[str] = frozenset()
    """Case-folded names."""
    protected_prefixes: tuple[str, ...] = ()
    relations: bool = False
    """Whether a field of a related record can be read along: `Campaign.Type`."""
    own_suffix: str = ""
    """Only fields that end so are an administrator's own, and so writable ("" for no such rule)."""
    natives: Mapping[str, frozenset[str]] = field(default_factory=dict)
    """Part of a standing -> the CRM's own fields (case-folded) that may take it, and nothing else may."""

    owners: frozenset[str] = frozenset()
    """Case-folded names of the fields that say whose a record is."""
    carried: frozenset[str] = frozenset()
    """Fields that are read-only where they stand, and are set in another way by the connector."""
    handovers: frozenset[str] = frozenset()
    """The objects of which the CRM has one for each lead that sales works on."""
    handover_key: str = ""
    """The field of these in which our key stands."""
    outcomes: Mapping[str, frozenset[str]] = field(default_factory=dict)
    """Object -> the fields in which people say what came of a call or a meeting. Conditions may name what people see
    there, where the CRM stores an id; a word that no mapping reads is counted."""
    required: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Object -> the fields without which a new record of it is refused, whatever else is given."""

    def writable(self, field: str, part: str = "") -> bool:
        """Whether a mapping may write this part of a standing to this field; routing is never a mapping's to change."""
        folded = field.casefold()
        if self.native(field, part):
            return True
        if folded in self.protected or folded.startswith(self.protected_prefixes or ("\0",)):
            return False
        return folded.endswith(self.own_suffix)

    def native(self, field: str, part: str) -> bool:
        """Whether this is a field of the CRM's own that takes this part of a standing."""
        return field.casefold() in self.natives.get(part, frozenset())

    def routing(self, field: str) -> bool:
        """Whether this field says whose the record is."""
        return field.casefold() in self.owners

    def refused(self, field: str) -> str:
        """Why a mapping may not write this field, in words for its author."""
        folded = field.casefold()
        if folded in self.owners:
            return f"'{field}' is not a field a mapping may write: owners are a matter of routing alone"
        parts = [part for part, fields in self.natives.items() if folded in fields]
        if parts:
            return f"'{field}' is not a field a mapping may write with this: it takes {' or '.join(parts)}"
        return f"'{field}' is not a field a mapping may write: it is the CRM's own; map one of yours"


class UndeclaredError(ValueError):
    """A system that no CRM has declared; the message names those that are."""


_declared: dict[System, CrmRules] = {}


def declare(crms: Iterable[CrmRules]) -> None:
    """Take these as all CRMs that there are, in the order of preference."""
    found = {each.name: each for each in crms}
    _declared.clear()
    _declared.update(found)
    record_ids.declare({name: each.ids for name, each in found.items()})


def systems() -> tuple[System, ...]:
    """The systems of all declared CRMs, the preferred home of sales' tasks first."""
    return tuple(_declared)


def rules(system: System) -> CrmRules:
    """What is known of a system's records; UndeclaredError where no CRM goes by that name."""
    try:
        return _declared[system]
    except KeyError:
        msg = f"no CRM is called {system!r}; declared are {', '.join(sorted(_declared)) or 'none'}"
        raise UndeclaredError(msg) from None


def people() -> tuple[str, ...]:
    """The objects of every CRM that stand for a person, those to write to first."""
    places = ((place, name) for each in _declared.values() for place, name in enumerate(each.people))
    return tuple(dict.fromkeys(name for _, name in sorted(places, key=lambda each: each[0])))


def label(system: System) -> str:
    """What people call a system; the name itself for one that is no CRM."""
    return _declared[system].label if system in _declared else system


def holder(field: str) -> str:
    """The field of the object itself that leads to a field: `CampaignId` for `Campaign.Type`, else the field."""
    relation, _, _ = field.rpartition(".")
    if not relation:
        return field
    return f"{relation[:-1]}c" if relation.endswith("__r") else f"{relation}Id"
