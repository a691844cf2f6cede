"""Signed delivery: activities as their sender posts them, with Standard Webhooks' headers, until they are stored."""

import json
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import requests
from standardwebhooks import Webhook

PATH = "/webhooks/activities"
_PAUSE = 1.0
"""Seconds between two tries, where the answer names none."""


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


def until_stored(send: Callable[[], requests.Response], *, seconds: float = 60.0) -> None:
    """Send a delivery again while the service has no room for it now, as it asks with 503 and `Retry-After`.

    Raises requests.RequestException for any other answer that is no success, and when the time is up.
    """
    end = time.monotonic() + seconds
    while True:
        try:
            answer = send()
            pause = _seconds(answer.headers.get("retry-after", ""))
            if answer.status_code != requests.codes.service_unavailable or time.monotonic() + pause > end:
                answer.raise_for_status()
                return
        except (requests.ConnectionError, requests.Timeout):
            pause = _PAUSE
            if time.monotonic() + pause > end:
                raise
        time.sleep(pause)


def _seconds(text: str) -> float:
    return float(text) if text.isdigit() else _PAUSE
