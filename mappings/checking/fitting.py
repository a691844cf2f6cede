"""Which types of CRM fields can take a canonical value, and which can be read as one."""

from collections.abc import Mapping
from types import MappingProxyType

from mappings.model.canonical import Kind
from mappings.model.compiled_mapping import Transform

_HUBSPOT: Mapping[Kind, frozenset[str]] = MappingProxyType(
    {
        "text": frozenset({"string"}),
        "number": frozenset({"number", "string"}),
        "boolean": frozenset({"bool", "enumeration", "string"}),
        "choice": frozenset({"enumeration", "string"}),
        "time": frozenset({"datetime"}),
        "list": frozenset({"enumeration", "string"}),
    }
)
_SALESFORCE: Mapping[Kind, frozenset[str]] = MappingProxyType(
    {
        "text": frozenset({"string", "textarea"}),
        "number": frozenset({"double", "int", "currency", "percent"}),
        "boolean": frozenset({"boolean"}),
        "choice": frozenset({"picklist", "string", "textarea", "combobox"}),
        "time": frozenset({"datetime"}),
        "list": frozenset({"multipicklist", "string", "textarea"}),
    }
)
TAKES: Mapping[str, Mapping[Kind, frozenset[str]]] = MappingProxyType({"hubspot": _HUBSPOT, "salesforce": _SALESFORCE})
"""System → kind of a standing's part → the CRM's own field types that take it (apis.md, Values)."""

_NUMBERS = frozenset({"number", "double", "int", "currency", "percent", "long"})
_TIMES = frozenset({"date", "datetime", "time"})
_FLAGS = frozenset({"bool", "boolean"})
_WHOLE = frozenset({"address", "location", "object_coordinates", "json"})
"""Compound values: no transform reads one."""
_UNREADABLE: Mapping[Transform, frozenset[str]] = MappingProxyType(
    {
        "number": _TIMES | _FLAGS,
        "boolean": _TIMES | _NUMBERS,
        "date": _NUMBERS | _FLAGS,
        "list": _TIMES | _NUMBERS | _FLAGS,
        "seniority": _TIMES | _NUMBERS | _FLAGS,
        "domain": _TIMES | _NUMBERS | _FLAGS,
        "country": _TIMES | _NUMBERS | _FLAGS,
        "timezone": _TIMES | _NUMBERS | _FLAGS,
    }
)


def takes(system: str, kind: Kind, field_type: str) -> bool:
    """Whether a field of this type takes such a value as `mappings.translate.translation.outward` writes it."""
    return field_type in TAKES[system][kind]


def readable(transform: Transform, field_type: str) -> bool:
    """Whether a transform can make anything of a field of this type."""
    return field_type not in _UNREADABLE.get(transform, frozenset()) | _WHOLE
