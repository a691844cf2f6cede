"""New records: the fields with which a new CRM record of a person starts. Pure."""

from collections.abc import Mapping

from mappings.model.canonical import NOTHING, Fields, Value
from mappings.model.catalogue import TEXT_LIMIT
from mappings.model.creation_rule import PROPERTY, Creation, Given
from mappings.translate.cut_text import cut
from mappings.values import domains


def first_fields(
    creation: Creation, email: str, *, lead: Fields = NOTHING, account: Fields = NOTHING, properties: Fields = NOTHING
) -> dict[str, str]:
    """The fields of a new record: the e-mail, and what the mapping gives of what is known of the person.

    `properties` are those of the activity. Where the company's domain is not known, the e-mail gives it.
    """
    known: dict[str, Value] = {"account.domain": domains.domain(email), **lead, "email": email}
    known |= {f"account.{name}": value for name, value in account.items() if value}
    known |= {f"{PROPERTY}{name}": value for name, value in properties.items()}
    found = {each.field: _text(each, known) for each in creation.given}
    return {creation.email: email, **{name: cut(text, TEXT_LIMIT) for name, text in found.items() if text}}


def _text(given: Given, known: Mapping[str, Value]) -> str:
    for source in given.sources:
        value = known.get(source)
        text = ", ".join(map(str, value)) if isinstance(value, tuple) else "" if value is None else str(value).strip()
        if text:
            return text
    return given.default
