"""Outcome labels: conditions that name what people see match the ids that a CRM stores. Pure."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any, TypeAlias

from mappings.model import catalogue
from mappings.model.compiled_mapping import Condition, CrmMapping, ObjectMapping, Outcome, Rule
from mappings.reading import transforms
from mappings.translate.record_answers import holds, matches

Labels: TypeAlias = Mapping[str, Mapping[str, Mapping[str, str]]]
"""By object and field: what people see for each value."""


def fields(mapping: CrmMapping) -> dict[str, list[str]]:
    """By object, the fields of outcomes that a mapping reads."""
    known = catalogue.rules(mapping.system).outcomes
    read = {name: sorted(known[name] & set(each.reads)) for name, each in mapping.objects.items() if name in known}
    return {name: names for name, names in read.items() if names}


def by_labels(mapping: CrmMapping, labels: Labels) -> CrmMapping:
    """The mapping whose conditions and tables that name labels name their values as well."""
    objects = {
        name: _object(each, labels[name]) if labels.get(name) else each for name, each in mapping.objects.items()
    }
    return replace(mapping, objects=objects, labels=labels)


def unread(mapping: CrmMapping, object_name: str, raw: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """(`call.hs_call_disposition`, word) of each outcome in a record that no line of the mapping reads or ignores.

    The word is what people see, where that is known.
    """
    found = mapping.objects[object_name]
    said = [each.when for each in _outcomes(found)]
    said += [found.activity.ignores] if found.activity else []
    for name in sorted(catalogue.rules(mapping.system).outcomes.get(object_name, ())):
        word = transforms.text(raw.get(name)) or ""
        reads = [when for when in said if name in when]
        if word and reads and not any(holds({name: when[name]}, raw) for when in reads):
            yield f"{object_name}.{name}", mapping.labels.get(object_name, {}).get(name, {}).get(word, word)


def _outcomes(found: ObjectMapping) -> tuple[Outcome, ...]:
    task = found.task.outcomes if found.task else ()
    return (*task, *(found.activity.cases if found.activity else ()))


def _object(found: ObjectMapping, labels: Mapping[str, Mapping[str, str]]) -> ObjectMapping:
    task, activity = found.task, found.activity
    return replace(
        found,
        task=replace(task, outcomes=_named(task.outcomes, labels)) if task else None,
        activity=replace(activity, cases=_named(activity.cases, labels), ignores=_condition(activity.ignores, labels))
        if activity
        else None,
    )


def _named(cases: Iterable[Outcome], labels: Mapping[str, Mapping[str, str]]) -> tuple[Outcome, ...]:
    return tuple(
        replace(each, when=_condition(each.when, labels), rules=tuple(_rule(rule, labels) for rule in each.rules))
        for each in cases
    )


def _condition(when: Condition, labels: Mapping[str, Mapping[str, str]]) -> Condition:
    return {name: (*words, *_values(words, labels.get(name, {}))) for name, words in when.items()}


def _values(words: tuple[str, ...], labels: Mapping[str, str]) -> list[str]:
    """The values of which a label is among these words."""
    return [value.casefold() for value, label in labels.items() if any(matches(word, label) for word in words)]


def _rule(rule: Rule, labels: Mapping[str, Mapping[str, str]]) -> Rule:
    """A rule whose table names the values of the labels in it as well."""
    sources = []
    for source in rule.sources:
        known = labels.get(source.field, {})
        more = {value.casefold(): source.values.get(label.casefold()) for value, label in known.items()}
        sources.append(replace(source, values={**{key: word for key, word in more.items() if word}, **source.values}))
    return replace(rule, sources=tuple(sources))
