"""The shapes of requests that the vendors' published APIs accept, for every request that a sandbox gets in the tests.

HubSpot's are those of its v3 and v4 specifications, as the models of hubspot-api-client 12 carry them (a test compares
the two); Salesforce's are those of the REST guide's chapters on collections, composite and tooling resources.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any, TypeAlias
from urllib.parse import parse_qs

from jsonschema import Draft202012Validator

Schema: TypeAlias = Mapping[str, Any]

TEXT: Schema = {"type": "string"}
ID: Schema = {"type": "string", "pattern": r"^.+$"}
TEXTS: Schema = {"type": "array", "items": TEXT}
NOTHING: Schema = {"type": "null"}
VALUES: Schema = {"type": "object", "additionalProperties": TEXT}
"""HubSpot's property values: all of them strings."""


def shape(required: Mapping[str, Schema], **optional: Schema) -> Schema:
    """An object with these names and no others."""
    names = {**required, **optional}
    return {"type": "object", "required": sorted(required), "properties": names, "additionalProperties": False}


def listed(item: Schema, most: int = 100) -> Schema:
    return {"type": "array", "items": item, "maxItems": most}


def inputs(item: Schema) -> Schema:
    return shape({"inputs": listed(item)})


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
    "form": TEXT,
}
"""By the name of the client's model; `form` is a form's text."""

_KIND = r"(?:contacts|companies|deals|tasks|leads|tickets|notes|calls|emails|meetings|communications|[02]-\d+)"
_HUBSPOT_ROUTES: tuple[tuple[str, str, str], ...] = (
    ("POST", rf"/crm/objects/2026-09/{_KIND}/batch/read", "BatchReadInputSimplePublicObjectId"),
    ("POST", rf"/crm/objects/2026-09/{_KIND}/batch/update", "BatchInputSimplePublicObjectBatchInput"),
    ("POST", rf"/crm/objects/2026-09/{_KIND}/batch/create", "BatchInputSimplePublicObjectBatchInputForCreate"),
    ("POST", rf"/crm/objects/2026-09/{_KIND}/batch/upsert", "BatchInputSimplePublicObjectBatchInputUpsert"),
    ("POST", rf"/crm/objects/2026-09/{_KIND}/search", "PublicObjectSearchRequest"),
    ("POST", rf"/crm/associations/2026-09/{_KIND}/{_KIND}/batch/read", "BatchInputPublicFetchAssociationsBatchRequest"),
    ("POST", rf"/crm/properties/2026-09/{_KIND}", "PropertyCreate"),
    ("PATCH", rf"/crm/properties/2026-09/{_KIND}/\w+", "PropertyUpdate"),
    ("POST", rf"/crm/properties/2026-09/{_KIND}/groups", "PropertyGroupCreate"),
    ("POST", r"/app-webhooks/2026-09/\d+/subscriptions", "SubscriptionCreateRequest"),
    ("PUT", r"/app-webhooks/2026-09/\d+/settings", "SettingsChangeRequest"),
    ("POST", rf"/crm/objects/2026-09/{_KIND}/batch/archive", "BatchInputSimplePublicObjectId"),
    ("POST", rf"/crm/objects/2026-09/{_KIND}/gdpr-delete", "PublicGdprDeleteInput"),
    ("POST", r"/communication-preferences/2026-09/statuses/batch/unsubscribe-all", "BatchInputString"),
    ("GET", r"(/services/oauth2|/oauth)/authorize", ""),
    ("POST", r"/oauth/2026-09/token", "form"),
    ("GET", rf"/crm/objects/2026-09/{_KIND}(/\d+)?", ""),
    ("DELETE", rf"/crm/objects/2026-09/{_KIND}/\d+", ""),
    ("GET", rf"/crm/properties/2026-09/{_KIND}(/groups|/groups/\w+|/\w+)?", ""),
    ("DELETE", rf"/crm/properties/2026-09/{_KIND}/(groups/)?\w+", ""),
    ("GET", r"/crm/owners/2026-09/?", ""),
    ("GET", rf"/crm/pipelines/2026-09/{_KIND}", ""),
    ("GET", r"/app-webhooks/2026-09/\d+/(subscriptions|settings)", ""),
    ("GET", r"/account-info/2026-09/details", ""),
)

SALESFORCE_ID: Schema = {"type": "string", "pattern": "^[a-zA-Z0-9]{15}([a-zA-Z0-9]{3})?$"}
_TYPE = {"type": "object", "required": ["type"], "properties": {"type": ID}}
_RECORD: Mapping[str, Any] = {"type": "object", "required": ["attributes"], "properties": {"attributes": _TYPE}}
_UPDATED: Schema = {
    **_RECORD,
    "required": ["attributes", "id"],
    "properties": {"attributes": _TYPE, "id": SALESFORCE_ID},
}
SALESFORCE: Mapping[str, Schema] = {
    "created": shape({"allOrNone": {"type": "boolean"}, "records": listed(_RECORD, 200)}),
    "updated": shape({"allOrNone": {"type": "boolean"}, "records": listed(_UPDATED, 200)}),
    "upserted": shape({"allOrNone": {"type": "boolean"}, "records": listed(_RECORD, 200)}),
    "retrieved": shape({"ids": listed(SALESFORCE_ID, 2_000), "fields": TEXTS}),
    "composite": {
        "type": "object",
        "required": ["compositeRequest"],
        "properties": {"compositeRequest": {"type": "array", "maxItems": 25}},
    },
    "record": {"type": "object"},
    "form": TEXT,
    "query job": shape({"operation": {"enum": ["query", "queryAll"]}, "query": TEXT}),
    "ingest job": {"type": "object", "required": ["object", "operation"]},
    "job state": shape({"state": {"enum": ["UploadComplete", "Aborted"]}}),
    "rows": TEXT,
}
_DATA = r"/services/data/v\d+\.0"
_SALESFORCE_ROUTES: tuple[tuple[str, str, str], ...] = (
    ("POST", rf"{_DATA}/composite/sobjects", "created"),
    ("PATCH", rf"{_DATA}/composite/sobjects", "updated"),
    ("PATCH", rf"{_DATA}/composite/sobjects/\w+/\w+", "upserted"),
    ("POST", rf"{_DATA}/composite/sobjects/\w+", "retrieved"),
    ("POST", rf"{_DATA}/composite", "composite"),
    ("DELETE", rf"{_DATA}/composite/sobjects", ""),
    ("POST", rf"{_DATA}/(tooling/)?sobjects/\w+/?", "record"),
    ("PATCH", rf"{_DATA}/(tooling/)?sobjects/\w+/\w+", "record"),
    ("GET", rf"{_DATA}/(tooling/)?(query|queryAll)/?[\w-]*", ""),
    ("GET", rf"{_DATA}/(tooling/)?sobjects(/\w+)*/?", ""),
    ("DELETE", rf"{_DATA}/(tooling/)?sobjects/\w+/\w+", ""),
    ("POST", rf"{_DATA}/jobs/query", "query job"),
    ("POST", rf"{_DATA}/jobs/ingest", "ingest job"),
    ("PUT", rf"{_DATA}/jobs/ingest/\w+/batches", "rows"),
    ("PATCH", rf"{_DATA}/jobs/(query|ingest)/\w+", "job state"),
    ("GET", rf"{_DATA}/jobs/(query|ingest)(/\w+)*", ""),
    ("DELETE", rf"{_DATA}/jobs/(query|ingest)/\w+", ""),
    ("GET", r"/services/oauth2/authorize", ""),
    ("POST", r"/services/oauth2/(token|revoke|introspect)", "form"),
    ("GET", rf"{_DATA}(/limits)?", ""),
    ("GET", r"/services/data/?", ""),
    ("GET", r"/services/oauth2/userinfo", ""),
)

_CHECKS = {
    "hubspot": (_HUBSPOT_ROUTES, {name: Draft202012Validator(dict(held)) for name, held in HUBSPOT.items()}),
    "salesforce": (_SALESFORCE_ROUTES, {name: Draft202012Validator(dict(held)) for name, held in SALESFORCE.items()}),
}


def faults(system: str, method: str, path: str, query: str, body: Any) -> Iterator[str]:
    """Everything in which a request has not the shape that the vendor's API accepts."""
    routes, validators = _CHECKS[system]
    where = f"{method} {path}"
    named = next((name for verb, rule, name in routes if verb == method and re.fullmatch(rule, path)), None)
    if named is None:
        yield f"{where}: {system} publishes no such call"
        return
    if not named:
        if body is not None:
            yield f"{where}: a body where none belongs"
        if path.endswith(("/query", "/queryAll")) and not parse_qs(query).get("q"):
            yield f"{where}: no query"
        return
    for error in validators[named].iter_errors(body):
        at = "/".join(map(str, error.absolute_path))
        yield f"{where}: {named} {at}: {error.message[-200:]}"
