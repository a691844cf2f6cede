"""Signed delivery: activities as their sender posts them, with Standard Webhooks' headers."""

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from standardwebhooks import Webhook

PATH = "/webhooks/activities"


def signed(signer: Webhook, activities: Sequence[Mapping[str, Any]], delivery: str) -> tuple[str, dict[str, str]]:
    """The body and the headers of one delivery under this name, signed now."""
    body = json.dumps({"activities": list(activities)}, separators=(",", ":"))
    moment = datetime.now(UTC)  # noqa: TID251 - signatures are about the sender's own wall clock
    return body, {
        "content-type": "application/json",
        "webhook-id": delivery,
        "webhook-timestamp": str(int(moment.timestamp())),
        "webhook-signature": signer.sign(delivery, moment, body),
    }
