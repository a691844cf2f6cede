"""A public app's webhook settings, reached with the key of the developer account that owns it."""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from hubspot import Client
from hubspot.webhooks.exceptions import OpenApiException as WebhooksError

from connectors.answers.replies import TIMEOUT, Outcome, Timeout, clean
from connectors.base.spending import Purse
from connectors.hubspot.api_session import ERRORS, HubSpotSession


@dataclass(frozen=True, slots=True, kw_only=True)
class App:
    """An app's number, and its developer account's API key."""

    number: str
    key: str = field(repr=False)


class AppSession(HubSpotSession):
    """As the session it extends, signed in as a developer: access tokens cannot reach these paths.

    ValueError at construction for a key that cannot be one.
    """

    errors = (*ERRORS, WebhooksError)

    def __init__(self, app: App, api_url: str = "", timeout: Timeout = TIMEOUT) -> None:
        options: dict[str, Any] = {"api_key": clean(app.key), "retry": False}
        if api_url:
            options |= {"host": api_url.rstrip("/"), "base_url": api_url.rstrip("/")}
        self._client = Client.create(**options)
        self._timeout = timeout
        self._app = int(app.number)
        self.purse = Purse()

    def _call(self, method: Callable[..., Any], *arguments: Any, **options: Any) -> Outcome:
        """As it is: a developer's key is renewed by nobody."""
        return self._send(method, *arguments, **options)

    @cached_property
    def _subscriptions(self) -> Any:
        return self._client.webhooks.subscriptions_api

    @cached_property
    def _settings(self) -> Any:
        return self._client.webhooks.settings_api

    def subscribed(self) -> Outcome:
        """GET /webhooks/v3/{app}/subscriptions."""
        return self._call(self._subscriptions.get_all, self._app)

    def subscribe(self, event: str, name: str = "") -> Outcome:
        """POST /webhooks/v3/{app}/subscriptions: an event type, and the property where it is of one."""
        body = {"eventType": event, "active": True} | ({"propertyName": name} if name else {})
        return self._call(self._subscriptions.create, self._app, body)

    def target(self) -> Outcome:
        """GET /webhooks/v3/{app}/settings."""
        return self._call(self._settings.get_all, self._app)

    def aim(self, url: str) -> Outcome:
        """PUT /webhooks/v3/{app}/settings: where deliveries go, ten at once."""
        body = {"targetUrl": url, "throttling": {"maxConcurrentRequests": 10, "period": "SECONDLY"}}
        return self._call(self._settings.configure, self._app, body)

    def close(self) -> None:
        """Close the connections that are kept open."""
        for name in ("_subscriptions", "_settings"):
            if name in self.__dict__:
                self.__dict__[name].api_client.rest_client.pool_manager.clear()
