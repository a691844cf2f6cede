"""How alerts are sent, in the words of OpenAPI: the message, its signature, and what each answer means."""

from collections.abc import Mapping
from typing import Any

_TEXT = {"type": "string"}
_TIME = {"type": "string", "format": "date-time"}
_SIGNED = (
    ("webhook-id", "The alert's key, the same in every repetition: drop what you have had."),
    ("webhook-timestamp", "Seconds since 1970; refuse what is more than five minutes from your clock."),
    ("webhook-signature", "v1, and base64 of HMAC-SHA256 over `id.timestamp.body`; several, parted by blanks."),
)
_ANSWERS = {
    "2XX": "Done.",
    "400": "This alert is refused, as with 409, 413 and 422: it becomes a sync error, and the others go on.",
    "429": "Wait as long as `Retry-After` says, as with 5xx and no answer within ten seconds. Nothing is lost.",
    "4XX": "The address or the secret is wrong: alerts wait, and `coldframe doctor` says why.",
}
_RECORD = {
    "type": "object",
    "required": ["connection", "object", "id", "url"],
    "properties": {
        "connection": _TEXT,
        "object": _TEXT,
        "id": _TEXT,
        "url": {"type": "string", "description": "Opens the record; empty where its address is not known."},
    },
}
_DATA = {
    "key": {"type": "string", "description": "As `webhook-id`."},
    "alert": {"type": "string", "description": "A play's name, or one of docs/alerts.md."},
    "text": {"type": "string", "description": "One sentence for people."},
    "because": {"type": "array", "items": _TEXT, "description": "What led to it."},
    "remedy": {"type": "string", "description": "What to do; may be empty."},
    "at": _TIME,
    "lead": {"type": "string", "description": "Coldframe's id of the lead; empty where it is about none."},
    "records": {"type": "array", "items": {"$ref": "#/components/schemas/AlertRecord"}},
}
SCHEMAS: Mapping[str, Any] = {
    "Alert": {
        "type": "object",
        "required": ["type", "timestamp", "data"],
        "properties": {
            "type": {"const": "coldframe.alert"},
            "timestamp": _TIME,
            "data": {"type": "object", "required": list(_DATA), "properties": _DATA},
        },
    },
    "AlertRecord": _RECORD,
}
WEBHOOKS: Mapping[str, Any] = {
    "coldframe.alert": {
        "post": {
            "operationId": "receiveAlert",
            "summary": "An alert, sent to COLDFRAME_ALERT_URL",
            "description": "Signed as Standard Webhooks (https://www.standardwebhooks.com) ask.",
            "parameters": [
                {"name": name, "in": "header", "required": True, "schema": _TEXT, "description": said}
                for name, said in _SIGNED
            ],
            "requestBody": {
                "required": True,
                "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Alert"}}},
            },
            "responses": {status: {"description": said} for status, said in _ANSWERS.items()},
        }
    }
}
"""By the type of its message."""
