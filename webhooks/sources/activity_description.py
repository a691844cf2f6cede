"""How activities are sent, in the words of OpenAPI: the shape and limits come from the very types that read them.

Only the canonical words stand here, since anybody may read it; `coldframe vocabulary show` prints a company's own.
"""

from collections.abc import Mapping
from typing import Any

import msgspec

from mappings.values import emails
from mappings.vocabulary.value import CANONICAL
from webhooks.declaration import SCHEMA, Described
from webhooks.sources.activity_deliveries import MOST
from webhooks.sources.activity_items import Item

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


def description() -> Described:
    """The operation, the schemas it uses, and every activity type with its properties."""
    return Described(operation=_operation(), schemas=_schemas(), extra={"x-activity-types": _types()})


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
            "202": {
                "description": "Kept. What could not be read is named; the others are taken.",
                "content": {"application/json": {"schema": {"$ref": SCHEMA.format(name="Taken")}}},
            },
        },
    }


def _schemas() -> Mapping[str, Any]:
    _, found = msgspec.json.schema_components([Item], ref_template=SCHEMA)
    item = dict(found["Item"])
    item["anyOf"] = [{"required": ["email"]}, {"required": ["lead"]}]
    item["title"] = "Activity"
    item["properties"] = item["properties"] | {
        "type": item["properties"]["type"] | {"examples": sorted(_types())},
        "email": {"type": ["string", "null"], "maxLength": emails.LONGEST, "description": "One address: who did it."},
    }
    delivery = {
        "type": "object",
        "required": ["activities"],
        "properties": {
            "activities": {"type": "array", "maxItems": MOST, "items": {"$ref": SCHEMA.format(name="Activity")}}
        },
    }
    return {"Activity": item, "Delivery": delivery, "Taken": _TAKEN, "Remark": _REMARK}


def _types() -> Mapping[str, Any]:
    """Activity type -> its properties, with their kinds and choices. Other types are kept and score nothing."""
    return {
        kind: {
            name: {"kind": field.kind} | ({"choices": list(field.choices)} if field.choices else {})
            for name, field in properties.items()
        }
        for kind, properties in sorted(CANONICAL.activities.items())
    }
