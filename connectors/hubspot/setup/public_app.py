"""The webhook settings of a legacy public app, reached with the key of the developer account that owns it.

HubSpot lets nobody make such apps since June 2026; those that exist go on working [hubspot: credentials].
"""

from dataclasses import dataclass, field
from typing import Any

from connectors.answers.replies import TIMEOUT, Outcome, Timeout, clean
from connectors.base.spending import Purse
from connectors.hubspot import paths
from connectors.hubspot.api_session import HubSpotCalls


@dataclass(frozen=True, slots=True, kw_only=True)
class App:
    """An app's number, and its developer account's API key."""

    number: str
    key: str = field(repr=False)


class AppSession(HubSpotCalls):
    """Calls about an app, signed in as a developer: access tokens cannot reach these paths.

    ValueError at construction for a key that cannot be one.
    """

    def __init__(self, app: App, api_url: str = "", timeout: Timeout = TIMEOUT) -> None:
        self._key = clean(app.key)
        self._app = int(app.number)
        super().__init__(api_url, timeout, Purse())

    def subscribed(self) -> Outcome:
        """GET all subscriptions."""
        return self._call("GET", "subscriptions")

    def subscribe(self, event: str, name: str = "") -> Outcome:
        """POST a subscription: an event type, and the property where it is of one."""
        body = {"eventType": event, "active": True} | ({"propertyName": name} if name else {})
        return self._call("POST", "subscriptions", body)

    def target(self) -> Outcome:
        """GET where deliveries go."""
        return self._call("GET", "settings")

    def aim(self, url: str) -> Outcome:
        """PUT where deliveries go, ten at once."""
        return self._call("PUT", "settings", {"targetUrl": url, "throttling": {"maxConcurrentRequests": 10}})

    def _call(self, method: str, what: str, body: Any = None) -> Outcome:
        """With the key as it is: a developer's key is renewed by nobody."""
        return self._send(method, paths.app_webhooks(self._app, what), body, [("hapikey", self._key)])
