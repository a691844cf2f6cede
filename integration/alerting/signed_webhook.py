"""Alerts as signed webhooks: one POST of JSON for each, signed as https://www.standardwebhooks.com ask.

`webhook-id` is the alert's key, the same in every repetition: the receiver drops what it has had.
"""

import json
from collections.abc import Sequence
from typing import Any
from urllib.parse import quote

from standardwebhooks import Webhook

from connectors.answers.replies import TIMEOUT, Timeout
from connectors.base.port import Receipt
from integration.alerting.alert_port import Alert
from integration.alerting.alert_post import Receiver
from mappings.values.instant import SECOND, Instant, show, to_datetime

_SAFE = "/:=+,;@!$'()*~-_."
"""Characters of a key that stay as they are in a header; others are written as %XX."""
_TYPE = "coldframe.alert"


class SignedWebhook:
    """One receiver; each of the `keys` (webhooks.signatures.standard_keys) signs."""

    for_people = False

    def __init__(self, url: str, keys: Sequence[bytes], *, name: str = "webhook", timeout: Timeout = TIMEOUT) -> None:
        self.name = name
        settings = "COLDFRAME_ALERT_URL" if name == "webhook" else "COLDFRAME_ALERT_WEBHOOKS"
        told = f"{settings} or COLDFRAME_ALERT_SECRET"
        self._receiver = Receiver(url=url, settings=told, drops_repeats=True, timeout=timeout)
        self._signers = [Webhook(key) for key in keys]

    def send(self, alert: Alert, now: Instant) -> Receipt:
        """POST one alert; see the port."""
        body = json.dumps(message(alert), ensure_ascii=False)
        return self._receiver.post(alert.key, body.encode(), self._headers(alert.key, body, now))

    def settled(self, alert: Alert, since: Instant) -> None:
        """It is sent again: the receiver knows it by its key."""

    def close(self) -> None:
        """Nothing is kept open."""

    def _headers(self, key: str, body: str, now: Instant) -> dict[str, str]:
        name, moment = quote(key, safe=_SAFE), to_datetime(now)
        signed = " ".join(signer.sign(name, moment, body) for signer in self._signers)
        return {"webhook-id": name, "webhook-timestamp": str(now // SECOND), "webhook-signature": signed}


def message(alert: Alert) -> dict[str, Any]:
    """The body: the three members that Standard Webhooks recommend."""
    return {
        "type": _TYPE,
        "timestamp": show(alert.raised_at),
        "data": {
            "key": alert.key,
            "alert": alert.alert,
            "text": alert.text,
            "because": list(alert.because),
            "remedy": alert.remedy,
            "at": show(alert.at),
            "lead": alert.lead,
            "records": [
                {"connection": each.connection, "object": each.object, "id": each.id, "url": each.url}
                for each in alert.records
            ],
        },
    }
