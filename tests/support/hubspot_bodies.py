"""The bodies that HubSpot's endpoints take: what must be in them, what may, of which type, and how many at most.

They are those of its published descriptions of 2026-09, which the models of hubspot-api-client 12 carry too.
"""

from collections.abc import Mapping

from json_shapes import ID, TEXT, TEXTS, Schema, inputs, listed, shape

VALUES: Schema = {"type": "object", "additionalProperties": TEXT}
"""HubSpot's property values: all of them strings."""

CATEGORY: Schema = {"enum": ["HUBSPOT_DEFINED", "USER_DEFINED", "INTEGRATOR_DEFINED"]}
ASSOCIATION = shape(
    {
        "to": shape({"id": ID}),
        "types": listed(shape({"associationCategory": CATEGORY, "associationTypeId": {"type": "integer"}})),
    }
)
OPERATORS = (
    "EQ", "NEQ", "LT", "LTE", "GT", "GTE", "BETWEEN", "IN", "NOT_IN", "HAS_PROPERTY", "NOT_HAS_PROPERTY",
    "CONTAINS_TOKEN", "NOT_CONTAINS_TOKEN",
)  # fmt: skip
FILTER = shape({"propertyName": ID, "operator": {"enum": list(OPERATORS)}}, value=TEXT, values=TEXTS, highValue=TEXT)
OPTION = shape(
    {"label": TEXT, "value": TEXT, "hidden": {"type": "boolean"}}, displayOrder={"type": "integer"}, description=TEXT
)
_FIELD: Mapping[str, Schema] = {
    "label": TEXT,
    "groupName": TEXT,
    "type": {"enum": ["string", "number", "date", "datetime", "enumeration", "bool"]},
    "fieldType": {
        "enum": [
            "textarea", "text", "date", "file", "number", "select", "radio", "checkbox", "booleancheckbox",
            "calculation_equation",
        ]
    },
}  # fmt: skip
_ABOUT: Mapping[str, Schema] = {
    "description": TEXT,
    "hidden": {"type": "boolean"},
    "formField": {"type": "boolean"},
    "displayOrder": {"type": "integer"},
    "options": listed(OPTION, 5_000),
    "calculationFormula": TEXT,
}

_DAY: Schema = shape(
    {"referenceType": {"enum": ["TODAY", "NOW"]}},
    **{name: {"type": "integer"} for name in ("hour", "minute", "second", "millisecond")},
)
_POINT: Schema = shape(
    {"timeType": {"const": "INDEXED"}, "timezoneSource": {"const": "CUSTOM"}, "zoneId": ID, "indexReference": _DAY},
    offset={"type": "object"},
)
_BLANK: Schema = {"includeObjectsWithNoValueSet": {"type": "boolean"}}
_OPERATION: Schema = {
    "oneOf": [
        shape({"operationType": {"const": "ALL_PROPERTY"}, "operator": {"enum": ["IS_KNOWN", "IS_UNKNOWN"]}, **_BLANK}),
        shape(
            {
                "operationType": {"const": "ENUMERATION"},
                "operator": {"enum": ["IS_ANY_OF", "IS_NONE_OF"]},
                "values": TEXTS,
                **_BLANK,
            }
        ),
        shape(
            {
                "operationType": {"const": "MULTISTRING"},
                "operator": {"enum": ["IS_EQUAL_TO", "IS_NOT_EQUAL_TO"]},
                "values": TEXTS,
                **_BLANK,
            }
        ),
        shape(
            {
                "operationType": {"const": "TIME_RANGED"},
                "type": {"const": "TIME_RANGED"},
                "operator": {"const": "IS_BETWEEN"},
                "propertyParser": {"const": "VALUE"},
                "lowerBoundEndpointBehavior": {"const": "INCLUSIVE"},
                "upperBoundEndpointBehavior": {"const": "INCLUSIVE"},
                "lowerBoundTimePoint": _POINT,
                "upperBoundTimePoint": _POINT,
                **_BLANK,
            }
        ),
    ]
}
_LIST_FILTER = shape({"filterType": {"const": "PROPERTY"}, "property": ID, "operation": _OPERATION})


def _branch(kind: str, inner: Schema, filters: int) -> Schema:
    names: Mapping[str, Schema] = {
        "filterBranchType": {"const": kind},
        "filterBranches": inner,
        "filters": listed(_LIST_FILTER, filters),
    }
    return shape(names, filterBranchOperator={"const": kind})


_BRANCH: Schema = {"allOf": [_branch("OR", listed(_branch("AND", listed({}, 0), 60)), 0)]}
"""An OR of ANDs. The client has one model for branches of every kind; its operations have models of their own."""

HUBSPOT: Mapping[str, Schema] = {
    "BatchReadInputSimplePublicObjectId": shape(
        {"inputs": listed(shape({"id": ID})), "properties": TEXTS, "propertiesWithHistory": TEXTS}, idProperty=TEXT
    ),
    "BatchInputSimplePublicObjectBatchInput": inputs(
        shape({"id": ID, "properties": VALUES}, idProperty=TEXT, objectWriteTraceId=TEXT)
    ),
    # The model lets `associations` out; the API wants it, empty or not. [hubspot: batches]
    "BatchInputSimplePublicObjectBatchInputForCreate": inputs(
        shape({"properties": VALUES, "associations": listed(ASSOCIATION)}, objectWriteTraceId=TEXT)
    ),
    "BatchInputSimplePublicObjectBatchInputUpsert": inputs(
        shape({"id": ID, "properties": VALUES}, idProperty=TEXT, objectWriteTraceId=TEXT)
    ),
    # Full bodies: the model lets all of it out. [hubspot: batches]
    "PublicObjectSearchRequest": shape(
        {
            "limit": {"type": "integer", "minimum": 1, "maximum": 200},
            "after": TEXT,
            "properties": TEXTS,
            "sorts": listed(TEXT, 1),
            "filterGroups": listed(shape({"filters": listed(FILTER, 6)}), 5),
        },
        query=TEXT,
    ),
    "BatchInputPublicFetchAssociationsBatchRequest": inputs(shape({"id": ID}, after=TEXT)),
    "PropertyCreate": shape(
        {"name": {"type": "string", "pattern": "^[a-z][a-z0-9_]*$"}, **_FIELD},
        **_ABOUT,
        hasUniqueValue={"type": "boolean"},
        referencedObjectType=TEXT,
        externalOptions={"type": "boolean"},
    ),
    "PropertyUpdate": shape({}, **_FIELD, **_ABOUT),
    "PropertyGroupCreate": shape({"name": TEXT, "label": TEXT}, displayOrder={"type": "integer"}),
    "BatchInputSimplePublicObjectId": inputs(shape({"id": ID})),
    "PublicGdprDeleteInput": shape({"objectId": ID}, idProperty=TEXT),
    "SubscriptionCreateRequest": shape(
        {"eventType": {"type": "string", "pattern": r"^[a-z]+\.[a-zA-Z]+$"}},
        propertyName=TEXT,
        active={"type": "boolean"},
        objectTypeId=TEXT,
    ),
    "SettingsChangeRequest": shape(
        {
            "targetUrl": {"type": "string", "pattern": "^https://"},
            "throttling": shape({"maxConcurrentRequests": {"type": "integer", "minimum": 5}}),
        }
    ),
    "BatchInputString": inputs(TEXT),
    "ListCreateRequest": shape(
        {
            "name": ID,
            "objectTypeId": ID,
            "processingType": {"enum": ["DYNAMIC", "SNAPSHOT", "MANUAL"]},
        },
        filterBranch=_BRANCH,
        customProperties={"type": "object"},
        listFolderId={"type": "integer"},
    ),
    "ListFilterUpdateRequest": shape({"filterBranch": _BRANCH}),
    "SimplePublicObjectInput": shape({"properties": VALUES}),
    "SimplePublicObjectInputForCreate": shape({"properties": VALUES, "associations": listed(ASSOCIATION)}),
}
"""By the name of the client's model."""

FORMS: Mapping[str, Mapping[str, Mapping[str, str]]] = {
    "token": {
        "authorization_code": dict.fromkeys(
            ("!grant_type", "!client_id", "!client_secret", "!code", "!redirect_uri", "code_verifier", "scope"), ""
        ),
        "refresh_token": dict.fromkeys(("!grant_type", "!client_id", "!client_secret", "!refresh_token", "scope"), ""),
    }
}
"""The fields of a form by grant; `!` before the name of one that must be there."""
