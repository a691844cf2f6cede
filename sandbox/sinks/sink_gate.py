"""A gate for receivers of alerts: faults as for the CRMs, no credential but where a receiver asks for one."""

from abc import abstractmethod
from typing import Any

from sandbox.shared.call_gate import Endpoint, Gate
from sandbox.shared.http_call import Answer, Call, Unreadable, reply
from sandbox.shared.requested_faults import Fault


class SinkGate(Gate):
    """What all receivers have in common; each says what its errors look like."""

    @abstractmethod
    def error(self, status: int, code: str) -> Answer:
        """An error in the receiver's own words."""

    def open_to_all(self, path: str) -> bool:
        """The secret stands in the address."""
        del path
        return True

    def refused(self, fault: Fault) -> Answer:
        """A fault that is an answer."""
        if fault.kind == "rate_limited":
            answer = self.error(429, "ratelimited")
            answer.headers += () if fault.retry_after is None else (("Retry-After", str(fault.retry_after)),)
            return answer
        if fault.kind == "unauthorized":
            return self.unauthorized()
        status = 503 if fault.kind == "unavailable" else fault.status
        return self.error(status, fault.code or ("service_unavailable" if status == 503 else "error"))  # noqa: PLR2004 - HTTP's

    def unauthorized(self) -> Answer:
        """401."""
        return self.error(401, "invalid_auth")

    def missing(self, call: Call, *, wrong_method: bool) -> Answer:
        """404 or 405."""
        del call
        return self.error(405 if wrong_method else 404, "not_found")

    def routed(self, call: Call, endpoint: Endpoint, arguments: dict[str, Any]) -> Answer:
        """The endpoint's answer; a body that is no JSON is refused."""
        try:
            return endpoint(call, **arguments)
        except Unreadable as trouble:
            answer = reply({"error": str(trouble)}, 400)
            answer.applied = False
            return answer
