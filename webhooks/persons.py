"""People in raw deliveries: which items are about whom, the delivery without a person's items, and those items alone.

Each source says how (`webhooks.person_removal`); of one that is not known any more, only addresses are found.
"""

from typing import Any

from mappings.values import person_names
from webhooks import registry
from webhooks.facts import Parsed
from webhooks.person_removal import (
    AS_SENT,
    Cut,
    Gone,
    RecordNames,
    as_json,
    of_noticed,
    readable,
    without_addresses,
)

__all__ = ["AS_SENT", "Cut", "Gone", "RecordNames", "about_item", "named", "readable", "without"]


def named(source: str, parsed: Parsed, text: str, called: RecordNames = AS_SENT) -> set[str]:
    """Every name that a parsed delivery bears, those that merely stand somewhere in its text included."""
    found = person_names.emails_in(text)
    for heard in parsed.heard:
        if heard.email:
            found.add(person_names.of_email(heard.email))
        if heard.lead:
            found.add(person_names.of_record(*called.address(source, heard.lead)))
    for noticed in parsed.noticed:
        found |= of_noticed(noticed, called)
    return found


def without(source: str, body: bytes, gone: Gone, called: RecordNames = AS_SENT) -> Cut:
    """The delivery without the items that are about somebody who is `gone`, and without their e-mail in all others."""
    found = registry.by_name().get(source)
    return found.erasure.without(body, gone, called) if found else without_addresses(body, gone)


def about_item(source: str, item: Any, called: RecordNames = AS_SENT) -> set[str]:
    """The names of whom one item is about; of one that nobody can read, every name that stands in it."""
    found = registry.by_name().get(source)
    return found.erasure.about(item, called) if found else person_names.emails_in(as_json(item))
