"""The call gate: what every call passes, whichever vendor it is for: faults, credential, limits, route, log."""

import threading
from abc import ABC, abstractmethod
from collections.abc import Callable
from functools import cache
from typing import Any, TypeAlias
from urllib.parse import unquote_plus

from werkzeug.exceptions import MethodNotAllowed, NotFound
from werkzeug.routing import Map, RequestRedirect, Rule

from sandbox.shared.call_log import Entry, Log
from sandbox.shared.http_call import Answer, Call, Dropped
from sandbox.shared.issued_tokens import Issuer
from sandbox.shared.requested_faults import Fault, Faults
from sandbox.shared.sandbox_clock import Now, http_date
from sandbox.shared.seeded_random import Chance

Endpoint: TypeAlias = Callable[..., Answer]
Route: TypeAlias = tuple[str, str, Endpoint]
"""Method, werkzeug rule, and what answers: called with the Call and the rule's arguments."""


@cache
def _map(rules: tuple[tuple[str, str], ...]) -> Map:
    """The rules of a vendor, each under its number: compiled once, however many sandboxes there are."""
    numbered = [Rule(rule, methods=[method], endpoint=number) for number, (method, rule) in enumerate(rules)]
    return Map(numbered, strict_slashes=False, merge_slashes=False)


class Gate(ABC):
    """The gate of one vendor. Subclasses say what its refusals look like."""

    def __init__(self, system: str, *, now: Now, faults: Faults, log_size: int, seed: int = 0) -> None:
        self.system = system
        self.now = now
        self.faults = faults
        self.log = Log(system, log_size)
        self.tokens: set[str] = set()
        """The access tokens that are accepted beside those given out here; empty: any token but none at all."""
        self.issuer = Issuer(now, Chance(seed))
        self.stopping = threading.Event()
        routes = self.routes()
        self._endpoints = [endpoint for _, _, endpoint in routes]
        self._routes = _map(tuple((method, rule) for method, rule, _ in routes)).bind("sandbox")

    @abstractmethod
    def routes(self) -> list[Route]:
        """All endpoints."""

    @abstractmethod
    def refused(self, fault: Fault) -> Answer:
        """The vendor's words for a fault that is an answer: `rate_limited`, `unavailable`, `unauthorized`, `status`."""

    @abstractmethod
    def unauthorized(self) -> Answer:
        """The vendor's words for a missing or unknown credential."""

    def turned_away(self, call: Call) -> Answer:
        """The vendor's words for a credential that is missing, unknown or expired."""
        del call
        return self.unauthorized()

    @abstractmethod
    def missing(self, call: Call, *, wrong_method: bool) -> Answer:
        """The vendor's words for a path or method it does not have."""

    @abstractmethod
    def routed(self, call: Call, endpoint: Endpoint, arguments: dict[str, Any]) -> Answer:
        """Run the endpoint; turn the vendor's refusals into answers and add its headers."""

    def edge(self, call: Call) -> Answer | None:
        """What stands before the vendor says of a call that never reaches it."""
        del call
        return None

    def throttled(self, call: Call) -> Answer | None:
        """An answer where a limit is reached."""
        del call
        return None

    def open_to_all(self, path: str) -> bool:
        """Whether the path needs no credential."""
        del path
        return False

    def answer(self, call: Call) -> Answer:
        """One call, from the gate to the log. Raises Dropped where a fault wants the connection cut."""
        said = unquote_plus(call.query) + call.body.decode(errors="replace") if self.faults.waiting() else ""
        fault, call.record_faults = self.faults.take(self.system, call.method, call.path, said)
        kind = fault.kind if fault else ("record_error" if call.record_faults else "")
        if fault is None:
            answer = self._passed(call)
        elif fault.kind == "hang":
            self.stopping.wait(fault.seconds)
            answer = self._passed(call)
        elif fault.kind == "apply_then_drop":
            self._note(call, status=0, applied=self._passed(call).applied, fault=kind)
            raise Dropped
        elif fault.kind == "drop":
            self._note(call, status=0, applied=False, fault=kind)
            raise Dropped
        else:
            answer = page(fault, self.now()) if fault.kind == "page" else self.refused(fault)
            answer.applied = False
        self._note(call, status=answer.status, applied=answer.applied, fault=kind)
        return answer

    def _passed(self, call: Call) -> Answer:
        turned = self.edge(call)
        if turned is not None:
            turned.applied = False
            return turned
        if not self.open_to_all(call.path) and not self.known(call):
            answer = self.turned_away(call)
            answer.applied = False
            return answer
        throttled = self.throttled(call)
        if throttled is not None:
            throttled.applied = False
            return throttled
        try:
            found = self.route(call)
        except MethodNotAllowed:
            return self.missing(call, wrong_method=True)
        return self.routed(call, *found) if found else self.missing(call, wrong_method=False)

    def route(self, call: Call) -> tuple[Endpoint, dict[str, Any]] | None:
        """The endpoint for a call and its arguments, or None. Raises MethodNotAllowed."""
        try:
            number, arguments = self._routes.match(call.path, method=call.method)
        except (NotFound, RequestRedirect):
            return None
        return self._endpoints[number], dict(arguments)

    def known(self, call: Call) -> bool:
        """Whether the bearer token is one of ours."""
        token = bearer(call)
        expires = self.issuer.expiry(token)
        if expires is not None:
            return expires > self.now()
        return bool(token) and (not self.tokens or token in self.tokens)

    def _note(self, call: Call, *, status: int, applied: bool, fault: str) -> None:
        self.log.write(
            Entry(
                number=0,
                at=self.now(),
                system=self.system,
                method=call.method,
                path=call.path,
                query=call.query,
                raw=call.body,
                status=status,
                applied=applied,
                fault=fault,
            )
        )


def page(fault: Fault, now: int) -> Answer:
    """What an edge or a proxy says: the CRM itself has not seen the call."""
    text = f"<html><head><title>{fault.status}</title></head><body><h1>{fault.status}</h1></body></html>"
    headers = [("Date", http_date(now))]
    headers += [("Location", fault.location)] if fault.location else []
    headers += [] if fault.retry_after is None else [("Retry-After", str(fault.retry_after))]
    body = (text if fault.body is None else fault.body).encode(errors="surrogatepass")
    return Answer(status=fault.status, body=body, headers=tuple(headers), kind=fault.content_type)


def bearer(call: Call) -> str:
    """The bearer token of a call; "" where it has none."""
    scheme, _, token = call.headers.get("authorization", "").partition(" ")
    return token if scheme.lower() == "bearer" else ""
