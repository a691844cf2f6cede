"""Property values: what a property may contain, and which values HubSpot refuses for it."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, TypeAlias

from sandbox.hubspot.state.refusals import Invalid
from sandbox.shared import sandbox_clock

Values: TypeAlias = dict[str, str]

LONGEST = 65_536
_EMAIL = re.compile(r"[^@\s,;<>()]+@[^@\s,;<>()]+\.[A-Za-z]{2,}")


@dataclass(slots=True, kw_only=True)
class Property:
    """A property's definition; `type` is string, number, bool, enumeration, datetime or date."""

    name: str
    label: str
    type: str
    field_type: str
    group: str
    description: str = ""
    options: Mapping[str, str] = field(default_factory=dict)
    read_only: bool = False
    unique: bool = False
    custom: bool = False
    created: int = 0

    def shown(self) -> dict[str, Any]:
        """The definition as the properties API gives it."""
        options = [
            {"label": label, "value": value, "displayOrder": place, "hidden": False, "description": ""}
            for place, (value, label) in enumerate(self.options.items())
        ]
        stamp = sandbox_clock.zulu(self.created)
        return {
            "updatedAt": stamp,
            "createdAt": stamp,
            "name": self.name,
            "label": self.label,
            "type": self.type,
            "fieldType": self.field_type,
            "description": self.description,
            "groupName": self.group,
            "options": options,
            "displayOrder": -1,
            "calculated": self.read_only and self.type == "number",
            "externalOptions": self.name == "hubspot_owner_id",
            "archived": False,
            "hasUniqueValue": self.unique,
            "hidden": False,
            "hubspotDefined": not self.custom,
            "modificationMetadata": {
                "archivable": self.custom,
                "readOnlyDefinition": not self.custom,
                "readOnlyValue": self.read_only,
            },
            "formField": not self.read_only,
            "dataSensitivity": "non_sensitive",
        }

    def loose(self) -> "Property":
        """The property as HubSpot itself may write it."""
        return replace(self, read_only=False)

    def settled(self, value: object) -> str | Invalid:
        """The value as it will be stored and read back ("" clears), or why it is refused."""
        if not isinstance(value, str):
            return self._wrong("INVALID_STRING", f"{value!r} was not a string: property values are strings")
        if self.read_only:
            return self._wrong("READ_ONLY_VALUE", f'"{self.name}" is a read only property; its value cannot be set.')
        if len(value) > LONGEST:
            return self._wrong("PROPERTY_VALUE_TOO_LONG", f"Property values are at most {LONGEST} characters long.")
        return _SETTLED[self.type](self, value) if value else ""

    def text(self, value: str) -> str | Invalid:
        """Text: e-mails in lower case, single lines without space around them."""
        if self.name == "email":
            if not _EMAIL.fullmatch(value.strip()):
                return self._wrong("INVALID_EMAIL", f"Email address {value} is invalid")
            return value.strip().lower()
        return value.strip() if self.field_type == "text" else value

    def number(self, value: str) -> str | Invalid:
        """A number, as it was written."""
        try:
            float(value)
        except ValueError:
            return self._wrong("INVALID_NUMBER", f"{value} was not a valid number.")
        return value.strip()

    def chosen(self, value: str) -> str | Invalid:
        """One of the options, or several joined by `;` where it is a list of checkboxes."""
        options = self.options or ({"true": "", "false": ""} if self.type == "bool" else {})
        if not options:
            return value
        chosen = value.split(";") if self.field_type == "checkbox" else [value]
        for one in chosen:
            if one not in options:
                known = ", ".join(options)
                return self._wrong("INVALID_OPTION", f"{one} was not one of the allowed options: [{known}]")
        return value

    def time(self, value: str) -> str | Invalid:
        """A time from epoch milliseconds or ISO 8601; a date wants midnight."""
        try:
            at = int(value) if value.lstrip("-").isdigit() else sandbox_clock.read(value)
            if self.type != "date":
                return sandbox_clock.short_zulu(at)
            if at % sandbox_clock.DAY:
                return self._wrong("INVALID_DATE", f"{value} is at {sandbox_clock.zulu(at)}, not midnight!")
            return sandbox_clock.day(at)
        except (ValueError, OverflowError):
            return self._wrong("INVALID_DATE", f"{value} was not a valid {self.type}.")

    def webhook_value(self, stored: str) -> str:
        """The value as a webhook gives it: times as epoch milliseconds [hubspot: values]."""
        if stored and self.type in {"datetime", "date"}:
            return str(sandbox_clock.read(stored))
        return stored

    def _wrong(self, code: str, message: str) -> Invalid:
        return Invalid(name=self.name, code=code, message=message)


_SETTLED: Mapping[str, Callable[[Property, str], str | Invalid]] = {
    "string": Property.text,
    "number": Property.number,
    "bool": Property.chosen,
    "enumeration": Property.chosen,
    "datetime": Property.time,
    "date": Property.time,
}


def unknown(name: str) -> Invalid:
    """A property that the portal does not have."""
    return Invalid(name=name, code="PROPERTY_DOESNT_EXIST", message=f'Property "{name}" does not exist')
