"""How our fields look as Salesforce's custom fields, in the Tooling API's JSON. Pure."""

from collections.abc import Mapping, Sequence
from typing import Any

from connectors.shared.provisioning import Wanted
from mappings.model.catalogue import TEXT_LIMIT

ACTIVITY = "Activity"
"""Custom fields of tasks are defined on Activity, which events share; permissions are given on Task."""
_LONG_LEAST = 256
_LONG_MOST = 131_072
_DESCRIBED: Mapping[str, str] = {
    "Text": "string",
    "TextArea": "textarea",
    "LongTextArea": "textarea",
    "Number": "double",
    "Currency": "currency",
    "Percent": "percent",
    "Checkbox": "boolean",
    "Picklist": "picklist",
    "MultiselectPicklist": "multipicklist",
    "DateTime": "datetime",
    "Date": "date",
}


def holder(object_name: str) -> str:
    """The object on which a field of this one is defined."""
    return ACTIVITY if object_name in {"Task", "Event"} else object_name


def full_name(one: Wanted) -> str:
    """`Lead.Coldframe_Fit__c`."""
    return f"{holder(one.object)}.{one.name}"


def created(one: Wanted) -> dict[str, Any]:
    """The body that creates a custom field."""
    return {"FullName": full_name(one), "Metadata": {**texts(one), **_typed(one)}}


def texts(one: Wanted) -> dict[str, str]:
    """What people read: label, help bubble, and the description that carries our mark."""
    return {"label": one.label, "inlineHelpText": one.help, "description": one.description}


def values(choices: Sequence[tuple[str, str]]) -> list[dict[str, Any]]:
    """Picklist values in their order."""
    return [{"valueName": value, "label": label, "default": False, "isActive": True} for value, label in choices]


def described(metadata: Mapping[str, Any]) -> str:
    """The type as describe gives it, from the definition's; the definition's own where describe is not known."""
    found = str(metadata.get("type") or "")
    return _DESCRIBED.get(found, found.casefold())


def summary(one: Wanted) -> str:
    """A field to be created, in a few words."""
    typed = _typed(one)
    words = str(typed["type"]) + (f"({typed['length']})" if "length" in typed else "")
    listed = f": {', '.join(value for value, _ in one.choices)}" if one.choices else ""
    return words + (", unique external id" if one.key else "") + listed


def _typed(one: Wanted) -> dict[str, Any]:
    match one.kind:
        case "number":
            return {"type": "Number", "precision": 18, "scale": 0}
        case "boolean":
            return {"type": "Checkbox", "defaultValue": "false"}
        case "time":
            return {"type": "DateTime"}
        case "choice" if one.choices:
            definition = {"sorted": False, "value": values(one.choices)}
            return {"type": "Picklist", "valueSet": {"restricted": True, "valueSetDefinition": definition}}
        case _ if one.limit > TEXT_LIMIT or one.kind == "list":
            length = min(max(one.limit, _LONG_LEAST), _LONG_MOST)
            return {"type": "LongTextArea", "length": length, "visibleLines": 5}
        case _:
            key = {"unique": True, "externalId": True, "caseSensitive": True} if one.key else {}
            return {"type": "Text", "length": TEXT_LIMIT, **key}
