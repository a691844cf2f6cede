"""Associations: which records belong together, and HubSpot's numbers for how [hubspot: tasks]."""

import base64
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import quote

from sandbox.hubspot.state.dated_paths import OBJECTS
from sandbox.hubspot.state.refusals import Refused, absent, malformed
from sandbox.hubspot.state.stored_records import OBJECT_TYPES, SINGULAR, Record, Shelf

TYPES: Mapping[tuple[str, str], tuple[int, ...]] = {
    ("tasks", "contacts"): (204,),
    ("contacts", "tasks"): (203,),
    ("tasks", "companies"): (192,),
    ("companies", "tasks"): (191,),
    ("tasks", "deals"): (216,),
    ("deals", "tasks"): (215,),
    ("contacts", "companies"): (279, 1),
    ("companies", "contacts"): (280, 2),
    ("deals", "contacts"): (3,),
    ("contacts", "deals"): (4,),
    ("deals", "companies"): (341, 5),
    ("companies", "deals"): (342, 6),
    ("calls", "contacts"): (194,),
    ("contacts", "calls"): (193,),
    ("meetings", "contacts"): (200,),
    ("contacts", "meetings"): (199,),
    ("emails", "contacts"): (198,),
    ("contacts", "emails"): (197,),
    ("leads", "contacts"): (578,),
    ("contacts", "leads"): (579,),
}
"""Type ids by direction; the first is the default, the second the primary one."""

PAGE = 100
"""Associations of a record in one answer, where nobody asks for another number."""
_LABELS = {1: "Primary", 2: "Primary", 5: "Primary", 6: "Primary"}
_NAMES = {name: kind for kind, one in SINGULAR.items() for name in (kind, one, OBJECT_TYPES[kind], one.upper())}


def kind_named(name: str) -> str:
    """`contacts` for `contacts`, `contact`, `CONTACT` and `0-1`. Raises Refused."""
    if name not in _NAMES:
        raise Refused(
            status=400,
            category="VALIDATION_ERROR",
            message=f"Unable to infer object type from: {name}",
        )
    return _NAMES[name]


def wanted(spec: Any, kind: str, shelves: Mapping[str, Shelf]) -> list[tuple[Record, list[int]]]:
    """The records that the `associations` of a new record name, with type ids. Raises Refused."""
    if spec is None:
        return []
    if not isinstance(spec, list):
        why = "associations must be a list"
        raise malformed(why)
    return [_one(entry, kind, shelves) for entry in spec]


def _one(entry: Any, kind: str, shelves: Mapping[str, Shelf]) -> tuple[Record, list[int]]:
    try:
        to, types = str(entry["to"]["id"]), entry["types"]
        numbers = [one["associationTypeId"] for one in types]
        categories = {one["associationCategory"] for one in types}
    except (KeyError, TypeError) as trouble:
        why = "an association wants to.id and types with associationCategory and associationTypeId"
        raise malformed(why) from trouble
    if not numbers or categories - {"HUBSPOT_DEFINED", "USER_DEFINED", "INTEGRATOR_DEFINED"}:
        why = "an association wants at least one type with a known associationCategory"
        raise malformed(why)
    for (source, target), known in TYPES.items():
        if source == kind and set(numbers) <= set(known):
            record = shelves[target].find(to)
            if record is None:
                raise absent(to)
            return record, numbers
    raise Refused(
        status=400,
        category="VALIDATION_ERROR",
        message=f"Invalid association types {numbers} for {SINGULAR[kind]}",
    )


def link(one: Record, other: Record, numbers: Sequence[int] = ()) -> None:
    """Associate two records, seen from both."""
    there, back = TYPES[one.kind, other.kind], TYPES[other.kind, one.kind]
    for number in numbers or there[:1]:
        place = there.index(number)
        one.links.setdefault(other.kind, {}).setdefault(other.id, set()).update({there[0], there[place]})
        other.links.setdefault(one.kind, {}).setdefault(one.id, set()).update({back[0], back[place]})


def unlink(one: Record, other: Record) -> None:
    """End all associations of two records."""
    one.links.get(other.kind, {}).pop(other.id, None)
    other.links.get(one.kind, {}).pop(one.id, None)


def named_types(numbers: set[int]) -> list[dict[str, Any]]:
    """Type ids as the associations API gives them."""
    return [
        {"category": "HUBSPOT_DEFINED", "typeId": number, "label": _LABELS.get(number)} for number in sorted(numbers)
    ]


def listed(record: Record, kind: str, after: str = "") -> dict[str, Any]:
    """The associations of a record as the objects API gives them with a record, a hundred at a time."""
    one, other = SINGULAR[record.kind], SINGULAR[kind]
    found, paging = paged(record, kind, after, PAGE)
    return {"results": [{"id": id_, "type": f"{one}_to_{other}"} for id_ in found]} | paging


def paged(record: Record, kind: str, after: str, size: int) -> tuple[list[str], dict[str, Any]]:
    """A page of the ids of associated records behind a cursor, and where the next begins. Raises Refused."""
    ids = list(record.links.get(kind, {}))
    start = _start(after)
    page, end = ids[start : start + size], start + size
    if end >= len(ids):
        return page, {}
    cursor = base64.urlsafe_b64encode(f"{end}-{page[-1]}".encode()).decode()
    link = f"{OBJECTS}/{record.kind}/{record.id}/associations/{kind}?after={quote(cursor)}"
    return page, {"paging": {"next": {"after": cursor, "link": link}}}


def _start(after: str) -> int:
    if not after:
        return 0
    try:
        return int(base64.urlsafe_b64decode(after.encode()).partition(b"-")[0])
    except ValueError as trouble:
        why = f"{after} is no cursor"
        raise malformed(why) from trouble
