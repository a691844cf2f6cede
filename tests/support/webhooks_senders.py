"""Senders as the tests know them: they sign as HubSpot and Standard Webhooks document it, sharing no code with us."""

import base64
import hashlib
import hmac
import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, TypeAlias

from standardwebhooks import Webhook

from integration.store.queues.inbox import Delivery

Headers: TypeAlias = dict[str, str]
Kept: TypeAlias = Callable[[], list[Delivery]]

NOW = 1_795_000_000_000_000  # microseconds
SECOND = 1_000_000
URL = "https://crm.example.com"
HUBSPOT_SECRET = "11111111-2222-3333-4444-555555555555"
ACTIVITY_SECRET = "whsec_" + base64.b64encode(b"0123456789abcdef0123456789abcdef").decode()


class Wall:
    """A clock that stands still until it is told."""

    def __init__(self) -> None:
        self.at = NOW

    def __call__(self) -> int:
        return self.at


def hubspot(
    body: bytes, *, at: Any = NOW, secret: str = HUBSPOT_SECRET, uri: str = f"{URL}/webhooks/hubspot"
) -> dict[str, str]:
    stamp = str(at // 1_000)
    digest = hmac.new(secret.encode(), b"POST" + uri.encode() + body + stamp.encode(), hashlib.sha256).digest()
    return {
        "X-HubSpot-Signature-v3": base64.b64encode(digest).decode(),
        "X-HubSpot-Request-Timestamp": stamp,
        "Content-Type": "application/json",
    }


def standard(body: bytes, *, at: Any = NOW, secret: str = ACTIVITY_SECRET, name: str = "msg_1") -> dict[str, str]:
    moment = datetime.fromtimestamp(at // SECOND, UTC)
    return {
        "webhook-id": name,
        "webhook-timestamp": str(at // SECOND),
        "webhook-signature": Webhook(secret).sign(name, moment, body.decode("utf-8", "surrogateescape"))
        if _text(body)
        else _signed(body, at, secret, name),
        "Content-Type": "application/json",
    }


def _text(body: bytes) -> bool:
    try:
        body.decode()
    except UnicodeDecodeError:
        return False
    return True


def _signed(body: bytes, at: Any, secret: str, name: str) -> str:
    key = base64.b64decode(secret.removeprefix("whsec_"))
    digest = hmac.new(key, f"{name}.{at // SECOND}.".encode() + body, hashlib.sha256).digest()
    return "v1," + base64.b64encode(digest).decode()


def activity(number: int = 1, **more: Any) -> dict[str, Any]:
    return {
        "id": f"a{number}",
        "type": "page_view",
        "at": "2026-01-06T10:00:00Z",
        "email": f"person{number}@acme.example",
        "properties": {"page": "pricing"},
    } | more


def activities(*items: Any) -> bytes:
    return json.dumps({"activities": list(items)}).encode()


def event(number: int = 1, **more: Any) -> dict[str, Any]:
    return {
        "eventId": number,
        "subscriptionId": 7,
        "portalId": 42,
        "appId": 9,
        "occurredAt": 1_794_999_999_000,
        "subscriptionType": "contact.propertyChange",
        "attemptNumber": 0,
        "objectId": 177_516_799_952,
        "propertyName": "email",
        "propertyValue": "ana@acme.example",
        "changeSource": "CRM_UI",
        "sourceId": "userId:1",
    } | more


def events(*items: Any) -> bytes:
    return json.dumps(list(items)).encode()
