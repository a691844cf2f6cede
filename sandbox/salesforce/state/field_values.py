"""Field values: what a field may contain, and which values Salesforce refuses for it."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sandbox.salesforce.state.refusals import Refused, unparsable
from sandbox.shared import sandbox_clock

_EMAIL = re.compile(r"[^@\s,;<>()]+@[^@\s,;<>()]+\.[A-Za-z0-9-]{2,}")
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
_TEXTS = frozenset({"string", "textarea", "email", "phone", "url", "picklist", "multipicklist", "combobox"})
_NUMBERS = frozenset({"double", "currency", "percent"})
_FILTERABLE = 255
_SOAP = {"boolean": "boolean", "int": "int", "double": "double", "currency": "double", "percent": "double"}
_SOAP |= {"date": "date", "datetime": "dateTime"}


@dataclass(slots=True, kw_only=True)
class Field:
    """A field's definition; `to` names the objects that a reference may point at."""

    name: str
    label: str
    type: str
    length: int = 0
    createable: bool = True
    updateable: bool = True
    required: bool = False
    values: tuple[str, ...] = ()
    restricted: bool = False
    to: tuple[str, ...] = ()
    unique: bool = False
    external: bool = False
    encrypted: bool = False
    """Whether it is kept encrypted by chance (Shield's probabilistic scheme): shown, and never filtered by."""
    default: Any = None

    @property
    def custom(self) -> bool:
        """Whether somebody here made it."""
        return self.name.endswith("__c")

    @property
    def relationship(self) -> str:
        """The name by which SOQL goes through a reference: `Owner` for `OwnerId`; "" for other fields."""
        if self.type != "reference":
            return ""
        return self.name[:-1] + "r" if self.custom else self.name.removesuffix("Id")

    @property
    def filterable(self) -> bool:
        """Whether a query may filter by it: longer text areas and encrypted fields may not."""
        return not self.encrypted and not (self.type == "textarea" and self.length > _FILTERABLE)

    def settled(self, value: Any) -> Any:
        """The value as it will be stored and read back; None clears. Raises Refused."""
        if value is None:
            return None
        if self.type in _TEXTS:
            return self._text(value)
        if self.type == "boolean":
            if not isinstance(value, bool):
                raise self._unparsable(value)
            return value
        if self.type == "int" or self.type in _NUMBERS:
            return self._number(value)
        if self.type in {"date", "datetime"}:
            return self._time(value)
        if not isinstance(value, str):
            raise self._unparsable(value)
        return value or None

    def _text(self, value: Any) -> str | None:
        if not isinstance(value, str):
            raise self._unparsable(value)
        text = value.strip()
        if not text:
            return None
        if self.length and len(text) > self.length:
            message = f"{self.label}: data value too large: {text} (max length={self.length})"
            raise Refused(code="STRING_TOO_LONG", message=message, fields=[self.name])
        if self.type == "email" and not _EMAIL.fullmatch(text):
            message = f"{self.label}: invalid email address: {text}"
            raise Refused(code="INVALID_EMAIL_ADDRESS", message=message, fields=[self.name])
        if self.restricted and text not in self.values:
            message = f"{self.label}: bad value for restricted picklist field: {text}"
            raise Refused(code="INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST", message=message, fields=[self.name])
        return text

    def _number(self, value: Any) -> float | int | None:
        if isinstance(value, bool) or not isinstance(value, str | int | float):
            raise self._unparsable(value)
        if value == "":
            return None
        try:
            return int(value) if self.type == "int" else float(value)
        except ValueError as trouble:
            raise self._unparsable(value) from trouble

    def _time(self, value: Any) -> str | None:
        if value == "":
            return None
        try:
            if self.type == "date":
                if not _DAY.fullmatch(value[:10]):
                    raise self._unparsable(value)
                return sandbox_clock.day(sandbox_clock.read(value[:10]))
            if _DAY.fullmatch(value):
                raise self._unparsable(value)
            return sandbox_clock.offset(sandbox_clock.read(value))
        except (TypeError, ValueError) as trouble:
            raise self._unparsable(value) from trouble

    def _unparsable(self, value: Any) -> Refused:
        known = self.type if self.type in _SOAP else "string"
        return unparsable(known, value)

    def described(self) -> dict[str, Any]:
        """The field as describe gives it."""
        number = self.type in _NUMBERS
        return {
            "aggregatable": self.type not in {"textarea", "address"},
            "autoNumber": False,
            "byteLength": self.length * 3,
            "calculated": False,
            "caseSensitive": False,
            "createable": self.createable,
            "custom": self.custom,
            "defaultValue": self.default,
            "defaultedOnCreate": self.default is not None,
            "dependentPicklist": False,
            "deprecatedAndHidden": False,
            "digits": 8 if self.type == "int" else 0,
            "encrypted": self.encrypted,
            "externalId": self.external,
            "filterable": self.filterable,
            "groupable": self.type not in {"textarea", "datetime", "double", "address"},
            "idLookup": self.name == "Id" or self.type == "email" or self.external,
            "label": self.label,
            "length": self.length,
            "name": self.name,
            "nameField": self.name == "Name",
            "nillable": not self.required and self.type != "boolean",
            "permissionable": not self.required,
            "picklistValues": _picklist(self.values, self.default),
            "polymorphicForeignKey": len(self.to) > 1,
            "precision": 18 if number else 0,
            "referenceTo": list(self.to),
            "relationshipName": self.relationship or None,
            "restrictedPicklist": self.restricted,
            "scale": 2 if self.type == "currency" else 0,
            "soapType": f"xsd:{_SOAP.get(self.type, 'string')}" if self.type not in {"id", "reference"} else "tns:ID",
            "sortable": not self.encrypted and self.type not in {"textarea", "address"},
            "type": self.type,
            "unique": self.unique,
            "updateable": self.updateable,
        }


def _picklist(values: Sequence[str], default: Any) -> list[dict[str, Any]]:
    return [
        {"active": True, "defaultValue": value == default, "label": value, "validFor": None, "value": value}
        for value in values
    ]
