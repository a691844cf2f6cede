"""JSON codec: how values become text and come back with their types."""

from collections.abc import Hashable, Iterable, Mapping
from functools import lru_cache
from typing import Any, TypeVar, cast

import msgspec

from mappings.model.canonical import Fields

T = TypeVar("T")

_OPEN = dict[str, str | bool | int | float | tuple[Any, ...] | dict[str, Any] | None]
"""Canonical values, and nested ones of properties that nobody knows but everybody keeps."""

_fields = msgspec.json.Decoder(_OPEN)


def _plain(value: object) -> object:
    if isinstance(value, Mapping):
        return dict(value)
    msg = f"{type(value).__name__} has no JSON"
    raise NotImplementedError(msg)


_encoder = msgspec.json.Encoder(enc_hook=_plain)


def encode(value: object) -> str:
    """The JSON text of plain values, dataclasses and mappings (read-only ones too)."""
    return _encoder.encode(value).decode()


@lru_cache(maxsize=64)
def _decoder(kind: Hashable) -> msgspec.json.Decoder[Any]:
    return msgspec.json.Decoder(kind)


def decode(text: str, kind: type[T]) -> T:
    """The value of `kind` that `encode` wrote; raises msgspec.ValidationError where it is not one."""
    return cast("T", _decoder(cast("Hashable", kind)).decode(text))


def decode_fields(text: str) -> Fields:
    """Canonical fields or properties, lists as tuples."""
    return cast("Fields", _fields.decode(text))


def listed(values: Iterable[str] | Iterable[int]) -> str:
    """A list as the one parameter that `dialects.among` reads."""
    return _encoder.encode(tuple(values)).decode()
