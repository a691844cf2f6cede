"""A legacy public app's webhook settings: under the developer account's key alone, as HubSpot has it."""

from typing import Any

from sandbox.hubspot.state.portal import Portal
from sandbox.hubspot.state.refusals import Refused, conflict, malformed
from sandbox.shared import sandbox_clock
from sandbox.shared.http_call import Answer, Call, reply

_OBJECTS = ("contact", "company", "deal")
_EVENTS = ("creation", "deletion", "merge", "restore", "associationChange", "propertyChange")
_TYPES = {f"{name}.{event}" for name in _OBJECTS for event in _EVENTS} | {"contact.privacyDeletion"}


class Subscriptions:
    """The endpoints under `/app-webhooks/<version>/<app>`."""

    def __init__(self, portal: Portal) -> None:
        self.portal = portal
        self.held: list[dict[str, Any]] = []
        self.settings: dict[str, Any] = {}

    def listing(self, call: Call, app: str) -> Answer:
        """GET all subscriptions."""
        self._signed_in(call, app)
        return reply({"results": self.held})

    def create(self, call: Call, app: str) -> Answer:
        """POST a subscription."""
        self._signed_in(call, app)
        wish = call.json()
        event, name = str(wish.get("eventType") or ""), wish.get("propertyName")
        if event not in _TYPES or event.endswith(".propertyChange") != bool(name):
            why = f"{event} with propertyName {name}"
            raise malformed(why)
        if any((one["eventType"], one.get("propertyName")) == (event, name) for one in self.held):
            message = "A subscription of this kind already exists."
            raise conflict(message)
        made = {"id": str(1_000 + len(self.held)), "eventType": event, "active": bool(wish.get("active"))}
        stamp = sandbox_clock.zulu(self.portal.now())
        made |= {"createdAt": stamp, "updatedAt": stamp}
        self.held.append(made | ({"propertyName": name} if name else {}))
        return reply(self.held[-1], 201)

    def target(self, call: Call, app: str) -> Answer:
        """GET where deliveries go."""
        self._signed_in(call, app)
        if not self.settings:
            raise Refused(status=404, category="OBJECT_NOT_FOUND", message="The app has no webhook settings.")
        return reply(self.settings)

    def aim(self, call: Call, app: str) -> Answer:
        """PUT where deliveries go."""
        self._signed_in(call, app)
        wish = call.json()
        if not str(wish.get("targetUrl") or "").startswith("https://") or "throttling" not in wish:
            why = "settings want an https targetUrl and throttling"
            raise malformed(why)
        stamp = sandbox_clock.zulu(self.portal.now())
        begun = self.settings.get("createdAt", stamp)
        told = {"targetUrl": wish["targetUrl"], "throttling": wish["throttling"]}
        self.settings = told | {"createdAt": begun, "updatedAt": stamp}
        return reply(self.settings)

    def _signed_in(self, call: Call, app: str) -> None:
        if not call.argument("hapikey"):
            raise Refused(status=401, category="INVALID_AUTHENTICATION", message="This API takes a developer API key.")
        if app != self.portal.api.id:
            raise Refused(status=404, category="OBJECT_NOT_FOUND", message=f"This developer account has no app {app}.")
