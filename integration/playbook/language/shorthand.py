"""Shorthand: shorter ways to write the same thing, for the reader and for the JSON Schema alike.

One thing where several may stand, a bare value for a mapping's most important key, and keys of one form gathered into
a mapping of their own.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, core_schema

Shape = Callable[[JsonSchemaValue, Callable[[JsonSchemaValue], JsonSchemaValue]], JsonSchemaValue]
"""The JSON Schema of the long form, and how to follow a reference in it, to that of either form."""


@dataclass(frozen=True, slots=True)
class Shorthand:
    """A written form that is turned into the long one before it is read."""

    lengthen: Callable[[Any], Any]
    shape: Shape

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        """Lengthen first, then read."""
        return core_schema.no_info_before_validator_function(self.lengthen, handler(source))

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        """Either form."""
        return self.shape(handler(schema), handler.resolve_ref_schema)


def _one_or_many(long: JsonSchemaValue, follow: Callable[[JsonSchemaValue], JsonSchemaValue]) -> JsonSchemaValue:
    several = next((each for each in (long, *long.get("anyOf", ())) if each.get("type") == "array"), None)
    return {"anyOf": [follow(several)["items"], long]} if several else long


LISTED = Shorthand(lambda value: value if value is None or isinstance(value, list) else [value], _one_or_many)
"""One thing is a list of one."""


def short(key: str) -> Shorthand:
    """`15` for `{points: 15}`: a bare value stands for the mapping's most important key."""

    def shape(long: JsonSchemaValue, follow: Callable[[JsonSchemaValue], JsonSchemaValue]) -> JsonSchemaValue:
        return {"anyOf": [follow(long)["properties"][key], long]}

    return Shorthand(lambda value: value if isinstance(value, dict) else {key: value}, shape)


def gathered(into: str, apart: Callable[[str], bool]) -> Shorthand:
    """All keys but those that stand `apart` become one mapping under `into`."""

    def lengthen(value: Any) -> Any:
        if not isinstance(value, dict):
            return value
        found = {key: each for key, each in value.items() if not apart(key)}
        return {key: each for key, each in value.items() if key not in found} | ({into: found} if found else {})

    def shape(long: JsonSchemaValue, follow: Callable[[JsonSchemaValue], JsonSchemaValue]) -> JsonSchemaValue:
        known = follow(long)
        rest = {key: each for key, each in known["properties"].items() if key != into}
        inner = known["properties"][into]
        keys = {key: inner[key] for key in ("patternProperties", "additionalProperties") if key in inner}
        return {"type": "object", "properties": rest, "additionalProperties": False, **keys}

    return Shorthand(lengthen, shape)


def by_day(first: str) -> Shorthand:
    """One content for all days is the content from the first day on."""

    def shape(long: JsonSchemaValue, follow: Callable[[JsonSchemaValue], JsonSchemaValue]) -> JsonSchemaValue:
        del follow
        return {"anyOf": [{"type": "string"}, long]}

    return Shorthand(lambda value: {first: value} if isinstance(value, str) else value, shape)
