"""Salesforce's reads: SOQL, request bodies, and replies as records and fields. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from connectors.base.port import FieldInfo, Record
from connectors.salesforce import SYSTEM
from mappings.reading.transforms import date
from mappings.values import instant
from mappings.values.instant import Instant
from mappings.values.record_ids import full, genuine

TASK_KEY = "Coldframe_Key__c"
"""Our key in every task we create: a unique external id."""
ALWAYS = ("Id", "CreatedDate", "SystemModstamp")
PEOPLE = ("Lead", "Contact")
PAGE = 500
"""Changed records that are read at once, and stored in one transaction."""
_ESCAPES = str.maketrans({"\\": "\\\\", "'": "\\'", "\n": "\\n", "\r": "\\r", "\t": "\\t", "\f": "\\f", "\b": "\\b"})


def quoted(text: str) -> str:
    """A text as a SOQL literal, escaped."""
    return f"'{text.translate(_ESCAPES)}'"


def listed(texts: Iterable[str]) -> str:
    """Texts as a SOQL list, escaped."""
    return f"({', '.join(map(quoted, texts))})"


def retrieval(ids: Iterable[str], fields: Iterable[str]) -> dict[str, Any]:
    """The body of a collection retrieve."""
    return {"ids": list(ids), "fields": sorted({*fields, *ALWAYS})}


def people(object_name: str, emails: Iterable[str], fields: Iterable[str]) -> str:
    """People of one kind by e-mail (Salesforce compares without case); converted leads live on as contacts."""
    alive = "IsConverted = false AND " if object_name == "Lead" else ""
    columns = ", ".join(sorted({*fields, *ALWAYS}))
    return f"SELECT {columns} FROM {object_name} WHERE {alive}Email IN {listed(emails)}"  # noqa: S608 -- escaped above  # nosec B608


def changed(object_name: str, fields: Iterable[str], *, since: Instant, after: str, having: str) -> str:
    """What was modified at or after `since`, by rising id behind `after`; to be asked with the recycle bin."""
    columns = ", ".join(sorted({*fields, *ALWAYS, "IsDeleted"}))
    moment = f"{instant.to_datetime(since):%Y-%m-%dT%H:%M:%S}.{since // 1_000 % 1_000:03d}Z"
    tests = [f"SystemModstamp >= {moment}"]
    if after:
        tests.append(f"Id > {quoted(after)}")
    if having:
        tests.append(f"{having} != null")
    return f"SELECT {columns} FROM {object_name} WHERE {' AND '.join(tests)} ORDER BY Id LIMIT {PAGE}"  # noqa: S608 -- names of the mapping, which has checked them; the id is escaped  # nosec B608


def columns(fields: Iterable[str]) -> list[str]:
    """What a whole reading asks for, in its order."""
    return sorted({*fields, *ALWAYS})


def everything(object_name: str, fields: Iterable[str]) -> str:
    """Every record of an object."""
    return f"SELECT {', '.join(columns(fields))} FROM {object_name}"  # noqa: S608 -- names of the mapping, which has checked them  # nosec B608


def counted(object_name: str) -> str:
    """How many there are."""
    return f"SELECT COUNT() FROM {object_name}"  # noqa: S608 -- as above  # nosec B608


def by_id(object_name: str, ids: Iterable[str], fields: Iterable[str]) -> str:
    """Records by id, where a field of a related record is asked for, which a collection cannot give."""
    asked = listed(filter(_genuine, ids))
    return f"SELECT {', '.join(columns(fields))} FROM {object_name} WHERE Id IN {asked}"  # noqa: S608 -- ids checked  # nosec B608


def roles(opportunities: Iterable[str]) -> str:
    """The contacts of opportunities."""
    asked = listed(filter(_genuine, opportunities))
    return f"SELECT OpportunityId, ContactId FROM OpportunityContactRole WHERE OpportunityId IN {asked} ORDER BY Id"  # noqa: S608 -- ids checked  # nosec B608


def successors(object_name: str, field: str, ids: Iterable[str]) -> str:
    """Where records have gone: their converted contact, or the record they were merged into."""
    return f"SELECT Id, {field} FROM {object_name} WHERE Id IN {listed(filter(_genuine, ids))}"  # noqa: S608 -- ids checked  # nosec B608


def tasks(keys: Iterable[str]) -> str:
    """Our tasks by key."""
    return f"SELECT Id, {TASK_KEY} FROM Task WHERE {TASK_KEY} IN {listed(keys)}"  # noqa: S608 -- escaped above  # nosec B608


def selection(object_name: str, fields: Iterable[str], rest: str) -> str:
    """Rows of an object of the org's own setup; `rest` is what follows its name."""
    return f"SELECT {', '.join(sorted({*fields, 'Id'}))} FROM {object_name}{rest}"  # noqa: S608 -- names of ours, values escaped  # nosec B608


def record(object_name: str, found: Mapping[str, Any], fields: Iterable[str]) -> Record:
    """One record of a reply, of JSON or of CSV; its id in the 18-character form."""
    return Record(
        object=object_name,
        id=full(SYSTEM, str(found["Id"])),
        fields={name: _field_value(found, name) for name in fields},
        created_at=date(found.get("CreatedDate")),
        modified_at=date(found.get("SystemModstamp")),
        deleted=found.get("IsDeleted") is True,
    )


def _field_value(found: Mapping[str, Any], name: str) -> Any:
    """A field's value; `Campaign.Type` is nested in JSON, and a column of that name in CSV."""
    if name in found or "." not in name:
        return found.get(name)
    relation, _, last = name.partition(".")
    return (found.get(relation) or {}).get(last)


def objects(body: Mapping[str, Any]) -> Sequence[str]:
    """The objects of a global describe, by name."""
    return [str(found["name"]) for found in body.get("sobjects") or ()]


def fields(body: Mapping[str, Any]) -> Sequence[FieldInfo]:
    """The fields of a describe."""
    return [
        FieldInfo(
            name=str(found["name"]),
            label=str(found.get("label") or ""),
            type=str(found.get("type") or ""),
            writable=bool(found.get("updateable")),
            unique=bool(found.get("unique")),
            options=tuple(str(option["value"]) for option in _offered(found)),
            labels=tuple(str(option.get("label") or option["value"]) for option in _offered(found)),
            length=int(found.get("length") or 0),
            restricted=bool(found.get("restrictedPicklist")),
            creatable=bool(found.get("createable")),
            required=_required(found),
        )
        for found in body.get("fields") or ()
    ]


def _required(found: Mapping[str, Any]) -> bool:
    """Whether a new record must say what this field is: it may not be empty, and nothing fills it by itself."""
    own = bool(found.get("createable")) and found.get("type") != "boolean"
    return own and found.get("nillable") is False and not found.get("defaultedOnCreate")


def _genuine(record_id: str) -> bool:
    return genuine(SYSTEM, record_id)


def _offered(found: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """The values of a picklist that may be chosen."""
    return [option for option in found.get("picklistValues") or () if option.get("active", True)]
