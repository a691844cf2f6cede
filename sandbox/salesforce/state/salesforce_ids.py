"""Salesforce's record ids: three characters of type, twelve of number, three that make them safe without case."""

import re
from functools import lru_cache

from sandbox.salesforce.state.permission_tables import PREFIXES as _PERMISSIONS

_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ012345"
_DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_WELL_FORMED = re.compile(r"[A-Za-z0-9]{15}(?:[A-Za-z0-9]{3})?")
_SHORT = 15

PREFIXES = {
    "Account": "001",
    "Contact": "003",
    "User": "005",
    "Group": "00G",
    "TaskStatus": "01M",
    "TaskPriority": "01N",
    "Opportunity": "006",
    "OpportunityContactRole": "00K",
    "Lead": "00Q",
    "Task": "00T",
    "Event": "00U",
    "CampaignMember": "00v",
    "Campaign": "701",
    **_PERMISSIONS,
}
ORGANIZATION = "00D7Q000000fCpX"


@lru_cache(maxsize=100_000)
def suffix(short: str) -> str:
    """The three characters that say which characters of a 15-character id are capitals."""
    parts = (short[start : start + 5] for start in range(0, _SHORT, 5))
    return "".join(_LETTERS[sum(1 << place for place, letter in enumerate(part) if letter.isupper())] for part in parts)


def minted(object_name: str, number: int) -> str:
    """The 18-character id of the `number`-th record of a type."""
    digits = ""
    while number:
        number, digit = divmod(number, 62)
        digits = _DIGITS[digit] + digits
    short = f"{PREFIXES[object_name]}7Q{digits:0>10}"
    return short + suffix(short)


def long(id_: object) -> str:
    """The 18-character form of an id of either length; "" where it is none."""
    if not isinstance(id_, str) or not _WELL_FORMED.fullmatch(id_):
        return ""
    short = id_[:_SHORT]
    whole = short + suffix(short)
    return whole if id_ in {short, whole} else ""


def object_of(id_: str) -> str:
    """The object that an id's first three characters name; "" where unknown."""
    return next((name for name, prefix in PREFIXES.items() if id_.startswith(prefix)), "")
