"""The conditions of a ready view as HubSpot's list filters, and as sentences for whoever sets them by hand. Pure.

[hubspot: lists]
"""

from collections.abc import Iterator, Mapping
from typing import Any

from connectors.shared.ready_views import Condition, View, targets, words
from mappings.model.compiled_mapping import CrmMapping, Target

Branch = dict[str, Any]
_START = {"hour": 0, "minute": 0, "second": 0, "millisecond": 0}
_END = {"hour": 23, "minute": 59, "second": 59, "millisecond": 999}


def branch(mapping: CrmMapping, object_name: str, view: View, *, types: Mapping[str, str], zone: str) -> Branch:
    """The filters of a list: one group, all of which must be true.

    `types` are those of HubSpot's properties, `zone` that of the account, in which a day begins and ends.
    """
    written = targets(mapping, object_name)
    filters = [
        {
            "filterType": "PROPERTY",
            "property": written[each.part].field,
            "operation": _operation(written[each.part], each, types, zone),
        }
        for each in view.conditions
    ]
    together = {"filterBranchType": "AND", "filterBranchOperator": "AND", "filterBranches": [], "filters": filters}
    return {"filterBranchType": "OR", "filterBranchOperator": "OR", "filterBranches": [together], "filters": []}


def same(wanted: Any, found: Any) -> bool:
    """Whether HubSpot has what is wanted: what it adds by itself makes no difference, a filter more does."""
    if isinstance(wanted, Mapping):
        return isinstance(found, Mapping) and all(same(value, found.get(name)) for name, value in wanted.items())
    if isinstance(wanted, list):
        return (
            isinstance(found, list)
            and len(wanted) == len(found)
            and all(same(one, other) for one, other in zip(wanted, found, strict=True))
        )
    return bool(wanted == found)


def sentences(mapping: CrmMapping, object_name: str, view: View) -> Iterator[str]:
    """Each condition as HubSpot's page of views puts it."""
    if view.mine:
        yield "Contact owner is any of Me"
    written = targets(mapping, object_name)
    for each in view.conditions:
        label = mapping.standing[each.part].label
        chosen = ", ".join(word.replace("_", " ").capitalize() for word in words(written[each.part], each))
        match each.test:
            case "is":
                yield f"{label} is any of {chosen}"
            case "is not":
                yield f"{label} is none of {chosen}"
            case "today":
                yield f"{label} is Today"
            case "known":
                yield f"{label} is known"


def _operation(target: Target, condition: Condition, types: Mapping[str, str], zone: str) -> Branch:
    if condition.test == "known":
        return {"operationType": "ALL_PROPERTY", "operator": "IS_KNOWN", "includeObjectsWithNoValueSet": False}
    if condition.test == "today":
        return {
            "operationType": "TIME_RANGED",
            "type": "TIME_RANGED",
            "operator": "IS_BETWEEN",
            "propertyParser": "VALUE",
            "includeObjectsWithNoValueSet": False,
            "lowerBoundEndpointBehavior": "INCLUSIVE",
            "upperBoundEndpointBehavior": "INCLUSIVE",
            "lowerBoundTimePoint": _today(zone, _START),
            "upperBoundTimePoint": _today(zone, _END),
        }
    among = condition.test == "is"
    chosen = {"values": list(words(target, condition)), "includeObjectsWithNoValueSet": False}
    if types.get(target.field) == "enumeration":
        return {"operationType": "ENUMERATION", "operator": "IS_ANY_OF" if among else "IS_NONE_OF", **chosen}
    return {"operationType": "MULTISTRING", "operator": "IS_EQUAL_TO" if among else "IS_NOT_EQUAL_TO", **chosen}


def _today(zone: str, at: Mapping[str, int]) -> Branch:
    reference = {"referenceType": "TODAY", **at}
    return {"timeType": "INDEXED", "timezoneSource": "CUSTOM", "zoneId": zone, "indexReference": reference}
