"""Texts in the vocabulary of an installation: wordings that name its fields, reasons, sources, values of fields."""

from typing import Annotated, Any

from pydantic import PlainValidator, ValidationInfo, WithJsonSchema
from pydantic_core import PydanticCustomError

from integration.core.handoff.wording import WORDING_FIELDS, named
from mappings.model.canonical import STAGES
from mappings.vocabulary.value import Vocabulary
from mappings.yaml_files.problems import nearest

OTHERWISE = "otherwise"
LOST = "opportunity_lost"
FIELDS = "fields"
"""What the context of a reading calls the fields that a wording may name."""
PROBLEM = "coldframe"
"""The type of our own errors in pydantic's list; their context holds `text` and `at`."""

_FROM_FORM = f"from ({'|'.join(STAGES)})"


def mistake(text: str, at: int = 0) -> PydanticCustomError:
    """A mistake of an author in one text, `at` characters from its beginning."""
    return PydanticCustomError(PROBLEM, "{text}", {"text": text, "at": at})


_LONG = 10**100


def kind_of(value: Any) -> str:
    """A value as a mistake names it."""
    if value is None:
        return "nothing"
    if isinstance(value, dict):
        return "a mapping"
    if isinstance(value, int) and not -_LONG < value < _LONG:
        return "a number of so many digits"
    return "a list" if isinstance(value, list) else f"{str(value).lower()}"


def wording(value: Any, info: ValidationInfo) -> str:
    """A template that names nothing but the fields of the installation, which the context of the reading holds."""
    if not isinstance(value, str):
        text = f"a text is wanted here, not {kind_of(value)}"
        raise mistake(text)
    known = (info.context or {}).get(FIELDS, WORDING_FIELDS)
    try:
        fields = named(value)
    except ValueError as error:
        raise mistake(str(error)) from None
    for field in fields:
        if field not in known:
            text = f"unknown field '{{{field}}}'{nearest(field, known)}"
            raise mistake(text, value.index("{" + field))
    return value


def cause_form(vocabulary: Vocabulary) -> str:
    """What the keys of `recycle` look like."""
    return f"({'|'.join((*vocabulary.reasons, LOST, OTHERWISE))})( {_FROM_FORM})?|{_FROM_FORM}"


def source_form(vocabulary: Vocabulary) -> str:
    """What the keys of `first_moves` look like."""
    return "|".join((*vocabulary.sources, OTHERWISE))


def _changed_value(value: Any) -> str:
    """Values of a field as a condition writes them: `vp|director`, `>= 50`, `unknown`; several as a list too."""
    found = [_plain(each) for each in (value if isinstance(value, list) else [value])]
    if not found or None in found:
        text = f"a value of the field is wanted here (such as: vp|director, >= 50, unknown), not {kind_of(value)}"
        raise mistake(text)
    return "|".join(each for each in found if each is not None)


def _plain(value: Any) -> str | None:
    if isinstance(value, bool):
        return str(value).lower()
    return str(value).strip() or None if isinstance(value, str | int | float) else None


ChangedValue = Annotated[
    str,
    PlainValidator(_changed_value),
    WithJsonSchema(
        {
            "description": "What a field was, or became: values, a comparison, known or unknown.",
            "examples": ["director|vp", ">= 50", "unknown"],
            "anyOf": [
                {"type": ["string", "number", "boolean"]},
                {"type": "array", "minItems": 1, "items": {"type": ["string", "number", "boolean"]}},
            ],
        }
    ),
]
