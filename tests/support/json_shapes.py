"""Pieces of JSON schemas, with which the shapes of vendors' requests are written down."""

from collections.abc import Mapping
from typing import Any, TypeAlias

Schema: TypeAlias = Mapping[str, Any]

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
