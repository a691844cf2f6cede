"""Outcome words: what people see for the outcomes that a CRM stores as ids, asked hourly; with it records are read.

An outcome that was made within the hour is not known yet: where a record has one, the CRM is asked again, at most once
a minute. What stays unknown is counted, for `coldframe doctor`.
"""

from collections.abc import Sequence
from dataclasses import replace

from connectors.base.port import Record
from integration.flows.base.service import Connection, HasStore
from integration.flows.crm_calls.described_fields import described
from integration.flows.crm_calls.hourly import Kept, hourly
from mappings.translate import outcome_labels
from mappings.values.instant import HOUR, MINUTE, Span

_Found = dict[str, dict[str, dict[str, str]]]


def with_labels(service: HasStore, connection: Connection, records: Sequence[Record]) -> Connection:
    """The connection as it reads these records: conditions that name labels match the ids. Raises Unavailable."""
    asked = outcome_labels.fields(connection.mapping)
    if not any(record.object in asked for record in records):
        return connection
    named = _named(service, connection, asked, HOUR)
    if any(_unread(named, record) for record in records):
        named = _named(service, connection, asked, MINUTE)
    return named


def _named(service: HasStore, connection: Connection, asked: dict[str, list[str]], age: Span) -> Connection:
    def ask() -> _Found:
        return {name: _labels(connection, name, fields) for name, fields in asked.items()}

    labels = hourly(service, "outcome_labels", connection.name, asked, ask, Kept[_Found], age=age)
    return replace(connection, mapping=outcome_labels.by_labels(connection.mapping, labels))


def _unread(connection: Connection, record: Record) -> bool:
    """Whether a record has an outcome of which not even the label is known."""
    known = connection.mapping.labels.get(record.object, {})
    return any(value not in known[name] for name in known if (value := str(record.fields.get(name) or "")))


def _labels(connection: Connection, object_name: str, fields: list[str]) -> dict[str, dict[str, str]]:
    """What people see for each value of these fields; of a field without a list of values, nothing."""
    there = described(connection, object_name, "outcomes")
    known = {name: there[name] for name in fields if name in there}
    return {name: dict(zip(each.options, each.labels, strict=False)) for name, each in known.items() if each.options}
