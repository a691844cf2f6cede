"""Help for authors: a copy under a new name, and a JSON Schema for their editor."""

import re
from typing import Any

from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue
from pydantic_core.core_schema import DictSchema, WithDefaultSchema

from integration.core.handoff.wording import wording_fields
from integration.core.rules.conditions import STANDING
from integration.playbook.language.grammar import ANY_ENGAGEMENT
from integration.playbook.language.schema import PlaybookFile
from integration.playbook.language.texts import cause_form, source_form
from mappings.vocabulary.value import CANONICAL, Vocabulary
from mappings.yaml_files import located_yaml

_HEADER_OF_SHIPPED = re.compile(r"\A(?:#.*\n)+")
_HEADER = """\
# {name}: a copy of the playbook {origin}, to change as you like.
# Every mistake at once: coldframe playbook check {target}
# What you changed:      coldframe playbook diff {origin} {target}
# On your history:       coldframe backtest --playbook {target} --against {origin} --events history.jsonl"""
_CONDITION = "A condition on fields and scores; clauses joined by `and`."
_WORDING = "What people read; {fields} are filled in."
_BY_DATE = "So long before or after a date."
_NAME = re.compile(r"[a-z][a-z0-9_-]*")
_COMMENT = re.compile(r"(?P<before>^|\s)#(?P<text>.*)$")
_REFERENCE = re.compile(r" ?\[[a-z][a-z -]*: [a-zA-Z][a-zA-Z0-9 -]*\]")
"""`[two-axis: decay]`: a section of our page on sources, which whoever has a copy need not have."""


def renamed(source: str, file: str, name: str) -> str:
    """The same playbook under another name, comments and all; ValueError if either cannot be."""
    if not _NAME.fullmatch(name):
        msg = f"'{name}' is no name: small letters, digits, _ and - only"
        raise ValueError(msg)
    found, problems = located_yaml.load(source, file)
    if found is None or ("name",) not in found.positions:
        msg = str(problems[0]) if problems else f"{file} has no name"
        raise ValueError(msg)
    line, column = found.positions["name",]
    rows = source.splitlines(keepends=True)
    row = rows[line - 1]
    rows[line - 1] = row[: column - 1] + name + row[column - 1 :].removeprefix(str(found.value["name"]))
    return "".join(rows)


def own_copy(shipped: str, origin: str, name: str, target: str) -> str:
    """The text of a shipped playbook as somebody's own file `target`: without references to our page on sources."""
    body = _HEADER_OF_SHIPPED.sub("", renamed(shipped, f"{origin}.yaml", name))
    rows = [row for row in map(_without_references, body.splitlines()) if row is not None]
    return "\n".join([_HEADER.format(name=name, origin=origin, target=target), *rows, ""])


def _without_references(row: str) -> str | None:
    """A line without the references in its comment; None where nothing else stands on it."""
    found = _COMMENT.search(row)
    if found is None or not _REFERENCE.search(found["text"]):
        return row
    text = _REFERENCE.sub("", found["text"]).strip()
    kept = row[: found.start()].rstrip()
    if not text:
        return kept or None
    return f"{row[: found.start()]}{found['before']}# {text}"


class _Schema(GenerateJsonSchema):
    """Keys that a mapping may have are all it may have, and no default stands there: values of the core are no JSON."""

    def dict_schema(self, schema: DictSchema) -> JsonSchemaValue:
        """The schema of a mapping whose keys have a form."""
        found = super().dict_schema(schema)
        return found | {"additionalProperties": False} if "patternProperties" in found else found

    def default_schema(self, schema: WithDefaultSchema) -> JsonSchemaValue:
        """The schema of the value alone."""
        return self.generate_inner(schema["schema"])


def schema_of_language(vocabulary: Vocabulary) -> dict[str, Any]:
    """The JSON Schema (2020-12) of a playbook file in the words of an installation."""
    found = _speaking(PlaybookFile.model_json_schema(by_alias=True, schema_generator=_Schema), vocabulary)
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Coldframe playbook, language 1",
        **{key: value for key, value in found.items() if key != "title"},
    }


def _speaking(schema: Any, vocabulary: Vocabulary) -> Any:
    """A schema of the canonical words, with those of an installation in their place."""
    if isinstance(schema, list):
        return [_speaking(each, vocabulary) for each in schema]
    if not isinstance(schema, dict):
        return schema
    patterns = {f"^(?:{form(CANONICAL)})$": f"^(?:{form(vocabulary)})$" for form in (cause_form, source_form)}
    found = {patterns.get(key, key): _speaking(value, vocabulary) for key, value in schema.items()}
    if found.get("enum") == [*CANONICAL.activities, ANY_ENGAGEMENT]:
        found["enum"] = [*vocabulary.activities, ANY_ENGAGEMENT]
    if found.get("pattern") in patterns:
        found["pattern"] = patterns[found["pattern"]]
    if found.get("description") == _CONDITION:
        found["examples"] = [*found["examples"], *(f"{name} known" for name in _subjects(vocabulary))]
    if found.get("description") == _BY_DATE:
        own = {**vocabulary.account, **vocabulary.lead}
        found["examples"] = [f"90d before {name}" for name, each in own.items() if each.kind == "time"] or found[
            "examples"
        ]
    if found.get("description") == _WORDING:
        found["examples"] = [*found["examples"], *(f"{{{name}}}" for name in wording_fields(vocabulary))]
    return found


def _subjects(vocabulary: Vocabulary) -> list[str]:
    """Every name that a condition may begin with."""
    accounts = (name if name not in vocabulary.lead else f"account.{name}" for name in vocabulary.account)
    return [*STANDING, *(name for name in vocabulary.lead if name not in STANDING), *accounts]
