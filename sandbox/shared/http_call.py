"""A call and its answer, stripped of HTTP's machinery: what both vendors' APIs work on."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs

import msgspec

from sandbox.shared.requested_faults import Fault

_DECODE = msgspec.json.Decoder().decode
_ENCODE = msgspec.json.Encoder().encode


class Unreadable(Exception):
    """The body is not JSON, or not of the shape the endpoint takes. The argument says why."""


class Dropped(Exception):
    """The connection is to be reset without an answer."""


@dataclass(slots=True, kw_only=True)
class Call:
    """One request. `path` begins with `/` and has lost the vendor's prefix; header names are lower case."""

    method: str
    path: str
    query: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    record_faults: tuple[Fault, ...] = ()
    url: str = ""

    def json(self) -> dict[str, Any]:
        """The body as a JSON object. Raises Unreadable."""
        value = self._decoded()
        if not isinstance(value, dict):
            msg = "expected a JSON object"
            raise Unreadable(msg)
        return value

    def json_list(self) -> list[Any]:
        """The body as a JSON array. Raises Unreadable."""
        value = self._decoded()
        if not isinstance(value, list):
            msg = "expected a JSON array"
            raise Unreadable(msg)
        return value

    def _decoded(self) -> Any:
        try:
            return _DECODE(self.body or b"{}")
        except (msgspec.DecodeError, UnicodeDecodeError) as trouble:
            raise Unreadable(str(trouble)) from trouble

    def argument(self, name: str, default: str = "") -> str:
        """The last value of a query argument."""
        return self.arguments().get(name, [default])[-1]

    def flag(self, name: str) -> bool:
        """Whether a query argument says yes, in any spelling: HubSpot's own Python client sends `True`."""
        return self.argument(name).lower() == "true"

    def arguments(self) -> dict[str, list[str]]:
        """All query arguments, each with all its values."""
        return parse_qs(self.query, keep_blank_values=True)


@dataclass(slots=True, kw_only=True)
class Answer:
    """One reply. `applied` says whether the call changed or read anything, for the log."""

    status: int = 200
    body: bytes = b""
    headers: tuple[tuple[str, str], ...] = ()
    kind: str = "application/json;charset=utf-8"
    applied: bool = True


def reply(value: Any, status: int = 200, headers: tuple[tuple[str, str], ...] = ()) -> Answer:
    """An answer with a JSON body; half an emoji in a value is written as its escape, as the vendors do."""
    return Answer(status=status, body=encoded(value), headers=headers)


def texts(value: Any, name: str) -> list[str]:
    """A list of strings from a body; nothing is an empty one. Raises Unreadable."""
    if value is None:
        return []
    if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
        msg = f"{name} must be a list of strings"
        raise Unreadable(msg)
    return value


def objects(value: Any, name: str) -> list[dict[str, Any]]:
    """A list of objects from a body; nothing is an empty one. Raises Unreadable."""
    if value is None:
        return []
    if not isinstance(value, list) or not all(isinstance(one, dict) for one in value):
        msg = f"{name} must be a list of objects"
        raise Unreadable(msg)
    return value


def decoded(body: bytes) -> Any:
    """A body for people: JSON where it is JSON, else text."""
    try:
        return _DECODE(body) if body else None
    except (msgspec.DecodeError, UnicodeDecodeError):
        return body.decode(errors="replace")


def encoded(value: Any) -> bytes:
    """JSON bytes."""
    try:
        return _ENCODE(value)
    except UnicodeEncodeError:
        return json.dumps(msgspec.to_builtins(value)).encode()
