"""Written forms: how a kind of text is read, shown in the JSON Schema, and said to be mistaken."""

from collections.abc import Callable
from typing import Any, TypeVar

from pydantic import PlainValidator, WithJsonSchema

from integration.playbook.language.grammar import Unreadable
from integration.playbook.language.texts import kind_of, mistake

Parsed = TypeVar("Parsed")

SPAN_FORM = r"\d+\s*[mhdw]"
NAME_FORM = "[a-z][a-z0-9_-]*"


def read_as(parse: Callable[[str], Parsed]) -> PlainValidator:
    """Read a text into a value; what is no text, or Unreadable, is a mistake of the author."""

    def validate(value: Any) -> Parsed:
        if not isinstance(value, str):
            text = f"a text is wanted here, not {kind_of(value)}"
            raise mistake(text)
        try:
            return parse(value)
        except Unreadable as error:
            raise mistake(error.text, error.at) from None

    return PlainValidator(validate)


def shaped(description: str, pattern: str, *examples: str) -> WithJsonSchema:
    """What the JSON Schema says of such a text."""
    return WithJsonSchema(
        {"type": "string", "description": description, "pattern": f"^(?:{pattern})$", "examples": list(examples)}
    )
