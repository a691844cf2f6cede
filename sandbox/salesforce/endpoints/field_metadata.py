"""A custom field's definition as the Metadata and Tooling APIs write it, and the field that comes of it."""

from collections.abc import Mapping
from typing import Any

from sandbox.salesforce.state.field_values import Field
from sandbox.salesforce.state.refusals import Refused

_TYPES = {
    "Text": "string",
    "LongTextArea": "textarea",
    "Number": "double",
    "Currency": "currency",
    "Checkbox": "boolean",
    "Picklist": "picklist",
    "MultiselectPicklist": "multipicklist",
    "DateTime": "datetime",
    "Date": "date",
}
_NAMES = {type_: name for name, type_ in _TYPES.items()}
_NEEDS: Mapping[str, tuple[str, ...]] = {
    "Text": ("length",),
    "LongTextArea": ("length", "visibleLines"),
    "Number": ("precision", "scale"),
    "Currency": ("precision", "scale"),
    "Checkbox": ("defaultValue",),
    "Picklist": ("valueSet",),
    "MultiselectPicklist": ("valueSet", "visibleLines"),
}
_LENGTHS = {"Text": (1, 255), "LongTextArea": (256, 131_072)}
_HELP, _DESCRIPTION = 510, 1_000


def field_of(name: str, metadata: Mapping[str, Any]) -> Field:
    """The field that a definition describes, invisible so far. Raises Refused where it is not whole."""
    type_ = str(metadata.get("type") or "")
    if type_ not in _TYPES:
        raise Refused(code="FIELD_INTEGRITY_EXCEPTION", message=f"Custom Field Type: bad value: {type_}")
    missing = [part for part in ("label", *_NEEDS.get(type_, ())) if metadata.get(part) is None]
    if missing:
        raise Refused(code="REQUIRED_FIELD_MISSING", message=f"Required fields are missing: [{', '.join(missing)}]")
    _check_texts(metadata)
    length = int(metadata.get("length") or 0)
    least, most = _LENGTHS.get(type_, (0, 0))
    if most and not least <= length <= most:
        raise Refused(code="FIELD_INTEGRITY_EXCEPTION", message=f"Length: must be between {least} and {most}")
    values, restricted = _values(metadata.get("valueSet") or {})
    return Field(
        name=name,
        label=str(metadata["label"]),
        type=_TYPES[type_],
        length=length or (255 if values else 0),
        createable=False,
        updateable=False,
        values=values,
        restricted=restricted,
        unique=bool(metadata.get("unique")),
        external=bool(metadata.get("externalId")),
        default=False if type_ == "Checkbox" else None,
    )


def metadata_of(field: Field) -> dict[str, Any]:
    """The definition of a field that the org was born with."""
    type_ = _NAMES.get(field.type, "Text")
    metadata: dict[str, Any] = {"label": field.label, "type": type_, "description": None, "inlineHelpText": None}
    if type_ in {"Picklist", "MultiselectPicklist"}:
        listed = [{"valueName": value, "label": value, "default": False, "isActive": None} for value in field.values]
        definition = {"sorted": False, "value": listed}
        return metadata | {"valueSet": {"restricted": field.restricted, "valueSetDefinition": definition}}
    if type_ in _LENGTHS:
        metadata["length"] = field.length
    return metadata | {"unique": field.unique, "externalId": field.external}


def _check_texts(metadata: Mapping[str, Any]) -> None:
    for part, most in (("inlineHelpText", _HELP), ("description", _DESCRIPTION)):
        if len(str(metadata.get(part) or "")) > most:
            raise Refused(code="STRING_TOO_LONG", message=f"{part}: data value too large (max length={most})")


def _values(value_set: Mapping[str, Any]) -> tuple[tuple[str, ...], bool]:
    listed = (value_set.get("valueSetDefinition") or {}).get("value") or ()
    if any(not one.get("valueName") or not one.get("label") for one in listed):
        raise Refused(code="REQUIRED_FIELD_MISSING", message="Required fields are missing: [valueName, label]")
    active = tuple(str(one["valueName"]) for one in listed if one.get("isActive") is not False)
    return active, bool(value_set.get("restricted"))
