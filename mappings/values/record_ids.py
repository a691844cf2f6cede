"""Record ids as the declared CRMs write them: which form they have, and which two spellings are one record."""

import hmac
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from mappings.values.identifiers import ExternalId, System


@dataclass(frozen=True, slots=True, kw_only=True)
class IdRule:
    """How one CRM writes ids: their `form` and, where it has a short spelling of `short` characters, its completion.

    `people` says with what the ids of people's records begin, by object, where one field may hold those of several.
    """

    form: re.Pattern[str]
    short: int = 0
    completed: Callable[[str], str] | None = None
    people: Mapping[str, str] = field(default_factory=dict)

    def full(self, record_id: str) -> str:
        """The long spelling of a short id, any other as it is."""
        if self.completed is None or len(record_id) != self.short or not self.form.fullmatch(record_id):
            return record_id
        return self.completed(record_id)

    def compared(self, record_id: str) -> str:
        """The part of an id that both spellings share."""
        return record_id[: self.short] if self.short and self.form.fullmatch(record_id) else record_id


_declared: dict[System, IdRule] = {}


def declare(rules: Mapping[System, IdRule]) -> None:
    """Take these as the rules of all CRMs, by system; `mappings.model.catalogue.declare` calls it."""
    _declared.clear()
    _declared.update(rules)


def genuine(system: System, record_id: str) -> bool:
    """Whether a text has the form of a record id of this system, and may enter a path or a query.

    No text is an id of a system that nobody has declared.
    """
    rule = _declared.get(system)
    return rule is not None and rule.form.fullmatch(record_id) is not None


def full(system: System, record_id: str) -> ExternalId:
    """The id to store: in its long spelling where the system has two, any other as it is."""
    rule = _declared.get(system)
    return ExternalId(record_id if rule is None else rule.full(record_id))


def shortest(record_id: str) -> str:
    """How little of a stored id a message of any CRM may give: its short spelling, where it has one."""
    for rule in _declared.values():
        short = record_id[: rule.short]
        if short and short != record_id and rule.full(short) == record_id:
            return short
    return record_id


def same(system: System, one: str, other: str) -> bool:
    """Whether two ids of a system's accounts are one. Their case counts; it takes as long whatever it finds.

    Whole where both are spelled long, else by what both spellings share.
    """
    rule = _declared.get(system)
    if rule is not None and rule.short in {len(one), len(other)}:
        one, other = rule.compared(one), rule.compared(other)
    return hmac.compare_digest(one.encode(errors="surrogatepass"), other.encode(errors="surrogatepass"))


def people(system: System) -> Mapping[str, str]:
    """How the ids of people's records begin, by object; nothing where the CRM's ids do not say."""
    rule = _declared.get(system)
    return {} if rule is None else rule.people


def person(system: System, object_name: str, record_id: str) -> bool:
    """Whether an id can be that of a person of this object."""
    return genuine(system, record_id) and record_id.startswith(people(system).get(object_name, ""))
