"""What the field mappings' pages call things: our fields, transforms, kinds."""

from collections.abc import Mapping

from mappings.model.canonical import OPPORTUNITY_FIELDS, STANDING_FIELDS, Field, Kind, Value
from mappings.model.compiled_mapping import Transform
from mappings.vocabulary.value import Vocabulary

TRANSFORMS: Mapping[Transform, str] = {
    "text": "text as it is, trimmed",
    "lower": "small letters",
    "number": "a number",
    "boolean": "yes or no",
    "date": "a date or time",
    "list": "several values, parted by ;",
    "picklist": "a word from the table below",
    "seniority": "the seniority in a job title",
    "country": "a country's code",
    "timezone": "a time zone",
    "domain": "a company's domain",
}
"""The closed list of what can be done to a value, in the words of the form."""
KINDS: Mapping[Kind, str] = {
    "text": "text",
    "number": "number",
    "boolean": "yes or no",
    "time": "date",
    "choice": "picklist",
    "list": "several values",
}
SECTIONS: Mapping[str, str] = {
    "lead": "person",
    "account": "company",
    "opportunity": "deal",
    "write": "where the lead stands",
}


def fields_of(words: Vocabulary, section: str) -> Mapping[str, Field]:
    """Our fields that stand in a section of an object."""
    of = {"lead": words.lead, "account": words.account, "opportunity": OPPORTUNITY_FIELDS, "write": words.standing}
    return of.get(section, {})


def our_label(words: Vocabulary, section: str, name: str) -> str:
    """What people call one of our fields."""
    field = fields_of(words, section).get(name) or STANDING_FIELDS.get(name)
    return (field.label if field else "") or name.replace("_", " ").capitalize()


def word_label(word: str) -> str:
    """A word of ours, as people read it."""
    return word.replace("_", " ")


def shown_value(value: Value) -> str:
    """A value as people read it; "" for none."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return ", ".join(value) if isinstance(value, tuple) else str(value)
