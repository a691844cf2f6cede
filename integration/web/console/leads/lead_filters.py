"""Filters of the list of leads, as the page's address has them."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any, cast

from werkzeug.datastructures import MultiDict
from werkzeug.exceptions import BadRequest

from integration.core.rules.playbook_rules import Playbook
from integration.playbook.language.names import BANDS, SEGMENTS
from integration.store.people.lead_lists import LEVELS, ORDERS, LeadFilter, Level, Order, Place
from mappings.model.canonical import STAGES
from mappings.values.identifiers import LeadId

LONGEST = 320
_CLOSED: Mapping[str, tuple[str, ...]] = {
    "stage": ("", *STAGES),
    "band": ("", *BANDS),
    "segment": ("", *SEGMENTS),
    "level": LEVELS,
    "order": ORDERS,
}
"""Filters that choose among a few values."""
_OPEN = ("track", "owner")
LEVEL_WORDS: Mapping[str, str] = {"running": "An answer is due", "breached": "An answer is overdue"}
ORDER_WORDS: Mapping[str, str] = {"score": "Highest score first", "change": "Last changed first"}


def asked(given: MultiDict[str, str]) -> LeadFilter:
    """The filters that somebody asks for. Raises BadRequest where one is not known."""
    for name, known in _CLOSED.items():
        if name in given and given[name] not in known:
            text = f"{given[name]!r} is no {name}: it is one of {', '.join(filter(None, known))}."
            raise BadRequest(text)
    track, owner = (short(given.get(name, ""), name) for name in _OPEN)
    return LeadFilter(
        stage=given.get("stage", ""),
        band=given.get("band", ""),
        segment=given.get("segment", ""),
        track=track,
        owner=owner,
        level=cast("Level", given.get("level", "")),
        order=cast("Order", given.get("order", "score")),
    )


def short(text: str, what: str) -> str:
    """A text of an address or a form, without blanks at its ends. Raises BadRequest where it can be no such thing."""
    found = text.strip()
    if len(found) > LONGEST or not found.isprintable():
        said = f"The {what} has at most {LONGEST} characters, and no line breaks."
        raise BadRequest(said)
    return found


def place(given: MultiDict[str, str], *, by_email: bool) -> Place | None:
    """Where the page goes on. Raises BadRequest where the address was changed by hand."""
    key = short(given.get("after", ""), "place")
    if not key:
        return None
    lead = LeadId(short(given.get("lead", ""), "place"))
    if by_email:
        return Place(key, lead)
    if not key.isascii() or not key.removeprefix("-").isdecimal() or len(key) > len(str(2**62)):
        text = "This address of a page is not complete. Begin at the first page."
        raise BadRequest(text)
    return Place(int(key), lead)


def address(wanted: LeadFilter, text: str = "", after: Place | None = None) -> dict[str, Any]:
    """The parts of an address that lead to this list."""
    parts: dict[str, Any] = {name: str(value) for name, value in asdict(wanted).items() if value and name != "begins"}
    if parts.get("order") == "score":
        del parts["order"]
    if text:
        parts["q"] = text
    return parts | ({"after": str(after.key), "lead": after.id} if after is not None else {})


def track_words(playbook: Playbook) -> Mapping[str, str]:
    """Name of a track -> what people call it."""
    return {each.name: each.label or each.name.replace("_", " ").capitalize() for each in playbook.tracks}
