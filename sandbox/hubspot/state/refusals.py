"""HubSpot's refusals in HubSpot's words."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import msgspec

from sandbox.shared.http_call import Answer, reply


@dataclass(slots=True, kw_only=True, eq=False)
class Refused(Exception):
    """A refusal of a whole request."""

    status: int
    category: str
    message: str
    details: Sequence[Mapping[str, Any]] = ()
    context: Mapping[str, Sequence[str]] = field(default_factory=dict)
    sub_category: str = ""

    def __str__(self) -> str:
        return f"{self.status} {self.category}: {self.message}"

    def body(self, correlation: str) -> dict[str, Any]:
        """The error body."""
        body: dict[str, Any] = {"status": "error", "message": self.message, "correlationId": correlation}
        if self.details:
            body["errors"] = list(self.details)
        if self.context:
            body["context"] = self.context
        body["category"] = self.category
        if self.sub_category:
            body["subCategory"] = self.sub_category
        return body


@dataclass(slots=True, kw_only=True, frozen=True)
class Invalid:
    """One property value that will not do."""

    name: str
    code: str
    message: str

    def listed(self) -> dict[str, Any]:
        """As it stands inside the message of the refusal."""
        return {"isValid": False, "message": self.message, "error": self.code, "name": self.name}

    def detailed(self) -> dict[str, Any]:
        """As it stands in the refusal's list of errors."""
        return {"message": self.message, "code": self.code, "context": {"propertyName": [self.name]}}


def invalid(troubles: Sequence[Invalid]) -> Refused:
    """400 for property values that will not do."""
    listing = msgspec.json.encode([trouble.listed() for trouble in troubles]).decode()
    return Refused(
        status=400,
        category="VALIDATION_ERROR",
        message=f"Property values were not valid: {listing}",
        details=[trouble.detailed() for trouble in troubles],
    )


def malformed(why: str) -> Refused:
    """400 for a body of the wrong shape."""
    return Refused(status=400, category="VALIDATION_ERROR", message=f"Invalid input JSON: {why}")


def conflict(message: str) -> Refused:
    """409: there is one already."""
    return Refused(status=409, category="CONFLICT", message=message)


def absent(id_: str) -> Refused:
    """404 for a record that is not there."""
    return Refused(
        status=404,
        category="OBJECT_NOT_FOUND",
        message="Object not found.  objectId are usually numeric.",
        context={"id": [id_]},
        sub_category="crm.OBJECT_NOT_FOUND",
    )


def row(refusal: Refused, context: Mapping[str, Sequence[str]]) -> dict[str, Any]:
    """A refusal as one of the errors of a 207.

    HubSpot's description requires `errors` and `links`; recorded traffic has neither.
    """
    return {
        "status": "error",
        "category": refusal.category,
        "message": refusal.message,
        "context": {**refusal.context, **context},
        "errors": list(refusal.details),
        "links": {},
    }


def too_many(policy: str, retry_after: int | str | None, correlation: str) -> Answer:
    """429: `policy` is TEN_SECONDLY_ROLLING, SECONDLY or DAILY; Retry-After only where given."""
    body = {
        "status": "error",
        "message": f"You have reached your {policy.lower()} limit.",
        "errorType": "RATE_LIMIT",
        "correlationId": correlation,
        "policyName": policy,
        "category": "RATE_LIMITS",
    }
    headers = () if retry_after is None else (("Retry-After", str(retry_after)),)
    return reply(body, 429, headers)


def not_signed_in(correlation: str) -> Answer:
    """401."""
    body = {
        "status": "error",
        "message": "Authentication credentials not found. This API supports OAuth 2.0 authentication.",
        "correlationId": correlation,
        "category": "INVALID_AUTHENTICATION",
    }
    return reply(body, 401)
