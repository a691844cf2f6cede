"""Picklists: which words the CRMs' own fields accept from this user, as last described; asked once an hour.

A portal may have renamed a stage, and an org may let this user see a status and not edit it: what a field does not take
is not sent, since it would refuse the whole record, scores and all.
"""

from collections.abc import Mapping
from typing import TypeAlias

from connectors.base.port import FieldInfo
from integration.flows.base.service import Connection, HasStore
from integration.flows.crm_calls.described_fields import described
from integration.flows.crm_calls.hourly import Kept, hourly
from mappings.model import catalogue

Words: TypeAlias = Mapping[tuple[str, str], frozenset[str]]
"""By object and field; a field that takes any word is absent."""
_Found: TypeAlias = dict[str, dict[str, list[str] | None]]


def offered(service: HasStore, connection: Connection) -> Words:
    """The words that each of the CRM's own fields takes, of those that the mapping writes. Raises Unavailable."""
    objects = connection.mapping.objects.values()
    asked = {each.name: [target.field for target in each.native] for each in objects if each.native}

    def ask() -> _Found:
        return {key: _described(connection, key, fields) for key, fields in asked.items()}

    found = hourly(service, "picklists", connection.name, asked, ask, Kept[_Found])
    return {
        (key, field): frozenset(words)
        for key, fields in found.items()
        for field, words in fields.items()
        if words is not None
    }


def _described(connection: Connection, object_name: str, fields: list[str]) -> dict[str, list[str] | None]:
    """Words by field: None for any, an empty list for none."""
    there = described(connection, object_name, "fields")  # without having looked, nothing is written there; our own are
    return {name: _words(connection, there.get(name)) for name in fields}


def _words(connection: Connection, field: FieldInfo | None) -> list[str] | None:
    if field is None or not (field.writable or field.name in catalogue.rules(connection.system).carried):
        return []
    return list(field.options) or None
