"""Alerts to a Slack channel by the bot of your own Slack app.

Each message carries the alert's key as metadata. Where an answer was lost, the channel's history is searched for that
key before anything is sent again. Whoever has the lead's task is mentioned where Slack knows their e-mail. Scopes:
`chat:write`; `channels:history` or `groups:history` to look; `users:read.email` to mention.
"""

import http.client
from collections.abc import Mapping
from dataclasses import replace
from typing import Any
from urllib.error import URLError

from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError, SlackClientError

from connectors.answers.replies import READ_SECONDS, retry_after
from connectors.base.port import Receipt, Verdict
from integration.alerting.alert_port import Alert
from integration.alerting.alert_post import MISDIRECTED, unclear
from integration.alerting.slack_messages import message
from mappings.values.identifiers import ExternalId
from mappings.values.instant import MINUTE, SECOND, Instant, Span

API = "https://slack.com/api/"
EVENT = "coldframe_alert"
"""The type of our metadata."""
_SKEW: Span = 5 * MINUTE
"""How far Slack's clock may be behind ours."""
_PAGE = 200
_MOST_PAGES = 25
_TOO_MANY = 429
_SERVER_ERROR = 500
_OF_THE_ALERT = frozenset({
    "invalid_blocks", "invalid_blocks_format", "msg_blocks_too_long", "msg_too_long", "no_text", "metadata_too_large",
    "invalid_metadata_format", "invalid_metadata_schema", "restricted_action_non_threadable_channel",
})  # fmt: skip
"""Errors by which Slack refuses this message, and not us."""
_TOO_OFTEN = frozenset({"ratelimited", "rate_limited"})
_MAYBE = frozenset({"fatal_error", "internal_error", "service_unavailable", "request_timeout"})
"""Errors after which a part of the call may have succeeded; so may a status of 5xx. The channel's history tells."""


class SlackBot:
    """One channel, by its id."""

    for_people = True

    def __init__(
        self, name: str, channel: str, token: str, *, api_url: str = API, timeout: float = READ_SECONDS
    ) -> None:
        self.name = name
        self._channel = channel
        self._client = WebClient(token=token, base_url=api_url, timeout=timeout, retry_handlers=[])  # type: ignore[arg-type] # seconds may have a fraction
        self._users: dict[str, str] = {}

    def send(self, alert: Alert, now: Instant) -> Receipt:
        """Post one message; see the port."""
        del now
        said = message(alert, self._user(alert.mentioned))
        metadata = {"event_type": EVENT, "event_payload": {"key": alert.key}}
        try:
            answer = self._client.chat_postMessage(
                channel=self._channel, metadata=metadata, unfurl_links=False, unfurl_media=False, **said
            )
        except _FAILURES as error:
            return _judged(alert.key, error)
        return Receipt(key=alert.key, verdict=Verdict.DONE, id=ExternalId(str(answer.get("ts") or "")))

    def settled(self, alert: Alert, since: Instant) -> Receipt | None:
        """Look for the alert's key in what the channel has had since then."""
        oldest, cursor = str((since - _SKEW) // SECOND), ""
        for _ in range(_MOST_PAGES):
            try:
                page = self._page(oldest, cursor)
            except _FAILURES as error:
                return _looked(_judged(alert.key, error))
            for each in page.get("messages") or ():
                if _key(each) == alert.key:
                    return Receipt(key=alert.key, verdict=Verdict.DONE, id=ExternalId(str(each.get("ts") or "")))
            cursor = str((page.get("response_metadata") or {}).get("next_cursor") or "")
            if not cursor:
                return None
        return unclear(alert.key, "no answer, and the channel has too many messages to look for it")

    def close(self) -> None:
        """Nothing is kept open."""

    def _page(self, oldest: str, cursor: str) -> Any:
        return self._client.conversations_history(
            channel=self._channel,
            oldest=oldest,
            limit=_PAGE,
            include_all_metadata=True,
            cursor=cursor or None,
        )

    def _user(self, email: str) -> str:
        """Slack's id of somebody; "" where they cannot be looked up: the alert goes all the same."""
        if email and email not in self._users:
            try:
                found = self._client.users_lookupByEmail(email=email)
            except SlackApiError as error:
                if _code(error) == "users_not_found":
                    self._users[email] = ""
                return ""
            except _FAILURES:
                return ""
            self._users[email] = str((found.get("user") or {}).get("id") or "")
        return self._users.get(email, "")


_FAILURES = (SlackApiError, SlackClientError, OSError, http.client.HTTPException, ValueError)
"""What the client raises; ValueError where an answer is no JSON."""


def _judged(key: str, error: Exception) -> Receipt:
    """What a failed call means for one alert."""
    if isinstance(error, URLError):  # the connection was not made, or the request not sent to its end
        said = f"no answer: {type(error.reason).__name__}"
        return Receipt(key=key, verdict=Verdict.RETRY, code="NO_REPLY", message=said, outage=True)
    if not isinstance(error, SlackApiError):
        return unclear(key, f"no answer: {type(error).__name__}")
    status, code = int(error.response.status_code or 0), _code(error)
    wait = retry_after({name.lower(): _one(value) for name, value in _headers(error).items()})
    if status == _TOO_MANY or code in _TOO_OFTEN:
        said = "Slack asks for a pause"
        return Receipt(key=key, verdict=Verdict.PAUSE, code=code, message=said, retry_after=wait)
    if status >= _SERVER_ERROR or code in _MAYBE:
        return unclear(key, f"Slack says {code}")
    if code in _OF_THE_ALERT:
        return Receipt(key=key, verdict=Verdict.PERMANENT, code=code, message="Slack refuses this alert")
    told = f"COLDFRAME_SLACK_TOKEN or COLDFRAME_SLACK_CHANNELS is not what Slack expects: {code}"
    return Receipt(key=key, verdict=Verdict.PAUSE, code=code, message=told, retry_after=wait or MISDIRECTED)


def _looked(receipt: Receipt) -> Receipt:
    """What a failed look means: where Slack does not let us look, nobody can say what became of the alert."""
    if receipt.outage or receipt.code in _TOO_OFTEN or receipt.code == f"HTTP_{_TOO_MANY}":
        return replace(receipt, verdict=Verdict.PAUSE)
    return unclear(receipt.key, f"no answer, and Slack does not let us look for it: {receipt.code}")


def _key(said: Mapping[str, Any]) -> str:
    metadata = said.get("metadata") or {}
    return str((metadata.get("event_payload") or {}).get("key") or "") if metadata.get("event_type") == EVENT else ""


def _code(error: SlackApiError) -> str:
    """Slack's word for an error; one word where it is a page that no API wrote."""
    said = error.response.get("error") if not isinstance(error.response, str) else ""
    return str(said) if said and " " not in str(said) else f"HTTP_{error.response.status_code}"


def _headers(error: SlackApiError) -> Mapping[str, Any]:
    return error.response.headers or {}


def _one(value: Any) -> str:
    return str(value[0]) if isinstance(value, list) and value else str(value)
