"""The shapes of requests that the vendors' published APIs accept, for every request that a sandbox gets in the tests.

HubSpot's stand in `hubspot_endpoints`; Salesforce's are those of the REST guide's chapters on collections, composite
and tooling resources.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import parse_qs

import hubspot_endpoints
from json_shapes import ID, TEXT, TEXTS, Schema, Shape, listed, shape

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

_SHAPES = {name: Shape(held) for name, held in SALESFORCE.items()}
KINDS: set[str] = set()
"""The kinds of HubSpot request that this process has seen and found valid."""


def faults(system: str, method: str, path: str, query: str, body: Any) -> Iterator[str]:
    """Everything in which a request has not the shape that the vendor's API accepts."""
    if system == "hubspot":
        found = list(hubspot_endpoints.faults(method, path, query, body))
        if not found:
            KINDS.add(hubspot_endpoints.kind(method, path, query, body))
        yield from found
    else:
        yield from _of_salesforce(method, path, query, body)


def _of_salesforce(method: str, path: str, query: str, body: Any) -> Iterator[str]:
    where = f"{method} {path}"
    named = next((name for verb, rule, name in _SALESFORCE_ROUTES if verb == method and re.fullmatch(rule, path)), None)
    if named is None:
        yield f"{where}: salesforce publishes no such call"
        return
    if not named:
        if body is not None:
            yield f"{where}: a body where none belongs"
        if path.endswith(("/query", "/queryAll")) and not parse_qs(query).get("q"):
            yield f"{where}: no query"
        return
    for error in _SHAPES[named].errors(body):
        at = "/".join(map(str, error.absolute_path))
        yield f"{where}: {named} {at}: {error.message[-200:]}"
