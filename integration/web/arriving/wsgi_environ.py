"""A request as WSGI wants it, made from a request as granian's RSGI interface gives it."""

import io
import sys
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from granian.rsgi import Scope

_FIXED: Mapping[str, Any] = MappingProxyType(
    {
        "SCRIPT_NAME": "",
        "SERVER_SOFTWARE": "granian",
        "wsgi.errors": sys.stderr,
        "wsgi.input_terminated": True,
        "wsgi.multiprocess": False,
        "wsgi.multithread": True,
        "wsgi.run_once": False,
        "wsgi.version": (1, 0),
    }
)
_MOST_NAMES = 256
_JOINT = {"HTTP_COOKIE": "; "}

_names: dict[str, str] = {"content-type": "CONTENT_TYPE", "content-length": "", "transfer-encoding": ""}
"""Header → its name in the environment; "" for those that say how the body was sent, which has arrived by now."""


def environ(scope: Scope, body: bytes, length: int) -> dict[str, Any]:
    """The WSGI environment of a request whose body has arrived.

    `length` is what the body would measure: more than it does where it was cut off for being too long. Headers with an
    underscore are left out, since they could pass for those with a hyphen.
    """
    host, _, port = scope.server.rpartition(":")
    found = {
        **_FIXED,
        "REQUEST_METHOD": scope.method,
        "PATH_INFO": scope.path.encode().decode("latin-1"),
        "QUERY_STRING": scope.query_string,
        "CONTENT_LENGTH": str(length),
        "SERVER_NAME": host,
        "SERVER_PORT": port,
        "SERVER_PROTOCOL": f"HTTP/{scope.http_version}",
        "REMOTE_ADDR": scope.client.rpartition(":")[0],
        "wsgi.url_scheme": scope.scheme,
        "wsgi.input": io.BytesIO(body),
    }
    for header, value in scope.headers.items():
        name = _names.get(header)
        if name is None:
            name = _name(header)
        if name:
            found[name] = f"{found[name]}{_JOINT.get(name, ',')}{value}" if name in found else value
    return found


def inward(path: str) -> dict[str, Any]:
    """The WSGI environment of a GET that the process makes of itself."""
    return {
        **_FIXED,
        "REQUEST_METHOD": "GET",
        "PATH_INFO": path,
        "QUERY_STRING": "",
        "SERVER_NAME": "localhost",
        "SERVER_PORT": "80",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "wsgi.url_scheme": "http",
        "wsgi.input": io.BytesIO(),
    }


def _name(header: str) -> str:
    name = "" if "_" in header else f"HTTP_{header.upper().replace('-', '_')}"
    if len(_names) < _MOST_NAMES:  # senders choose the names: not all of them are remembered
        _names[header] = name
    return name
