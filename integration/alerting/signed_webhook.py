"""Alerts as signed webhooks: one POST of JSON for each, signed as https://www.standardwebhooks.com ask.

`webhook-id` is the alert's key, the same in every repetition: the receiver drops what it has had. A redirect is never
followed, since the address was given by an administrator and no other is to be called.
"""

import json
from collections.abc import Sequence
from typing import Any
from urllib.parse import quote

import requests
from standardwebhooks import Webhook

from connectors.answers.replies import TIMEOUT, Timeout, retry_after
from connectors.base.port import Receipt, Verdict
from connectors.shared.call_deadline import deadline, keep_deadline
from integration.alerting.alert_port import Alert
from mappings.values.instant import MINUTE, SECOND, Instant, Span, show, to_datetime

_SAFE = "/:=+,;@!$'()*~-_."
"""Characters of a key that stay as they are in a header; others are written as %XX."""
_TYPE = "coldframe.alert"
_OF_THE_ALERT = frozenset({400, 409, 413, 422})
"""Statuses by which a receiver refuses this alert, and not us."""
_TOO_MANY = 429
_SERVER_ERROR = 500
_MISDIRECTED: Span = 10 * MINUTE
"""How long the way waits where its address or key is wrong: somebody has to set that right."""
_TOLD = 200


class SignedWebhook:
    """One receiver; each of the `keys` (webhooks.signatures.standard_keys) signs."""

    name = "webhook"

    def __init__(self, url: str, keys: Sequence[bytes], *, timeout: Timeout = TIMEOUT) -> None:
        self._url = url
        self._signers = [Webhook(key) for key in keys]
        self._timeout = timeout
        self._session = requests.Session()
        self._session.trust_env = False  # a .netrc would add a password of its own
        for adapter in self._session.adapters.values():
            keep_deadline(adapter.poolmanager)  # type: ignore[attr-defined] # each is an HTTPAdapter

    def send(self, alert: Alert, now: Instant) -> Receipt:
        """POST one alert; see the port."""
        body = json.dumps(message(alert), ensure_ascii=False)
        headers = self._headers(alert.key, body, now)
        try:
            with (
                deadline(),
                self._session.post(
                    self._url,
                    data=body.encode(),
                    headers=headers,
                    timeout=self._timeout,
                    allow_redirects=False,
                    stream=True,  # nothing of the answer but its status is of interest, so nothing is read
                ) as answer,
            ):
                return judged(alert.key, answer.status_code, {k.lower(): v for k, v in answer.headers.items()})
        except requests.RequestException as error:
            said = f"no answer: {type(error).__name__}"
            return Receipt(key=alert.key, verdict=Verdict.RETRY, code="NO_REPLY", message=said, outage=True)

    def close(self) -> None:
        """Close the connections that are kept open."""
        self._session.close()

    def _headers(self, key: str, body: str, now: Instant) -> dict[str, str]:
        name, moment = quote(key, safe=_SAFE), to_datetime(now)
        signed = " ".join(signer.sign(name, moment, body) for signer in self._signers)
        stamp = str(now // SECOND)
        kept = {"Content-Type": "application/json", "User-Agent": "Coldframe"}
        return kept | {"webhook-id": name, "webhook-timestamp": stamp, "webhook-signature": signed}


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


def judged(key: str, status: int, headers: dict[str, str]) -> Receipt:
    """What an answer's status means for one alert."""
    code = f"HTTP_{status}"
    if requests.codes.ok <= status < requests.codes.multiple_choices:
        return Receipt(key=key, verdict=Verdict.DONE)
    if status in _OF_THE_ALERT:
        said = "the receiver refuses this alert"
        return Receipt(key=key, verdict=Verdict.PERMANENT, code=code, message=said)
    wait = retry_after(headers)
    if status == _TOO_MANY or status >= _SERVER_ERROR:
        said = "the receiver asks for a pause" if status == _TOO_MANY else "the receiver is away"
        outage = status >= _SERVER_ERROR
        return Receipt(key=key, verdict=Verdict.PAUSE, code=code, message=said, retry_after=wait, outage=outage)
    said = f"COLDFRAME_ALERT_URL or COLDFRAME_ALERT_SECRET is not what the receiver expects{_moved(status, headers)}"
    return Receipt(key=key, verdict=Verdict.PAUSE, code=code, message=said, retry_after=wait or _MISDIRECTED)


def _moved(status: int, headers: dict[str, str]) -> str:
    """Where a redirect points to; it is reported and not followed."""
    if requests.codes.multiple_choices <= status < requests.codes.bad_request and headers.get("location"):
        return f"; it has moved to {headers['location'].partition('?')[0][:_TOLD]}"
    return ""
