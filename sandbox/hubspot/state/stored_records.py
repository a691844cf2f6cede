"""Records and where they are found: by id, by unique value, by association."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sandbox.hubspot.state.property_values import Property, Values
from sandbox.shared import sandbox_clock
from sandbox.shared.seeded_random import Chance

KINDS = ("contacts", "companies", "deals", "tasks", "calls", "meetings", "emails", "leads")
ENGAGEMENTS = ("calls", "meetings", "emails")
OBJECT_TYPES = {
    "contacts": "0-1",
    "companies": "0-2",
    "deals": "0-3",
    "tasks": "0-27",
    "calls": "0-48",
    "meetings": "0-47",
    "emails": "0-49",
    "leads": "0-136",
}
SINGULAR = {
    "contacts": "contact",
    "companies": "company",
    "deals": "deal",
    "tasks": "task",
    "calls": "call",
    "meetings": "meeting",
    "emails": "email",
    "leads": "lead",
}
MODIFIED = {
    "contacts": "lastmodifieddate",
    "companies": "hs_lastmodifieddate",
    "deals": "hs_lastmodifieddate",
    "tasks": "hs_lastmodifieddate",
    "leads": "hs_lastmodifieddate",
    **dict.fromkeys(ENGAGEMENTS, "hs_lastmodifieddate"),
}
CREATED = {
    "contacts": "createdate",
    "companies": "createdate",
    "deals": "createdate",
    "tasks": "hs_createdate",
    "leads": "hs_createdate",
    **dict.fromkeys(ENGAGEMENTS, "hs_createdate"),
}
SHOWN = {
    "contacts": ("createdate", "email", "firstname", "hs_object_id", "lastmodifieddate", "lastname"),
    "companies": ("createdate", "domain", "hs_lastmodifieddate", "hs_object_id", "name"),
    "deals": (
        "amount",
        "closedate",
        "createdate",
        "dealname",
        "dealstage",
        "hs_lastmodifieddate",
        "hs_object_id",
        "pipeline",
    ),
    "tasks": ("hs_createdate", "hs_lastmodifieddate", "hs_object_id"),
    "leads": ("hs_createdate", "hs_lastmodifieddate", "hs_object_id"),
    **dict.fromkeys(ENGAGEMENTS, ("hs_createdate", "hs_lastmodifieddate", "hs_object_id")),
}
OTHER_EMAILS = "hs_additional_emails"
"""A contact's further addresses, parted by `;`; a look-up by e-mail finds by these too."""
_FIRST_ID = 301_448_210_000
"""Object ids exceed 2^31. [hubspot: webhooks]"""


@dataclass(slots=True, kw_only=True, eq=False)
class Record:
    """One record. `values` has what is set, as REST shows it; `links` other records by object type and id."""

    id: str
    kind: str
    values: Values
    created: int
    updated: int
    archived: bool = False
    links: dict[str, dict[str, set[int]]] = field(default_factory=dict)

    @property
    def other_emails(self) -> tuple[str, ...]:
        """Further e-mail addresses of a contact."""
        return tuple(filter(None, self.values.get(OTHER_EMAILS, "").split(";")))

    def shown(self, names: Sequence[str]) -> dict[str, Any]:
        """The record with these properties; a property without a value is null."""
        values = self.values
        return {
            "id": self.id,
            "properties": {name: values.get(name) for name in names},
            "createdAt": sandbox_clock.zulu(self.created),
            "updatedAt": sandbox_clock.zulu(self.updated),
            "archived": self.archived,
        }


class Shelf:
    """All records of one object type."""

    def __init__(self, kind: str, properties: dict[str, Property], chance: Chance) -> None:
        self.kind = kind
        self.properties = properties
        self.records: dict[str, Record] = {}
        self.archived: dict[str, Record] = {}
        self.moved: dict[str, str] = {}
        """Ids that a merge has ended, with the id of the survivor."""
        self._indexed: dict[str, dict[str, str]] = {}
        self._further: dict[str, None] = {}
        """Ids of records that have, or once had, further e-mail addresses."""
        self._chance = chance
        self._last = _FIRST_ID + 10_000_000_000 * KINDS.index(kind)

    def new_id(self) -> str:
        """An id never given before; ids rise with time but not by one."""
        self._last += self._chance.randint(1, 4_999)
        return str(self._last)

    def find(self, id_: str) -> Record | None:
        """The live record with this id, or the one it was merged into."""
        return self.records.get(id_) or self.records.get(self.moved.get(id_, ""))

    def find_by(self, name: str, value: str) -> Record | None:
        """The live record with this value of a unique property."""
        if name == "hs_object_id":
            return self.find(value)
        id_ = self._index(name).get(value.strip().lower() if name == "email" else value)
        if id_ is None and name == "email":
            return next((one for one in self._several_emails() if value.strip().lower() in one.other_emails), None)
        return self.records.get(id_) if id_ else None

    def _several_emails(self) -> Iterator[Record]:
        """The live contacts that have further addresses; each of those finds them as the first one does."""
        return (self.records[id_] for id_ in self._further if id_ in self.records)

    def unique(self, name: str) -> bool:
        """Whether the property identifies a record."""
        known = self.properties.get(name)
        return known is not None and (known.unique or (self.kind == "contacts" and name == "email"))

    def put(self, record: Record) -> None:
        """Add a record, or index its values anew."""
        self.records[record.id] = record
        if record.other_emails:
            self._further[record.id] = None
        for name, index in self._indexed.items():
            if name in record.values:
                index[record.values[name]] = record.id

    def set(self, record: Record, values: Mapping[str, str]) -> None:
        """Change values; "" clears. The index follows."""
        if OTHER_EMAILS in values:
            self._further[record.id] = None
        for name, value in values.items():
            if name in self._indexed:
                index = self._indexed[name]
                if index.get(record.values.get(name, "")) == record.id:
                    del index[record.values[name]]
                if value:
                    index[value] = record.id
            if value:
                record.values[name] = value
            else:
                record.values.pop(name, None)

    def archive(self, record: Record) -> None:
        """Put a record into the recycle bin; its unique values are free again."""
        del self.records[record.id]
        record.archived = True
        self.archived[record.id] = record
        for name, index in self._indexed.items():
            if index.get(record.values.get(name, "")) == record.id:
                del index[record.values[name]]

    def restore(self, record: Record) -> None:
        """Take a record out of the recycle bin."""
        del self.archived[record.id]
        record.archived = False
        self.put(record)

    def candidates(self, name: str, values: Sequence[str]) -> Iterator[Record] | None:
        """The records with one of these values, where there is an index to find them quickly; else None."""
        if not self.unique(name) and name != "hs_object_id":
            return None
        found = {record.id: record for value in values if (record := self.find_by(name, value))}
        return iter(found.values())

    def _index(self, name: str) -> dict[str, str]:
        if name not in self._indexed:
            held = ((record.values.get(name), record.id) for record in self.records.values())
            self._indexed[name] = {value: id_ for value, id_ in held if value}
        return self._indexed[name]
