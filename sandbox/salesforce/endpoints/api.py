"""Salesforce's API: its endpoints, and its answers to calls that no endpoint takes."""

from typing import Any

from sandbox.salesforce.endpoints.bulk_queries import Bulk
from sandbox.salesforce.endpoints.composite_calls import Composite
from sandbox.salesforce.endpoints.describe_calls import Describe, checked_version
from sandbox.salesforce.endpoints.query_pages import Queries
from sandbox.salesforce.endpoints.record_collections import Collections
from sandbox.salesforce.endpoints.single_records import Records
from sandbox.salesforce.endpoints.token_server import AUTHORIZE, TOKEN, SalesforceOAuth
from sandbox.salesforce.endpoints.tooling_calls import Tooling
from sandbox.salesforce.state import refusals
from sandbox.salesforce.state.org import Org
from sandbox.salesforce.state.refusals import Refused
from sandbox.shared.call_gate import Endpoint, Gate, Route, page
from sandbox.shared.http_call import Answer, Call, Unreadable, reply
from sandbox.shared.requested_faults import Fault, Faults
from sandbox.shared.sandbox_clock import DAY, Now

PREFIXES = ("/services/",)
_USUAL = 100_000
LONGEST = 16_384
"""Bytes of an address, and of an address and its headers together."""


class SalesforceGate(Gate):
    """Every call to Salesforce's REST API."""

    def __init__(self, org: Org, *, now: Now, faults: Faults, log_size: int) -> None:
        self.org = org
        self.daily = 0
        """Calls a day; 0 means no limit."""
        self.queries = Queries(org)
        self.bulk = Bulk(org)
        self.tooling = Tooling(org)
        self._day = 0
        self._today = 0
        super().__init__("salesforce", now=now, faults=faults, log_size=log_size)

    def routes(self) -> list[Route]:
        """All endpoints."""
        collections, records, describe = Collections(self.org), Records(self.org), Describe(self.org)
        composite = Composite(self.inner)
        oauth = SalesforceOAuth(self.issuer, self.org)
        base = "/services/data/<version>"
        many, one = f"{base}/composite/sobjects", f"{base}/sobjects/<object_name>"
        return [
            ("POST", many, collections.create),
            ("PATCH", many, collections.update),
            ("DELETE", many, collections.delete),
            ("PATCH", f"{many}/<object_name>/<field>", collections.upsert),
            ("GET", f"{many}/<object_name>", collections.retrieve),
            ("POST", f"{many}/<object_name>", collections.retrieve),
            ("POST", f"{base}/composite", composite.run),
            ("GET", f"{base}/query", self.queries.query),
            ("GET", f"{base}/queryAll", self.queries.query_all),
            ("GET", f"{base}/query/<locator>", self.queries.more),
            ("GET", f"{base}/queryAll/<locator>", self.queries.more),
            ("POST", f"{base}/jobs/query", self.bulk.create),
            ("GET", f"{base}/jobs/query/<id_>", self.bulk.read),
            ("PATCH", f"{base}/jobs/query/<id_>", self.bulk.change),
            ("DELETE", f"{base}/jobs/query/<id_>", self.bulk.delete),
            ("GET", f"{base}/jobs/query/<id_>/results", self.bulk.results),
            ("GET", f"{base}/sobjects", describe.objects),
            ("GET", one, describe.basic),
            ("POST", one, records.create),
            ("GET", f"{one}/describe", describe.describe),
            ("GET", f"{one}/updated", records.updated),
            ("GET", f"{one}/deleted", records.deleted),
            ("GET", f"{one}/<id_>", records.read),
            ("PATCH", f"{one}/<id_>", records.update),
            ("DELETE", f"{one}/<id_>", records.delete),
            ("GET", f"{one}/<field>/<path:key>", records.read_external),
            ("PATCH", f"{one}/<field>/<path:key>", records.upsert),
            ("GET", f"{base}/tooling/query", self.tooling.query),
            ("POST", f"{base}/tooling/sobjects/CustomField", self.tooling.create),
            ("GET", f"{base}/tooling/sobjects/CustomField/<id_>", self.tooling.read),
            ("PATCH", f"{base}/tooling/sobjects/CustomField/<id_>", self.tooling.change),
            ("DELETE", f"{base}/tooling/sobjects/CustomField/<id_>", self.tooling.delete),
            ("GET", f"{base}/limits", self.limits),
            ("GET", base, describe.resources),
            ("GET", "/services/data", describe.versions),
            ("GET", "/services/oauth2/userinfo", describe.who),
            ("GET", AUTHORIZE, oauth.authorize),
            ("POST", TOKEN, oauth.token),
        ]

    def open_to_all(self, path: str) -> bool:
        """Only the list of versions, and where tokens come from."""
        return path.rstrip("/") == "/services/data" or path in (AUTHORIZE, TOKEN)

    def limits(self, call: Call, version: str) -> Answer:
        """GET what is left of the day's calls."""
        del call, version
        most = self.daily or _USUAL
        return reply({"DailyApiRequests": {"Max": most, "Remaining": max(0, most - self._today)}})

    def refused(self, fault: Fault) -> Answer:
        """A fault that is an answer."""
        if fault.kind == "rate_limited":
            answer = refusals.out_of_calls().answer()
            if fault.retry_after is not None:
                answer.headers += (("Retry-After", str(fault.retry_after)),)
            return answer
        if fault.kind == "unauthorized":
            return self.unauthorized()
        if fault.kind == "unavailable":
            message = fault.message or "The server is temporarily unavailable"
            return Refused(code="SERVER_UNAVAILABLE", message=message, status=503).answer()
        return Refused(code=fault.code or "UNKNOWN_EXCEPTION", message=fault.message, status=fault.status).answer()

    def unauthorized(self) -> Answer:
        """401."""
        return refusals.no_session().answer()

    def throttled(self, call: Call) -> Answer | None:
        """The limit's answer, where one is reached."""
        del call
        today = self.now() // DAY
        if self._day != today:
            self._day, self._today = today, 0
        if self.daily and self._today >= self.daily:
            return refusals.out_of_calls().answer()
        self._today += 1
        return None

    def edge(self, call: Call) -> Answer | None:
        """What Salesforce's edge says of an address, or of a head, that is too long: a page [salesforce: queries]."""
        address = len(call.url) - len(call.url.removeprefix("http://").partition("/")[0]) - len("http://")
        head = sum(len(name) + len(value) + len(": \r\n") for name, value in call.headers.items())
        if address > LONGEST:
            return page(Fault(kind="page", status=414), self.now())
        if address + head > LONGEST:
            return page(Fault(kind="page", status=431), self.now())
        return None

    def missing(self, call: Call, *, wrong_method: bool) -> Answer:
        """404 or 405."""
        if wrong_method:
            message = f"HTTP Method '{call.method}' not allowed."
            return Refused(code="METHOD_NOT_ALLOWED", message=message, status=405).answer()
        return refusals.no_resource().answer()

    def routed(self, call: Call, endpoint: Endpoint, arguments: dict[str, Any]) -> Answer:
        """The endpoint's answer, refusals and headers included."""
        answer = self.inner(call, endpoint, arguments)
        answer.headers += (("Sforce-Limit-Info", f"api-usage={self._today}/{self.daily or _USUAL}"),)
        return answer

    def inner(self, call: Call, endpoint: Endpoint | None = None, arguments: dict[str, Any] | None = None) -> Answer:
        """An endpoint's answer, with refusals in Salesforce's shape; routed by the call's path where none is given."""
        if endpoint is None or arguments is None:
            found = self.route(call)
            if found is None:
                return self.missing(call, wrong_method=False)
            endpoint, arguments = found
        try:
            if "version" in arguments:
                checked_version(arguments["version"])
            with self.org.lock:
                self.tooling.settle()
                return endpoint(call, **arguments)
        except Refused as refusal:
            answer = refusal.answer()
        except Unreadable as trouble:
            answer = Refused(code="JSON_PARSER_ERROR", message=str(trouble)).answer()
        answer.applied = False
        return answer
