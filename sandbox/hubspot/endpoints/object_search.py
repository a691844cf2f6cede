"""The search endpoint: filters, one sort, a window of 10,000, five calls a second [hubspot: search]."""

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeAlias

from sandbox.hubspot.endpoints.single_objects import number, projection
from sandbox.hubspot.state import associations
from sandbox.hubspot.state.portal import Portal
from sandbox.hubspot.state.property_values import Property, unknown
from sandbox.hubspot.state.refusals import Refused, malformed
from sandbox.hubspot.state.stored_records import MODIFIED, Record, Shelf
from sandbox.shared import sandbox_clock
from sandbox.shared.http_call import Answer, Call, reply, texts

PAGE = 200
WINDOW = 10_000
_FILTERS_WANTED = "filterGroups is a list of objects with a list of filters, which are objects"
_GROUPS, _FILTERS, _ALL_FILTERS = 5, 6, 18

Test: TypeAlias = Callable[[Record], bool]
_COMPARED: Mapping[str, Callable[[Any, Any], bool]] = {
    "EQ": lambda held, wanted: held == wanted,
    "NEQ": lambda held, wanted: held != wanted,
    "GT": lambda held, wanted: held > wanted,
    "GTE": lambda held, wanted: held >= wanted,
    "LT": lambda held, wanted: held < wanted,
    "LTE": lambda held, wanted: held <= wanted,
}


class Search:
    """POST `/crm/objects/<version>/<kind>/search`."""

    def __init__(self, portal: Portal) -> None:
        self.portal = portal
        self.delay = 0
        """Milliseconds until a new or changed record is found, as HubSpot's index lags behind."""

    def search(self, call: Call, kind: str) -> Answer:
        """A page of records that meet one of the filter groups."""
        kind = associations.kind_named(kind)
        body = call.json()
        limit, after = number(body.get("limit"), "limit", 10), number(body.get("after"), "after", 0)
        if not 0 <= limit <= PAGE:
            raise Refused(status=400, category="VALIDATION_ERROR", message=f"limit must not be over {PAGE}")
        if after + limit > WINDOW:
            raise Refused(
                status=400,
                category="VALIDATION_ERROR",
                message=f"paging past {WINDOW} results is not supported: after {after}, limit {limit}",
            )
        shelf = self.portal.shelves[kind]
        groups = _groups(body)
        tests = [[_test(shelf, one) for one in group] for group in groups]
        settled = self.portal.now() - self.delay
        query = str(body.get("query") or "").lower()
        found = [
            record
            for record in _candidates(shelf, groups)
            if record.updated <= settled
            and (not tests or any(all(test(record) for test in group) for group in tests))
            and (not query or any(query in value.lower() for value in record.values.values()))
        ]
        _sort(found, shelf, body.get("sorts") or [])
        page = found[after : after + limit]
        names = projection(kind, texts(body.get("properties"), "properties"))
        answer: dict[str, Any] = {"total": len(found), "results": [record.shown(names) for record in page]}
        if after + limit < len(found):
            answer["paging"] = {"next": {"after": str(after + limit)}}
        return reply(answer)


def _groups(body: Mapping[str, Any]) -> list[list[Mapping[str, Any]]]:
    groups = body.get("filterGroups") or []
    try:
        listed = [list(group["filters"]) for group in groups]
    except (KeyError, TypeError) as trouble:
        raise malformed(_FILTERS_WANTED) from trouble
    if not all(isinstance(one, dict) for group in listed for one in group):
        raise malformed(_FILTERS_WANTED)
    sizes = [len(group) for group in listed]
    if len(sizes) > _GROUPS or max(sizes, default=0) > _FILTERS or sum(sizes) > _ALL_FILTERS:
        message = f"At most {_GROUPS} filterGroups with {_FILTERS} filters each and {_ALL_FILTERS} in all are allowed."
        raise Refused(status=400, category="VALIDATION_ERROR", message=message)
    return listed


def _candidates(shelf: Shelf, groups: Sequence[Sequence[Mapping[str, Any]]]) -> Sequence[Record]:
    """The records to look at: by index where every group names a unique value, or what has changed since a time."""
    found: dict[str, Record] = {}
    for group in groups:
        for one in group:
            operator = one.get("operator")
            values = one.get("values") if operator == "IN" else [one.get("value")] if operator == "EQ" else None
            quick = shelf.candidates(str(one.get("propertyName")), [str(v) for v in values]) if values else None
            if one.get("propertyName") == MODIFIED[shelf.kind] and operator in {"GT", "GTE"} and one.get("value"):
                since = _comparable(shelf.properties[MODIFIED[shelf.kind]], one["value"])
                quick = (record for record in shelf.records.values() if record.updated >= since)
            if quick is not None:
                found |= {record.id: record for record in quick}
                break
        else:
            return list(shelf.records.values())
    return list(found.values()) if groups else list(shelf.records.values())


def _test(shelf: Shelf, one: Mapping[str, Any]) -> Test:
    name, operator = str(one.get("propertyName")), str(one.get("operator"))
    known = shelf.properties.get(name)
    if known is None:
        raise Refused(
            status=400,
            category="VALIDATION_ERROR",
            message=f"There was a problem with the request: no property {name}",
            details=[unknown(name).detailed()],
        )
    if operator == "HAS_PROPERTY":
        return lambda record: name in record.values
    if operator == "NOT_HAS_PROPERTY":
        return lambda record: name not in record.values
    if operator in {"IN", "NOT_IN"}:
        if not isinstance(one.get("values"), list) or not one["values"]:
            why = f"operator {operator} wants values"
            raise malformed(why)
        chosen = {_comparable(known, value) for value in one["values"]}
        among = operator == "IN"
        return lambda record: name in record.values and (_comparable(known, record.values[name]) in chosen) is among
    if one.get("value") in {None, ""}:
        why = f"operator {operator} wants a value"
        raise malformed(why)
    if operator in {"CONTAINS_TOKEN", "NOT_CONTAINS_TOKEN"}:
        pattern = re.compile(_token(str(one["value"])))
        holds = operator == "CONTAINS_TOKEN"
        return lambda record: (pattern.search(record.values.get(name, "").lower()) is not None) is holds
    wanted = _comparable(known, one["value"])
    if operator == "BETWEEN":
        high = _comparable(known, one.get("highValue"))
        return lambda record: name in record.values and wanted <= _comparable(known, record.values[name]) <= high
    if operator not in _COMPARED:
        why = f"operator {operator} is not known"
        raise malformed(why)
    compare = _COMPARED[operator]
    return lambda record: name in record.values and compare(_comparable(known, record.values[name]), wanted)


def _comparable(known: Property, value: Any) -> Any:
    """A value as it is compared: numbers as numbers, times as milliseconds, text without regard to case."""
    text = str(value)
    try:
        if known.type == "number":
            return float(text) if "." in text else int(text)
        if known.type in {"datetime", "date"}:
            return int(text) if text.lstrip("-").isdigit() else sandbox_clock.read(text)
    except ValueError as trouble:
        why = f"{text} is not a {known.type}"
        raise malformed(why) from trouble
    return text.lower()


def _token(value: str) -> str:
    """A token of a text; `*` is any text. No star is tried at a second place, so that a long text takes no longer."""
    first, *others = (re.escape(part) for part in value.lower().split("*"))
    if not others:
        return rf"(?<!\w){first}(?!\w)"
    between = "".join(f"(?>.*?{part})" for part in others[:-1])
    return rf"(?s)\A(?>.*?(?<!\w){first}){between}.*{others[-1]}(?!\w)"


def _sort(found: list[Record], shelf: Shelf, sorts: Sequence[Any]) -> None:
    if not isinstance(sorts, list) or len(sorts) > 1:
        why = "sorts is a list of at most one"
        raise malformed(why)
    wish = sorts[0] if sorts else MODIFIED[shelf.kind]
    name = wish.get("propertyName") if isinstance(wish, dict) else str(wish).lstrip("-")
    downward = wish.get("direction") == "DESCENDING" if isinstance(wish, dict) else str(wish).startswith("-")
    known = shelf.properties.get(str(name))
    if known is None:
        raise Refused(status=400, category="VALIDATION_ERROR", message=f"no property {name} to sort by")
    held = [record for record in found if name in record.values]
    rest = [record for record in found if name not in record.values]
    held.sort(key=lambda record: (_comparable(known, record.values[known.name]), int(record.id)), reverse=downward)
    found[:] = held + rest
