"""The objects and fields an org starts with, made from the tables that list them."""

import re
from collections.abc import Iterator

from sandbox.salesforce.state.field_values import Field
from sandbox.salesforce.state.object_tables import DEFAULTS, LABELS, SYSTEM, TABLES

OBJECTS = tuple(TABLES)
_WORDS = re.compile(r"(?<=[a-z])(?=[A-Z])")


def schema(object_name: str, *, coldframe_fields: bool) -> dict[str, Field]:
    """An object's fields by name."""
    fields = {field.name: field for field in _read(object_name, SYSTEM + TABLES[object_name])}
    if not coldframe_fields:
        fields = {name: field for name, field in fields.items() if not name.startswith("Coldframe_")}
    return fields


def _read(object_name: str, table: str) -> Iterator[Field]:
    for line in filter(None, table.splitlines()):
        name, type_, flags, *rest = line.split(None, 3)
        kind, _, detail = type_.partition(":")
        bare = name.removesuffix("__c").replace("_", " ")
        label = (
            bare
            if name.endswith("__c")
            else _WORDS.sub(" ", bare).removesuffix(" Id") + (" ID" if name[-2:] == "Id" and name != "Id" else "")
        )
        label = LABELS.get((object_name, name), label)
        default = DEFAULTS.get((object_name, name), False if kind == "boolean" else None)
        yield Field(
            name=name,
            label=label,
            type=kind,
            length=int(detail) if detail.isdigit() else (18 if kind == "reference" else 0),
            createable="!" not in flags,
            updateable="!" not in flags and "c" not in flags,
            required="+" in flags,
            values=tuple(rest[0].split(",")) if rest else (),
            restricted="R" in flags,
            to=tuple(detail.split(",")) if kind == "reference" else (),
            unique="U" in flags,
            external="U" in flags,
            default=default,
        )
