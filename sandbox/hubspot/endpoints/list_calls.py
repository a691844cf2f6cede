"""Lists (segments) of records, as an app makes them by their filters, and who is in them.

Source: [hubspot: lists].
"""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sandbox.hubspot.state.associations import kind_named
from sandbox.hubspot.state.portal import Portal
from sandbox.hubspot.state.property_values import Property
from sandbox.hubspot.state.refusals import Refused, conflict, malformed
from sandbox.hubspot.state.stored_records import Record
from sandbox.shared import sandbox_clock
from sandbox.shared.http_call import Answer, Call, reply

_FIRST = 500
_TYPES: Mapping[str, frozenset[str]] = {
    "ENUMERATION": frozenset({"enumeration"}),
    "MULTISTRING": frozenset({"string"}),
    "TIME_RANGED": frozenset({"date", "datetime"}),
    "ALL_PROPERTY": frozenset({"enumeration", "string", "date", "datetime", "number", "bool"}),
}
"""Operation type -> the types of property that it is for."""
_AMONG: Mapping[str, bool] = {"IS_ANY_OF": True, "IS_EQUAL_TO": True, "IS_NONE_OF": False, "IS_NOT_EQUAL_TO": False}
_TIME = ("hour", "minute", "second", "millisecond")
Test = Callable[[Record], bool]
Held = dict[str, Any]


class Lists:
    """The endpoints under `/crm/lists/<version>`."""

    def __init__(self, portal: Portal) -> None:
        self.portal = portal
        self.held: dict[str, Held] = {}
        self.allowed = True
        """Whether the token has the scopes."""

    def create(self, call: Call) -> Answer:
        """POST a list; its name is unique among those of its object type."""
        self._permitted()
        wish = call.json()
        name, type_id, way = (str(wish.get(part) or "") for part in ("name", "objectTypeId", "processingType"))
        if not name or way not in {"DYNAMIC", "SNAPSHOT", "MANUAL"}:
            why = "a list wants a name, an objectTypeId and a processingType"
            raise malformed(why)
        kind_named(type_id)
        if any((one["name"], one["objectTypeId"]) == (name, type_id) for one in self.held.values()):
            message = f"A list named {name} already exists."
            raise conflict(message)
        branch = wish.get("filterBranch")
        if bool(branch) is (way == "MANUAL"):
            why = "DYNAMIC and SNAPSHOT lists want a filterBranch, MANUAL ones have none"
            raise malformed(why)
        if branch:
            self._tests(kind_named(type_id), branch)
        stamp, number = sandbox_clock.zulu(self.portal.now()), str(_FIRST + len(self.held))
        self.held[number] = {
            "listId": number,
            "listVersion": 1,
            "name": name,
            "objectTypeId": type_id,
            "processingStatus": "COMPLETE",
            "processingType": way,
            "createdAt": stamp,
            "updatedAt": stamp,
            **({"filterBranch": branch} if branch else {}),
        }
        return reply({"list": self.held[number]})

    def named(self, call: Call, type_id: str, name: str) -> Answer:
        """GET the list of that name; its filters where they are asked for."""
        self._permitted()
        for one in self.held.values():
            if (one["name"], one["objectTypeId"]) == (name, type_id):
                shown = one if call.flag("includeFilters") else {k: v for k, v in one.items() if k != "filterBranch"}
                return reply({"list": shown})
        raise _absent(name)

    def change(self, call: Call, list_id: str) -> Answer:
        """PUT other filters."""
        self._permitted()
        held, branch = self._known(list_id), call.json().get("filterBranch")
        if held["processingType"] != "DYNAMIC":
            raise Refused(status=400, category="VALIDATION_ERROR", message="Only DYNAMIC lists have filters to change.")
        self._tests(kind_named(held["objectTypeId"]), branch)
        held |= {"filterBranch": branch, "listVersion": held["listVersion"] + 1}
        return reply({"updatedList": held})

    def remove(self, call: Call, list_id: str) -> Answer:
        """DELETE a list."""
        del call
        self._permitted()
        self._known(list_id)
        del self.held[list_id]
        return Answer(status=204)

    def members(self, name: str) -> list[str]:
        """The records that a list holds now, by their ids."""
        one = next(each for each in self.held.values() if each["name"] == name)
        kind = kind_named(one["objectTypeId"])
        groups = self._tests(kind, one["filterBranch"])
        records = self.portal.shelves[kind].records.values()
        return [each.id for each in records if any(all(test(each) for test in tests) for tests in groups)]

    def _permitted(self) -> None:
        if not self.allowed:
            message = "This app hasn't been granted all required scopes to make this call."
            raise Refused(status=403, category="MISSING_SCOPES", message=message)

    def _known(self, list_id: str) -> Held:
        if list_id not in self.held:
            raise _absent(list_id)
        return self.held[list_id]

    def _tests(self, kind: str, branch: Any) -> list[list[Test]]:
        """The groups of a branch: HubSpot wants an OR of ANDs at the top, with the filters in the latter."""
        if not isinstance(branch, dict) or branch.get("filterBranchType") != "OR" or branch.get("filters"):
            why = "the filterBranch is an OR branch without filters of its own"
            raise malformed(why)
        groups = branch.get("filterBranches") or []
        if not groups or any(each.get("filterBranchType") != "AND" or each.get("filterBranches") for each in groups):
            why = "below the OR branch stand AND branches, which hold the filters"
            raise malformed(why)
        return [[self._test(kind, each) for each in group.get("filters") or ()] for group in groups]

    def _test(self, kind: str, one: Mapping[str, Any]) -> Test:
        name, operation = str(one.get("property")), one.get("operation") or {}
        known = self.portal.properties(kind).get(name)
        if one.get("filterType") != "PROPERTY" or known is None:
            raise Refused(status=400, category="VALIDATION_ERROR", message=f"Property {name} does not exist.")
        typed, operator = str(operation.get("operationType")), str(operation.get("operator"))
        if known.type not in _TYPES.get(typed, ()):
            message = f"{typed} {operator} is not supported for the property {name}, which is a {known.type}."
            raise Refused(status=400, category="VALIDATION_ERROR", message=message)
        if typed == "ALL_PROPERTY" and operator in {"IS_KNOWN", "IS_UNKNOWN"}:
            return lambda record: bool(record.values.get(name)) is (operator == "IS_KNOWN")
        if typed == "TIME_RANGED" and operator == "IS_BETWEEN":
            lower, upper = operation["lowerBoundTimePoint"], operation["upperBoundTimePoint"]
            return lambda record: self._between(record.values.get(name, ""), lower, upper)
        if operator not in _AMONG:
            raise Refused(status=400, category="VALIDATION_ERROR", message=f"{typed} has no operator {operator}.")
        return self._among(known, operation, among=_AMONG[operator])

    def _among(self, known: Property, operation: Mapping[str, Any], *, among: bool) -> Test:
        values = operation.get("values")
        strange = sorted(set(values or ()) - set(known.options)) if known.options else []
        if not isinstance(values, list) or not values or strange:
            message = f"{', '.join(strange) or 'nothing'} is no option of {known.name}."
            raise Refused(status=400, category="VALIDATION_ERROR", message=message)
        blank = bool(operation.get("includeObjectsWithNoValueSet"))

        def test(record: Record) -> bool:
            held = record.values.get(known.name, "")
            return (held in values) is among if held else blank

        return test

    def _between(self, value: str, lower: Mapping[str, Any], upper: Mapping[str, Any]) -> bool:
        at = self._instant(value)
        return at is not None and self._point(lower) <= at <= self._point(upper)

    def _point(self, point: Mapping[str, Any]) -> datetime:
        """NOW or TODAY, at the hour that is given, so many days later, in the zone that is given."""
        reference = point["indexReference"]
        now = datetime.fromtimestamp(self.portal.now() / 1_000, UTC).astimezone(ZoneInfo(str(point["zoneId"])))
        if reference["referenceType"] == "TODAY":
            hour, minute, second, rest = (int(reference.get(name, 0)) for name in _TIME)
            now = now.replace(hour=hour, minute=minute, second=second, microsecond=1_000 * rest)
        return now + timedelta(days=int((point.get("offset") or {}).get("days", 0)))

    @staticmethod
    def _instant(value: str) -> datetime | None:
        try:
            return datetime.fromisoformat(value)
        except ValueError:
            return None


def _absent(name: str) -> Refused:
    return Refused(status=404, category="OBJECT_NOT_FOUND", message=f"List {name} does not exist.")
