"""Pieces of JSON schemas, with which the shapes of vendors' requests are written down, and what checks a body by them.

Tests send thousands of bodies, of which hardly any is wrong: those that surely have their shape are told first, and
jsonschema, which takes nine times as long, looks at all others and says what is wrong with them.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any, TypeAlias

from jsonschema import Draft202012Validator, ValidationError

Schema: TypeAlias = Mapping[str, Any]
Sure: TypeAlias = Callable[[Any], bool]
"""Whether a value surely has a shape."""

TEXT: Schema = {"type": "string"}
ID: Schema = {"type": "string", "pattern": r"^.+$"}
TEXTS: Schema = {"type": "array", "items": TEXT}


def shape(required: Mapping[str, Schema], **optional: Schema) -> Schema:
    """An object with these names and no others."""
    names = {**required, **optional}
    return {"type": "object", "required": sorted(required), "properties": names, "additionalProperties": False}


def listed(item: Schema, most: int = 100) -> Schema:
    return {"type": "array", "items": item, "maxItems": most}


def inputs(item: Schema) -> Schema:
    return shape({"inputs": listed(item)})


class Shape:
    """What bodies of one kind look like."""

    def __init__(self, schema: Schema) -> None:
        self._surely = surely(schema)
        self._validator = Draft202012Validator(dict(schema))

    def errors(self, body: Any) -> Iterator[ValidationError]:
        """Everything in which a body has not this shape."""
        if not self._surely(body):
            yield from self._validator.iter_errors(body)


_TYPES: Mapping[str, Sure] = {
    "object": lambda value: isinstance(value, dict),
    "array": lambda value: isinstance(value, list),
    "string": lambda value: isinstance(value, str),
    "boolean": lambda value: isinstance(value, bool),
    "integer": lambda value: isinstance(value, int) and not isinstance(value, bool),
}


def surely(schema: Schema) -> Sure:
    """What tells whether a value surely has this shape; nothing surely has one of which a rule is not known here."""
    rules = {name: given for name, given in schema.items() if name not in {"properties", "additionalProperties"}}
    if not rules.keys() <= _RULES.keys():
        return lambda _value: False
    checks = [_RULES[name](given) for name, given in rules.items()]
    if rules.keys() != schema.keys():
        checks.append(_members(schema.get("properties", {}), schema.get("additionalProperties", True)))
    return lambda value: all(check(value) for check in checks)


def _type(name: str | list[str]) -> Sure:
    return _TYPES.get(name, lambda _value: False) if isinstance(name, str) else lambda _value: False


def _required(names: list[str]) -> Sure:
    wanted = frozenset(names)
    return lambda value: not isinstance(value, dict) or value.keys() >= wanted


def _items(schema: Schema) -> Sure:
    check = surely(schema)
    return lambda value: not isinstance(value, list) or all(map(check, value))


def _pattern(pattern: str) -> Sure:
    found = re.compile(pattern).search
    return lambda value: not isinstance(value, str) or found(value) is not None


def _members(named: Mapping[str, Schema], further: Schema | bool) -> Sure:  # noqa: FBT001 - as a schema says it
    checks = {name: surely(schema) for name, schema in named.items()}
    other: Sure = (lambda _value: further) if isinstance(further, bool) else surely(further)
    return lambda value: (
        not isinstance(value, dict) or all(checks.get(name, other)(inner) for name, inner in value.items())
    )


_RULES: Mapping[str, Callable[[Any], Sure]] = {
    "type": _type,
    "required": _required,
    "items": _items,
    "maxItems": lambda most: lambda value: not isinstance(value, list) or len(value) <= most,
    "minimum": lambda least: lambda value: not isinstance(value, int | float) or value >= least,
    "maximum": lambda most: lambda value: not isinstance(value, int | float) or value <= most,
    "pattern": _pattern,
    "enum": lambda values: lambda value: isinstance(value, str) and value in values,
    "const": lambda only: lambda value: isinstance(value, str) and value == only,
}
