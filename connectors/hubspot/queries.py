"""HubSpot's reading: request bodies, and replies as records and fields. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from connectors.base import FieldInfo, Raw, Record
from mappings.transforms import date

KINDS: Mapping[str, str] = {"contact": "contacts", "company": "companies", "deal": "deals", "task": "tasks"}
TASK_KEY = "coldframe_key"
"""Our key in every task we create: one task for one key, whatever was retried."""


def kind(object_name: str) -> str:
    """An object's name in paths: `contacts` for `contact`."""
    return KINDS.get(object_name, object_name)


def read_body(ids: Iterable[str], fields: Sequence[str], *, by: str = "") -> dict[str, Any]:
    """A batch read by record id, or by a unique property."""
    body: dict[str, Any] = {
        "inputs": [{"id": one} for one in dict.fromkeys(ids)],
        "properties": sorted(set(fields)),
        "propertiesWithHistory": [],
    }
    return body | {"idProperty": by} if by else body


def records(object_name: str, body: Mapping[str, Any], fields: Sequence[str]) -> list[Record]:
    """The records of a batch read, in whatever order they came."""
    return [_record(object_name, found, fields) for found in body.get("results") or () if found.get("id")]


def _record(object_name: str, found: Mapping[str, Any], fields: Sequence[str]) -> Record:
    held: Raw = found.get("properties") or {}
    return Record(
        object=object_name,
        id=str(found["id"]),
        fields={name: held.get(name) for name in fields},
        created_at=date(found.get("createdAt")),
        modified_at=date(found.get("updatedAt")),
    )


def fields(body: Mapping[str, Any]) -> list[FieldInfo]:
    """The properties of an object type."""
    return [_field(found) for found in body.get("results") or ()]


def _field(found: Mapping[str, Any]) -> FieldInfo:
    metadata = found.get("modificationMetadata") or {}
    return FieldInfo(
        name=str(found["name"]),
        label=str(found.get("label") or ""),
        type=str(found.get("type") or ""),
        writable=not (metadata.get("readOnlyValue") or found.get("calculated")),
        unique=bool(found.get("hasUniqueValue")),
        options=tuple(str(option["value"]) for option in found.get("options") or () if not option.get("hidden")),
    )


def owners(body: Mapping[str, Any]) -> tuple[dict[str, str], str]:
    """E-mail by owner id on one page, and the cursor of the next page or ""."""
    found = {str(owner["id"]): str(owner.get("email") or "") for owner in body.get("results") or ()}
    return found, str(((body.get("paging") or {}).get("next") or {}).get("after") or "")
