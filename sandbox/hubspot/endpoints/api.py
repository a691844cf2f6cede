"""HubSpot's API: its endpoints, and its answers to calls that no endpoint takes."""

from typing import Any

from sandbox.hubspot.endpoints.app_subscriptions import Subscriptions
from sandbox.hubspot.endpoints.association_calls import Links
from sandbox.hubspot.endpoints.call_limits import Limits
from sandbox.hubspot.endpoints.list_calls import Lists
from sandbox.hubspot.endpoints.mail_preferences import Preferences
from sandbox.hubspot.endpoints.object_batches import Batches
from sandbox.hubspot.endpoints.object_search import Search
from sandbox.hubspot.endpoints.property_calls import Definitions
from sandbox.hubspot.endpoints.single_objects import Objects
from sandbox.hubspot.endpoints.token_server import PATHS as SIGN_IN
from sandbox.hubspot.endpoints.token_server import HubSpotOAuth, expired
from sandbox.hubspot.state import dated_paths, refusals
from sandbox.hubspot.state.dated_paths import APP_WEBHOOKS
from sandbox.hubspot.state.portal import Portal
from sandbox.hubspot.state.record_owners import PIPELINES
from sandbox.hubspot.state.refusals import Refused
from sandbox.shared.call_gate import Endpoint, Gate, Route, bearer
from sandbox.shared.http_call import Answer, Call, Unreadable, reply
from sandbox.shared.requested_faults import Fault, Faults
from sandbox.shared.sandbox_clock import Now
from sandbox.shared.seeded_random import Chance

PREFIXES = ("/crm/", "/communication-preferences/", "/account-info/", "/app-webhooks/", "/oauth/")


class HubSpotGate(Gate):
    """Every call to HubSpot's API."""

    def __init__(self, portal: Portal, *, now: Now, faults: Faults, log_size: int, seed: int) -> None:
        self.portal = portal
        self.limits = Limits(now)
        self.search = Search(portal)
        self.subscriptions = Subscriptions(portal)
        self.preferences = Preferences(portal)
        self.lists = Lists(portal)
        self._chance = Chance(seed + 2)
        super().__init__("hubspot", now=now, faults=faults, log_size=log_size, seed=seed)

    def routes(self) -> list[Route]:
        """All endpoints."""
        objects, batches = Objects(self.portal), Batches(self.portal)
        definitions, links = Definitions(self.portal), Links(self.portal)
        base, properties = f"{dated_paths.OBJECTS}/<kind>", f"{dated_paths.PROPERTIES}/<kind>"
        linked, pairs = f"{base}/<id_>/associations", f"{dated_paths.ASSOCIATIONS}/<kind>/<to>"
        apps = f"{APP_WEBHOOKS}<app>"
        oauth = HubSpotOAuth(self.issuer, self.portal.portal_id)
        return [
            ("POST", f"{base}/batch/read", batches.read),
            ("POST", f"{base}/batch/create", batches.create),
            ("POST", f"{base}/batch/update", batches.update),
            ("POST", f"{base}/batch/upsert", batches.upsert),
            ("POST", f"{base}/batch/archive", batches.archive),
            ("POST", f"{base}/search", self.search.search),
            ("POST", f"{base}/merge", objects.merge),
            ("POST", f"{base}/gdpr-delete", objects.erase),
            ("GET", base, objects.listing),
            ("POST", base, objects.create),
            ("GET", f"{base}/<id_>", objects.read),
            ("PATCH", f"{base}/<id_>", objects.update),
            ("DELETE", f"{base}/<id_>", objects.archive),
            ("GET", f"{linked}/<to>", links.listing),
            ("PUT", f"{linked}/default/<to>/<other>", links.default),
            ("PUT", f"{linked}/<to>/<other>", links.create),
            ("DELETE", f"{linked}/<to>/<other>", links.remove),
            ("POST", f"{pairs}/batch/read", links.batch_read),
            ("GET", f"{pairs}/labels", links.labels),
            ("GET", properties, definitions.listing),
            ("GET", "/calling/v1/dispositions", definitions.call_outcomes),
            ("POST", properties, definitions.create),
            ("POST", f"{properties}/batch/create", definitions.create_many),
            ("GET", f"{properties}/groups", definitions.groups),
            ("POST", f"{properties}/groups", definitions.create_group),
            ("GET", f"{properties}/groups/<name>", definitions.group),
            ("DELETE", f"{properties}/groups/<name>", definitions.remove_group),
            ("GET", f"{properties}/<name>", definitions.read),
            ("PATCH", f"{properties}/<name>", definitions.change),
            ("DELETE", f"{properties}/<name>", definitions.remove),
            ("POST", dated_paths.LISTS, self.lists.create),
            ("GET", f"{dated_paths.LISTS}/object-type-id/<type_id>/name/<name>", self.lists.named),
            ("PUT", f"{dated_paths.LISTS}/<list_id>/update-list-filters", self.lists.change),
            ("DELETE", f"{dated_paths.LISTS}/<list_id>", self.lists.remove),
            ("GET", f"{apps}/subscriptions", self.subscriptions.listing),
            ("POST", f"{apps}/subscriptions", self.subscriptions.create),
            ("GET", f"{apps}/settings", self.subscriptions.target),
            ("PUT", f"{apps}/settings", self.subscriptions.aim),
            ("GET", dated_paths.OWNERS, self.owners),
            ("GET", f"{dated_paths.OWNERS}/<id_>", self.owner),
            ("GET", f"{dated_paths.PIPELINES}/<kind>", self.pipelines),
            ("POST", f"{dated_paths.PREFERENCES}/statuses/batch/unsubscribe-all", self.preferences.unsubscribe_all),
            ("GET", dated_paths.ACCOUNT, self.account),
            ("GET", "/oauth/authorize", oauth.authorize),
            ("POST", dated_paths.TOKEN, oauth.token),
        ]

    def open_to_all(self, path: str) -> bool:
        """What takes a developer's key instead of a token, which it looks at itself, and where tokens come from."""
        return path.startswith(APP_WEBHOOKS) or path in SIGN_IN

    def owners(self, call: Call) -> Answer:
        """GET the people who can own records; with `archived=true` those who could."""
        email, archived = call.argument("email").lower(), call.flag("archived")
        found = [owner for owner in self.portal.owners if owner["archived"] is archived]
        return reply({"results": [owner for owner in found if email in {"", owner["email"]}]})

    def owner(self, call: Call, id_: str) -> Answer:
        """GET one of them."""
        archived = call.flag("archived")
        for owner in self.portal.owners:
            if owner["id"] == id_ and owner["archived"] is archived:
                return reply(owner)
        raise refusals.absent(id_)

    def pipelines(self, call: Call, kind: str) -> Answer:
        """GET the pipelines of an object type."""
        del call
        return reply({"results": PIPELINES.get(kind, [])})

    def account(self, call: Call) -> Answer:
        """GET what the token belongs to."""
        del call
        body = {
            "portalId": self.portal.portal_id,
            "accountType": "DEVELOPER_TEST",
            "timeZone": "Europe/Berlin",
            "companyCurrency": "EUR",
            "additionalCurrencies": [],
            "utcOffset": "+01:00",
            "utcOffsetMilliseconds": 3_600_000,
            "uiDomain": "app.hubspot.example",
            "dataHostingLocation": "eu1",
        }
        return reply(body)

    def refused(self, fault: Fault) -> Answer:
        """A fault that is an answer."""
        if fault.kind == "rate_limited":
            return refusals.too_many(fault.policy, fault.retry_after, self._correlation())
        if fault.kind == "unauthorized":
            return self.unauthorized()
        if fault.kind == "unavailable":
            message = fault.message or "The server is temporarily unable to answer."
            refusal = Refused(status=503, category="SERVICE_UNAVAILABLE", message=message)
            return reply(refusal.body(self._correlation()), 503)
        refusal = Refused(status=fault.status, category=fault.code or "SERVER_ERROR", message=fault.message)
        return reply(refusal.body(self._correlation()), fault.status)

    def unauthorized(self) -> Answer:
        """401."""
        return refusals.not_signed_in(self._correlation())

    def turned_away(self, call: Call) -> Answer:
        """401; an expired token's answer names its time."""
        at = self.issuer.expiry(bearer(call))
        return self.unauthorized() if at is None else expired(self._correlation(), at, self.now())

    def throttled(self, call: Call) -> Answer | None:
        """The limit's answer, where one is reached; `Retry-After` stands in every other one."""
        policy = self.limits.spend(search=call.path.endswith("/search"))
        if not policy:
            return None
        told = self._chance.random() < 0.5 and policy == "TEN_SECONDLY_ROLLING"  # noqa: PLR2004  # a coin
        answer = refusals.too_many(policy, self.limits.wait() if told else None, self._correlation())
        answer.headers += self.limits.headers(search=policy == "SECONDLY")
        return answer

    def missing(self, call: Call, *, wrong_method: bool) -> Answer:
        """404 or 405."""
        if wrong_method:
            refusal = Refused(status=405, category="VALIDATION_ERROR", message="Method not allowed")
            return reply(refusal.body(self._correlation()), 405)
        message = f"Unable to find anything at {call.path}"
        refusal = Refused(status=404, category="OBJECT_NOT_FOUND", message=message)
        return reply(refusal.body(self._correlation()), 404)

    def routed(self, call: Call, endpoint: Endpoint, arguments: dict[str, Any]) -> Answer:
        """The endpoint's answer, refusals and headers included."""
        try:
            with self.portal.lock:
                answer = endpoint(call, **arguments)
        except Refused as refusal:
            answer = reply(refusal.body(self._correlation()), refusal.status)
            answer.applied = False
        except Unreadable as trouble:
            answer = reply(refusals.malformed(str(trouble)).body(self._correlation()), 400)
            answer.applied = False
        answer.headers += self.limits.headers(search=call.path.endswith("/search"))
        return answer

    def _correlation(self) -> str:
        digits = f"{self._chance.getrandbits(128):032x}"
        return f"{digits[:8]}-{digits[8:12]}-{digits[12:16]}-{digits[16:20]}-{digits[20:]}"
