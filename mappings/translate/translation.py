"""Translation: CRM records into canonical fields, and a lead's standing into CRM fields.

Pure, but for reading a mapping's file. A field nobody has supplied is absent: a blank in a CRM never
overwrites what is known, unless the mapping says `blank: clear`.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Any

from mappings.language import mapping_files
from mappings.model import catalogue
from mappings.model.canonical import NOTHING, SET_ONLY, STANDING_FIELDS, Fields, Value
from mappings.model.compiled_mapping import CrmMapping, ObjectMapping, Reference, Rule, Target
from mappings.reading import transforms
from mappings.translate import native_fields
from mappings.translate.cut_text import cut
from mappings.values import domains, emails, record_ids
from mappings.values.identifiers import ExternalId, System
from mappings.vocabulary.value import Vocabulary
from mappings.yaml_files.problems import Problem

Raw = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Inward:
    """What one CRM record says, in canonical terms.

    `account_ref` is (object, id) of the record's company; `references` are (system, object, id) of other
    records of the same person or company: its other system's, those merged into it, the converted contact.
    `other_emails` are further addresses of the same person. `no_emails` are the fields whose content is no
    single address, and why it is none.
    """

    lead: Fields = field(default_factory=lambda: NOTHING)
    account: Fields = field(default_factory=lambda: NOTHING)
    account_ref: tuple[str, ExternalId] | None = None
    references: tuple[tuple[System, str, ExternalId], ...] = ()
    other_emails: tuple[str, ...] = ()
    no_emails: Mapping[str, str] = field(default_factory=dict)


def load_mapping(
    system: System, path: str | None = None, vocabulary: Vocabulary | None = None
) -> tuple[CrmMapping | None, tuple[Problem, ...]]:
    """The mapping of a system, from a file or the one that comes with Coldframe; None with its Problems."""
    found = mapping_files.in_use(system, path, vocabulary)
    return found.mapping, found.problems


def inward(mapping: CrmMapping, object_name: str, raw: Raw) -> Inward:
    """A whole record, read with `mapping.reads(object_name)`, in canonical terms; nothing for an unmapped object."""
    found = mapping.objects.get(object_name)
    if found is None:
        return Inward()
    held = {(ref.system, ref.object, one): None for ref in found.references for one in _ids(ref, raw)}
    account = next(iter(_ids(found.account_ref, raw)), None) if found.account_ref else None
    return Inward(
        lead=_values(found.lead, raw),
        account=_values(found.account, raw),
        account_ref=(found.account_ref.object, account) if found.account_ref and account else None,
        references=tuple(held),
        other_emails=tuple(dict.fromkeys(filter(None, map(emails.normal, _other_emails(found, raw))))),
        no_emails=_no_emails(found, raw),
    )


def inward_property(mapping: CrmMapping, object_name: str, name: str, value: str) -> Fields:
    """What one changed property from a webhook says: lead fields of a person, account fields of a company.

    Silent where another property comes first, or where this one is blank and others may step in
    (`mapping.settles` says when): the record must be read then.
    """
    found = mapping.objects.get(object_name)
    if found is None:
        return NOTHING
    rules = found.lead if found.kind == "person" else found.account
    first = [rule for rule in rules if rule.sources[0].field == name]
    alone = {rule.name for rule in first if len(rule.sources) == 1}
    settled = _values([replace(rule, sources=rule.sources[:1]) for rule in first], {name: value})
    return {key: one for key, one in settled.items() if one is not None or key in alone}


def misread(mapping: CrmMapping, object_name: str, name: str, value: str) -> bool:
    """Whether one changed property is to be a person's e-mail and holds something that is none."""
    found = mapping.objects.get(object_name)
    return found is not None and name in _no_emails(found, {name: value})


def outward(mapping: CrmMapping, object_name: str, standing: Fields) -> Raw:
    """A lead's standing in the CRM's own names and types; only what `standing` names and the mapping writes.

    Native fields are not among them: what they take depends on what stands there (`natives`).
    """
    found = mapping.objects.get(object_name) or ObjectMapping(name=object_name, kind="person")
    return {
        target.field: _in_its_words(mapping, target, _in_their_words(target, standing[target.name]))
        for target in found.write
        if not target.native
        and target.name in standing
        and not (target.keeps and standing[target.name] is None)
        and not (target.name in SET_ONLY and standing[target.name] is not True)
    }


def natives(mapping: CrmMapping, object_name: str, standing: Fields, stands: Raw) -> Raw:
    """What a lead's standing asks of the fields that people set too, in the CRM's types.

    `stands` is what stands in them now.
    """
    found = mapping.objects.get(object_name)
    if found is None:
        return {}
    wishes = (
        (target, native_fields.to_write(found, target, standing, stands.get(target.field))) for target in found.native
    )
    return {target.field: _in_its_words(mapping, target, wish) for target, wish in wishes if wish is not None}


def _in_its_words(mapping: CrmMapping, target: Target, value: Value) -> Any:
    return catalogue.rules(mapping.system).written(value, STANDING_FIELDS[target.name].kind)


def _other_emails(found: ObjectMapping, raw: Raw) -> Iterator[str]:
    for name in found.other_emails:
        yield from transforms.parts(raw.get(name)) or ()


def _no_emails(found: ObjectMapping, raw: Raw) -> dict[str, str]:
    """By field, why what a person's record holds as an address is none."""
    fields = [source.field for rule in found.lead if rule.name == "email" for source in rule.sources]
    held = [(name, transforms.text(raw.get(name)) or "") for name in fields]
    held += [(name, one) for name in found.other_emails for one in transforms.parts(raw.get(name)) or ()]
    return {name: emails.fault(text) for name, text in held if text and emails.normal(text) is None}


def _values(rules: Iterable[Rule], raw: Raw) -> dict[str, Value]:
    values: dict[str, Value] = {}
    for rule in rules:
        canonical = _CANONICAL.get(rule.name)
        read = (
            canonical(raw.get(source.field)) if canonical else transforms.apply(source, raw.get(source.field))
            for source in rule.sources
        )
        value = next((one for one in read if one is not None), rule.default)
        if value is not None:
            values[rule.name] = value
        elif rule.clears and any(source.field in raw for source in rule.sources):
            values[rule.name] = None
    return values


def _email(raw: Any) -> Value:
    return emails.normal(transforms.text(raw) or "")


def _domain(raw: Any) -> Value:
    return domains.domain(transforms.text(raw) or "") or None


_CANONICAL: Mapping[str, Callable[[Any], Value]] = MappingProxyType({"email": _email, "domain": _domain})
"""By what people and companies are found: these have one spelling, whatever a mapping does to them."""


def _ids(reference: Reference, raw: Raw) -> tuple[ExternalId, ...]:
    read = transforms.parts(transforms.text(raw.get(reference.field))) or ()
    return tuple(record_ids.full(reference.system, one) for one in read if record_ids.genuine(reference.system, one))


def _in_their_words(target: Target, value: Value) -> Value:
    if not isinstance(value, str):
        return value
    return cut(target.values.get(value, value), target.limit)
