"""How our fields look as HubSpot's properties. Pure."""

from collections.abc import Sequence
from typing import Any

from connectors.shared.provisioning import Wanted
from mappings.model.canonical import Kind
from mappings.model.catalogue import TEXT_LIMIT

_TYPES: dict[Kind, tuple[str, str]] = {
    "text": ("string", "text"),
    "number": ("number", "number"),
    "boolean": ("bool", "booleancheckbox"),
    "choice": ("enumeration", "select"),
    "time": ("datetime", "date"),
    "list": ("string", "textarea"),
}
_YES_NO = (("true", "Yes"), ("false", "No"))


def group(name: str) -> dict[str, Any]:
    """A property group of ours."""
    return {"name": name, "label": name.capitalize(), "displayOrder": -1}


def created(one: Wanted, group_name: str) -> dict[str, Any]:
    """The body that creates a property."""
    type_, field_type = _type(one)
    body: dict[str, Any] = {
        "name": one.name,
        "label": one.label,
        "description": one.description,
        "groupName": group_name,
        "type": type_,
        "fieldType": field_type,
        "formField": False,
    }
    choices = _YES_NO if one.kind == "boolean" else one.choices
    if choices:
        body["options"] = options(choices)
    return body | ({"hasUniqueValue": True} if one.key else {})


def options(choices: Sequence[tuple[str, str]], *, start: int = 0) -> list[dict[str, Any]]:
    """Options in their order, the first at place `start`."""
    return [
        {"value": value, "label": label, "displayOrder": place, "hidden": False}
        for place, (value, label) in enumerate(choices, start)
    ]


def summary(one: Wanted) -> str:
    """A property to be created, in a few words."""
    words = [_type(one)[1], *(["unique"] if one.key else [])]
    return ", ".join(words) + (f": {', '.join(value for value, _ in one.choices)}" if one.choices else "")


def _type(one: Wanted) -> tuple[str, str]:
    if one.kind == "text" and one.limit > TEXT_LIMIT:
        return "string", "textarea"
    return _TYPES[one.kind]
