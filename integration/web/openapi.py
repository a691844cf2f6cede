"""The webhooks described as OpenAPI 3.1: each source says how it is sent, and this what all of them are answered."""

from collections.abc import Mapping
from functools import cache
from typing import Any

import msgspec
from flask import Flask, Response

from integration.alerting import alert_description
from webhooks import registry
from webhooks.declaration import SCHEMA, Described, Source

_REFUSALS = {
    "400": "The body as a whole cannot be read. Nothing is kept.",
    "401": "The signature does not match, or the timestamp is too old.",
    "408": "The request took too long to arrive. Send it again.",
    "413": "Too large. Send less at a time.",
    "503": "It could not be stored now. Send it again after `Retry-After`.",
}
_REFUSED = {
    "type": "object",
    "required": ["error", "detail"],
    "properties": {"error": {"type": "string"}, "detail": {"type": "string"}},
}


def serve(app: Flask, public_url: str) -> None:
    """Answer `GET /openapi.json`, to anybody."""

    @app.get("/openapi.json")
    def describe_api() -> Response:
        return Response(document(public_url), content_type="application/json")


@cache
def document(public_url: str = "") -> bytes:
    """The OpenAPI document as JSON; `public_url` is the address that senders use."""
    found = [(each, each.described()) for each in registry.every() if each.described is not None]
    schemas: dict[str, Any] = {"Refused": _REFUSED}
    extra: dict[str, Any] = {}
    for _, described in found:
        schemas |= described.schemas
        extra |= described.extra
    return msgspec.json.encode(
        {
            "openapi": "3.1.0",
            "info": {
                "title": "Coldframe: webhooks",
                "version": "1",
                "description": "Send what people do. Each activity counts once and changes the lead's score.",
                "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
            },
            "servers": [{"url": public_url or "/"}],
            "paths": dict(_path(source, described) for source, described in found),
            "webhooks": alert_description.WEBHOOKS,
            "components": {"schemas": {**schemas, **alert_description.SCHEMAS}},
            **extra,
        }
    )


def _path(source: Source, described: Described) -> tuple[str, Mapping[str, Any]]:
    refused = {"application/json": {"schema": {"$ref": SCHEMA.format(name="Refused")}}}
    refusals = {code: {"description": said, "content": refused} for code, said in _REFUSALS.items()}
    operation = {**described.operation, "responses": refusals | described.operation["responses"]}
    return f"/webhooks{source.route}", {"post": operation}
