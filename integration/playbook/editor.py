"""What authors need besides the compiler: a copy under a new name, and a schema for their editor."""

import re
from typing import Any

from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue
from pydantic_core.core_schema import DictSchema, WithDefaultSchema

from integration.playbook.schema import PlaybookFile
from mappings import located

_NAME = re.compile(r"[a-z][a-z0-9_-]*")


def renamed(source: str, file: str, name: str) -> str:
    """The same playbook under another name, comments and all; ValueError if either cannot be."""
    if not _NAME.fullmatch(name):
        msg = f"'{name}' is no name: small letters, digits, _ and - only"
        raise ValueError(msg)
    found, problems = located.load(source, file)
    if found is None or ("name",) not in found.positions:
        msg = str(problems[0]) if problems else f"{file} has no name"
        raise ValueError(msg)
    line, column = found.positions["name",]
    rows = source.splitlines(keepends=True)
    row = rows[line - 1]
    rows[line - 1] = row[: column - 1] + name + row[column - 1 :].removeprefix(str(found.value["name"]))
    return "".join(rows)


class _Schema(GenerateJsonSchema):
    """Keys that a mapping may have are all it may have, and no default stands there: values of the core are no JSON."""

    def dict_schema(self, schema: DictSchema) -> JsonSchemaValue:
        """The schema of a mapping whose keys have a form."""
        found = super().dict_schema(schema)
        return found | {"additionalProperties": False} if "patternProperties" in found else found

    def default_schema(self, schema: WithDefaultSchema) -> JsonSchemaValue:
        """The schema of the value alone."""
        return self.generate_inner(schema["schema"])


def schema_of_language() -> dict[str, Any]:
    """The JSON Schema (2020-12) of a playbook file."""
    found = PlaybookFile.model_json_schema(by_alias=True, schema_generator=_Schema)
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Coldframe playbook, language 1",
        **{key: value for key, value in found.items() if key != "title"},
    }
