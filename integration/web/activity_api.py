"""The API of activities, described as OpenAPI 3.1: what is sent, its limits, how it is signed, what is answered.

The shape and the limits come from the very types that read activities. Only the canonical words stand here, since
anybody may read it; `coldframe vocabulary show` prints a company's own.
"""

from collections.abc import Mapping
from functools import cache
from typing import Any

import msgspec
from flask import Flask, Response

from mappings.vocabulary.value import CANONICAL
from webhooks.sources.activity_deliveries import MOST
from webhooks.sources.activity_items import Item

_REF = "#/components/schemas/{name}"
_SIGNED = (
    ("webhook-id", "Your id of this delivery. The same again within a quarter of an hour is answered, not kept twice."),
    ("webhook-timestamp", "Seconds since 1970, within five minutes of this service's clock."),
    ("webhook-signature", "v1, and base64 of HMAC-SHA256 over `id.timestamp.body`; several, parted by blanks."),
)
_REMARK = {
    "type": "object",
    "required": ["index", "reason"],
    "properties": {
        "index": {"type": "integer", "description": "The place of the activity in the request, from 0."},
        "reason": {"type": "string", "description": "What is wrong, with the field and the nearest right word."},
    },
}
_TAKEN = {
    "type": "object",
    "required": ["delivery", "accepted", "rejected", "warnings"],
    "properties": {
        "delivery": {"type": "integer", "description": "Our number of this delivery."},
        "accepted": {"type": "integer", "description": "How many activities were taken, duplicates among them."},
        "rejected": {"type": "array", "items": {"$ref": "#/components/schemas/Remark"}},
        "warnings": {"type": "array", "items": {"$ref": "#/components/schemas/Remark"}},
    },
}
_REFUSED = {
    "type": "object",
    "required": ["error", "detail"],
    "properties": {"error": {"type": "string"}, "detail": {"type": "string"}},
}
_EXAMPLE = {
    "activities": [
        {
            "id": "a1",
            "type": "page_view",
            "at": "2026-01-06T10:00:00Z",
            "email": "ana@acme.example",
            "properties": {"url": "https://www.acme.example/pricing"},
        }
    ]
}


def serve(app: Flask, public_url: str) -> None:
    """Answer `GET /openapi.json`, to anybody."""

    @app.get("/openapi.json")
    def describe_api() -> Response:
        return Response(description(public_url), content_type="application/json")


@cache
def description(public_url: str = "") -> bytes:
    """The OpenAPI document as JSON; `public_url` is the address that senders use."""
    return msgspec.json.encode(
        {
            "openapi": "3.1.0",
            "info": {
                "title": "Coldframe: activities",
                "version": "1",
                "description": "Send what people do. Each activity counts once and changes the lead's score.",
                "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
            },
            "servers": [{"url": public_url or "/"}],
            "paths": {"/webhooks/activities": {"post": _operation()}},
            "components": {"schemas": _schemas()},
            "x-activity-types": _types(),
        }
    )


def _operation() -> Mapping[str, Any]:
    return {
        "operationId": "sendActivities",
        "summary": "Send up to 1,000 activities",
        "description": "Signed as Standard Webhooks (https://www.standardwebhooks.com) ask. 202 is answered once the "
        "delivery is durable. After any other answer but 400 and 413, send the same delivery again.",
        "parameters": [
            {"name": name, "in": "header", "required": True, "schema": {"type": "string"}, "description": said}
            for name, said in _SIGNED
        ],
        "requestBody": {
            "required": True,
            "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Delivery"}, "example": _EXAMPLE}},
        },
        "responses": {
            "202": _answer("Kept. What could not be read is named; the others are taken.", "Taken"),
            "400": _answer("The body as a whole cannot be read. Nothing is kept.", "Refused"),
            "401": _answer("The signature does not match, or the timestamp is too old.", "Refused"),
            "408": _answer("The request took too long to arrive. Send it again.", "Refused"),
            "413": _answer("Too large, or more than 1,000 activities. Send less at a time.", "Refused"),
            "503": _answer("It could not be stored now. Send it again after `Retry-After`.", "Refused"),
        },
    }


def _answer(said: str, schema: str) -> Mapping[str, Any]:
    content = {"application/json": {"schema": {"$ref": _REF.format(name=schema)}}}
    return {"description": said, "content": content}


def _schemas() -> Mapping[str, Any]:
    _, found = msgspec.json.schema_components([Item], ref_template=_REF)
    item = dict(found["Item"])
    item["anyOf"] = [{"required": ["email"]}, {"required": ["lead"]}]
    item["title"] = "Activity"
    item["properties"] = item["properties"] | {
        "type": item["properties"]["type"] | {"examples": sorted(_types())},
        "email": {"type": ["string", "null"], "maxLength": 320, "description": "One address: who did it."},
    }
    delivery = {
        "type": "object",
        "required": ["activities"],
        "properties": {
            "activities": {"type": "array", "maxItems": MOST, "items": {"$ref": _REF.format(name="Activity")}}
        },
    }
    return {"Activity": item, "Delivery": delivery, "Taken": _TAKEN, "Remark": _REMARK, "Refused": _REFUSED}


def _types() -> Mapping[str, Any]:
    """Activity type -> its properties, with their kinds and choices. Other types are kept and score nothing."""
    return {
        kind: {
            name: {"kind": field.kind} | ({"choices": list(field.choices)} if field.choices else {})
            for name, field in properties.items()
        }
        for kind, properties in sorted(CANONICAL.activities.items())
    }
