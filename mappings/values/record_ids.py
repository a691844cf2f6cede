"""Record ids as the CRMs write them: digits in HubSpot, 15 or 18 letters and digits in Salesforce."""

import hmac
import re
from collections.abc import Mapping
from types import MappingProxyType

_SALESFORCE = re.compile(r"[A-Za-z0-9]{15}(?:[A-Za-z0-9]{3})?")
_HUBSPOT = re.compile(r"[0-9]{1,19}")
_SUFFIX = "ABCDEFGHIJKLMNOPQRSTUVWXYZ012345"
_SHORT = 15
PEOPLE: Mapping[str, Mapping[str, str]] = MappingProxyType({"salesforce": {"Lead": "00Q", "Contact": "003"}})
"""How the ids of people's records begin, where one field may hold those of several objects."""


def genuine(system: str, record_id: str) -> bool:
    """Whether a text has the form of a record id of this system, and may enter a path or a query."""
    pattern = _SALESFORCE if system == "salesforce" else _HUBSPOT
    return pattern.fullmatch(record_id) is not None


def full(system: str, record_id: str) -> str:
    """The id to store: a Salesforce one with its case-safe suffix (18 characters), any other as it is."""
    if system != "salesforce" or len(record_id) != _SHORT or not genuine(system, record_id):
        return record_id
    return record_id + "".join(_check(record_id[start : start + 5]) for start in (0, 5, 10))


def same(one: str, other: str) -> bool:
    """Whether two ids of accounts are one. Their case counts, and the comparison takes as long whatever it finds.

    Salesforce writes its own with 18 characters or without the last three: whole where both have 18, else by 15.
    """
    short = _SHORT in {len(one), len(other)}
    first, second = (each[:_SHORT] if short and genuine("salesforce", each) else each for each in (one, other))
    return hmac.compare_digest(first.encode(errors="surrogatepass"), second.encode(errors="surrogatepass"))


def _check(five: str) -> str:
    return _SUFFIX[sum(1 << place for place, letter in enumerate(five) if "A" <= letter <= "Z")]


def person(system: str, object_name: str, record_id: str) -> bool:
    """Whether an id can be that of a person of this object."""
    return genuine(system, record_id) and record_id.startswith(PEOPLE.get(system, {}).get(object_name, ""))
