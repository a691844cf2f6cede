"""HubSpot's reads: request bodies, and replies as records and fields. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from connectors.base.port import FieldInfo, Raw, Record
from mappings.reading.transforms import date
from mappings.values.identifiers import ExternalId
from mappings.values.instant import Instant

KINDS: Mapping[str, str] = {
    "contact": "contacts",
    "company": "companies",
    "deal": "deals",
    "task": "tasks",
    "call": "calls",
    "meeting": "meetings",
    "email": "emails",
    "lead": "leads",
}
OPTIONAL = frozenset({"lead"})
"""Objects that an account may not have: only where a mapping reads them are they asked for."""
PEOPLED = frozenset({"deal", "call", "meeting", "email", "lead"})
"""Objects that are about people whom associations name."""
TYPE_IDS: Mapping[str, str] = {"contact": "0-1", "company": "0-2", "deal": "0-3", "task": "0-27", "lead": "0-136"}
"""The ids of object types, as the addresses of pages name them."""
TASK_KEY = "coldframe_key"
"""Our key in every task we create: one task for one key, whatever was retried."""
MODIFIED: Mapping[str, str] = {"contact": "lastmodifieddate"}
"""The property that holds the time of the last change, where it is not `hs_lastmodifieddate`."""
SEARCH = 200
"""Records on a page of search; it never goes past 10,000 of a query, so pages go by id. [hubspot: search]"""


def kind(object_name: str) -> str:
    """An object's name in paths: `contacts` for `contact`."""
    return KINDS.get(object_name, object_name)


def page_address(portal: str, object_name: str, record_id: str) -> str:
    """The page of a record; HubSpot sends people on to the data centre of their portal. "" for an unknown object."""
    kind_id = TYPE_IDS.get(object_name)
    return f"https://app.hubspot.com/contacts/{portal}/record/{kind_id}/{record_id}" if kind_id else ""


def read_body(ids: Iterable[str], fields: Sequence[str], *, by: str = "") -> dict[str, Any]:
    """A batch read by record id, or by a unique property."""
    body: dict[str, Any] = {
        "inputs": [{"id": one} for one in dict.fromkeys(ids)],
        "properties": sorted(set(fields)),
        "propertiesWithHistory": [],
    }
    return body | {"idProperty": by} if by else body


def changed_body(object_name: str, fields: Sequence[str], since: Instant, behind: str, having: str) -> dict[str, Any]:
    """A search for what was modified at or after `since`, by rising id behind an id.

    `sorts` holds texts, as in every description of the API that HubSpot publishes: the names of properties, rising.
    """
    filters = [_filter(MODIFIED.get(object_name, "hs_lastmodifieddate"), "GTE", str(since // 1_000))]
    if behind:
        filters.append(_filter("hs_object_id", "GT", behind))
    if having:
        filters.append({"propertyName": having, "operator": "HAS_PROPERTY"})
    return {
        "filterGroups": [{"filters": filters}],
        "sorts": ["hs_object_id"],
        "properties": sorted(set(fields)),
        "limit": SEARCH,
        "after": "0",
    }


def counted_body() -> dict[str, Any]:
    """A search for everything, of which only the total is wanted."""
    return {"filterGroups": [], "sorts": [], "properties": ["hs_object_id"], "limit": 1, "after": "0"}


def page(object_name: str, body: Mapping[str, Any], fields: Sequence[str]) -> tuple[list[Record], list[str], str]:
    """The records of a listing with the contacts they are about, and the cursor of the next page or "".

    The second names those records that have more contacts than the listing has.
    """
    listed = [found for found in body.get("results") or () if found.get("id")]
    contacts = {str(each["id"]): (each.get("associations") or {}).get("contacts") or {} for each in listed}
    records = [
        replace(_record(object_name, each, fields), people=_persons(contacts[str(each["id"])])) for each in listed
    ]
    return records, [record for record, listing in contacts.items() if after(listing)], after(body)


def _persons(contacts: Mapping[str, Any]) -> tuple[tuple[str, ExternalId], ...]:
    return people(str(each["id"]) for each in contacts.get("results") or ())


def people(contacts: Iterable[str]) -> tuple[tuple[str, ExternalId], ...]:
    """Contacts as the people of a record."""
    return tuple(("contact", ExternalId(one)) for one in dict.fromkeys(contacts))


def _filter(name: str, operator: str, value: str) -> dict[str, str]:
    return {"propertyName": name, "operator": operator, "value": value}


def records(object_name: str, body: Mapping[str, Any], fields: Sequence[str]) -> list[Record]:
    """The records of a batch read, in whatever order they came."""
    return [_record(object_name, found, fields) for found in body.get("results") or () if found.get("id")]


def _record(object_name: str, found: Mapping[str, Any], fields: Sequence[str]) -> Record:
    held: Raw = found.get("properties") or {}
    return Record(
        object=object_name,
        id=ExternalId(str(found["id"])),
        fields={name: held.get(name) for name in fields},
        created_at=date(found.get("createdAt")),
        modified_at=date(found.get("updatedAt")),
    )


def after(listed: Mapping[str, Any]) -> str:
    """Where the next page of a listing begins; "" after the last."""
    return str(((listed.get("paging") or {}).get("next") or {}).get("after") or "")


def rising(found: Sequence[Record]) -> bool:
    """Whether records come by rising id, as they were asked for: the next page goes on behind the last."""
    ids = [(len(record.id), record.id) for record in found]
    return ids == sorted(ids)


def fields(body: Mapping[str, Any] | Sequence[Mapping[str, Any]]) -> list[FieldInfo]:
    """The properties of an object type: of the listing, of an object schema, or of the first listing (an array)."""
    if isinstance(body, Mapping):
        body = body.get("results") or body.get("properties") or ()
    return [_field(found) for found in body if not found.get("deleted")]


def _field(found: Mapping[str, Any]) -> FieldInfo:
    told = {**found, **(found.get("modificationMetadata") or {})}
    shown = [option for option in found.get("options") or () if not option.get("hidden")]
    return FieldInfo(
        name=str(found["name"]),
        label=str(found.get("label") or ""),
        type=str(found.get("type") or ""),
        writable=not (told.get("readOnlyValue") or told.get("calculated")),
        creatable=not (told.get("readOnlyValue") or told.get("calculated")),
        unique=bool(found.get("hasUniqueValue")),
        options=tuple(str(option["value"]) for option in shown),
        labels=tuple(str(option.get("label") or option["value"]) for option in shown),
        restricted=found.get("type") == "enumeration" and not found.get("externalOptions"),
    )
