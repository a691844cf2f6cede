"""Which types of CRM fields can take a canonical value, and which can be read as one."""

from collections.abc import Mapping
from types import MappingProxyType

from mappings.model import catalogue
from mappings.model.canonical import Kind
from mappings.model.compiled_mapping import Transform
from mappings.values.identifiers import System

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


def takes(system: System, kind: Kind, field_type: str) -> bool:
    """Whether a field of this type takes such a value as `mappings.translate.translation.outward` writes it."""
    return field_type in catalogue.rules(system).takes[kind]


def readable(transform: Transform, field_type: str) -> bool:
    """Whether a transform can make anything of a field of this type."""
    return field_type not in _UNREADABLE.get(transform, frozenset()) | _WHOLE
