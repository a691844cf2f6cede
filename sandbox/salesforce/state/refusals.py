"""Salesforce's refusals in Salesforce's words."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sandbox.shared.http_call import Answer, reply


@dataclass(slots=True, kw_only=True, eq=False)
class Refused(Exception):
    """A refusal of a request or of one row: `code` is its errorCode, or a row's statusCode."""

    code: str
    message: str
    status: int = 400
    fields: Sequence[str] = ()
    extra: Mapping[str, Any] = field(default_factory=dict)

    def __str__(self) -> str:
        return f"{self.status} {self.code}: {self.message}"

    def single(self) -> dict[str, Any]:
        """As a single-record call gives it."""
        body: dict[str, Any] = {"message": self.message, "errorCode": self.code}
        if self.fields:
            body["fields"] = list(self.fields)
        return body | dict(self.extra)

    def row(self) -> dict[str, Any]:
        """As a collection's row gives it."""
        return {"statusCode": self.code, "message": self.message, "fields": list(self.fields)}

    def answer(self) -> Answer:
        """As a whole answer."""
        return reply([self.single()], self.status)


def not_found(what: str) -> Refused:
    """404 for a record or an external id that is not there."""
    return Refused(
        code="NOT_FOUND",
        message=f"Provided external ID field does not exist or is not accessible: {what}",
        status=404,
    )


def no_resource() -> Refused:
    """404 for a path."""
    return Refused(code="NOT_FOUND", message="The requested resource does not exist", status=404)


def unparsable(type_: str, value: object) -> Refused:
    """400 for a JSON value of the wrong type."""
    kinds = {bool: "VALUE_TRUE", int: "VALUE_NUMBER_INT", float: "VALUE_NUMBER_FLOAT", str: "VALUE_STRING"}
    kind = kinds.get(type(value), "START_OBJECT")
    return Refused(
        code="JSON_PARSER_ERROR",
        message=f"Cannot deserialize instance of {type_} from {kind} value {value} or request may be missing a "
        "required field",
    )


def deleted() -> Refused:
    """The record is in the recycle bin."""
    return Refused(code="ENTITY_IS_DELETED", message="entity is deleted", status=404)


def converted() -> Refused:
    """The lead lives on as a contact [salesforce: lead conversion]."""
    return Refused(code="CANNOT_UPDATE_CONVERTED_LEAD", message="cannot reference converted lead")


def no_session() -> Refused:
    """401."""
    return Refused(code="INVALID_SESSION_ID", message="Session expired or invalid", status=401)


def out_of_calls() -> Refused:
    """The daily limit is reached."""
    return Refused(code="REQUEST_LIMIT_EXCEEDED", message="TotalRequests Limit exceeded.", status=403)
