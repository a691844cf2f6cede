"""Salesforce's records as mappings see them: ids, names and types of fields, and values as Salesforce takes them."""

import re
from types import MappingProxyType
from typing import Any

from connectors.salesforce import SYSTEM
from mappings.model.canonical import Kind, Value
from mappings.model.catalogue import CrmRules
from mappings.values import instant
from mappings.values.record_ids import IdRule

_SUFFIX = "ABCDEFGHIJKLMNOPQRSTUVWXYZ012345"
_SHORT = 15


def written(value: Value, kind: Kind) -> Any:
    """Numbers, booleans and texts as they are; None clears, times are ISO with milliseconds."""
    if isinstance(value, tuple):
        return ";".join(value) or None
    if kind == "time" and isinstance(value, int):
        return instant.to_datetime(value).strftime("%Y-%m-%dT%H:%M:%S.") + f"{value // 1000 % 1000:03d}+0000"
    return value if value != "" else None


def completed(short: str) -> str:
    """An id of 15 characters with its case-safe suffix: 18 characters."""
    return short + "".join(_check(short[start : start + 5]) for start in (0, 5, 10))


def _check(five: str) -> str:
    return _SUFFIX[sum(1 << place for place, letter in enumerate(five) if "A" <= letter <= "Z")]


RULES = CrmRules(
    name=SYSTEM,
    label="Salesforce",
    ids=IdRule(
        form=re.compile(r"[A-Za-z0-9]{15}(?:[A-Za-z0-9]{3})?"),
        short=_SHORT,
        completed=completed,
        people=MappingProxyType({"Lead": "00Q", "Contact": "003"}),
    ),
    people=("Contact", "Lead"),  # a converted Lead cannot be written
    field_name=re.compile(r"[A-Za-z][A-Za-z0-9_]{0,79}"),
    mapping=("mappings", "salesforce.yaml"),
    takes=MappingProxyType(
        {
            "text": frozenset({"string", "textarea"}),
            "number": frozenset({"double", "int", "currency", "percent"}),
            "boolean": frozenset({"boolean"}),
            "choice": frozenset({"picklist", "string", "textarea", "combobox"}),
            "time": frozenset({"datetime"}),
            "list": frozenset({"multipicklist", "string", "textarea"}),
        }
    ),
    written=written,
    relations=True,
    # Standard fields carry routing, consent, conversion and audit: scores go to custom fields alone.
    own_suffix="__c",
    natives=MappingProxyType(
        {
            "stage": frozenset({"status"}),
            "recycle_reason": frozenset({"status"}),
            "opted_out": frozenset({"hasoptedoutofemail"}),
        }
    ),
    owners=frozenset({"ownerid"}),
    outcomes=MappingProxyType({"Task": frozenset({"CallDisposition"})}),
    required=MappingProxyType({"Lead": ("LastName", "Company"), "Contact": ("LastName",)}),
)
