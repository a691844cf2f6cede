r"""Sameness: whether two values of a field mean the same, however each is written. Pure.

A CRM gives back what it was given in its own way: blanks for nulls, `40.0` for `40`, another zone, `\r\n` for `\n`,
another order of a multi-select. None of that is a change. [hubspot: values] [salesforce: values]
"""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

from mappings.model.canonical import Kind
from mappings.reading import transforms
from mappings.values import numbers
from mappings.values.instant import SECOND


def same(kind: Kind, one: Any, other: Any) -> bool:
    """Whether two values of a field of this kind are one value, as far as a CRM can distinguish them."""
    return bool(one == other or normal(kind, one) == normal(kind, other))


def normal(kind: Kind, value: Any) -> Any:
    """A value in the one way of writing it that all ways come down to; None for every kind of blank.

    What cannot be read as its kind is compared as text.
    """
    read = _NORMAL[kind](value)
    return _text(value) if read is None else read


def _text(value: Any) -> str | None:
    if isinstance(value, (list, tuple)):
        value = ";".join(map(str, value))
    plain = transforms.text(value)
    return "\n".join(line.rstrip() for line in plain.splitlines()) if plain else None


def _choice(value: Any) -> str | None:
    word = transforms.text(value)
    return word.casefold() if word else None


def _seconds(value: Any) -> int | None:
    """Salesforce keeps no fractions of a second."""
    at = transforms.date(value)
    return None if at is None else at // SECOND


def _set(value: Any) -> frozenset[str] | None:
    found = transforms.parts(value)
    return frozenset(each.casefold() for each in found) if found else None


_NORMAL: Mapping[Kind, Callable[[Any], Any]] = MappingProxyType(
    {
        "text": _text,
        "number": numbers.number,
        "boolean": transforms.boolean,
        "choice": _choice,
        "time": _seconds,
        "list": _set,
    }
)
