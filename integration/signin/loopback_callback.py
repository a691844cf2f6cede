"""The loopback callback: a web server for the one answer with which a vendor sends a person back.

It listens on 127.0.0.1 alone. An answer counts only with the state that this walk began with; anything else is turned
away, and the waiting goes on.
"""

import hmac
import time
from http.server import BaseHTTPRequestHandler, HTTPServer
from types import TracebackType
from typing import Self
from urllib.parse import parse_qs, urlsplit

PATH = "/connected"
_LONGEST = 8_000
_PAGE = """<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Coldframe</title></head>
<body><h1>{title}</h1><p>{text}</p></body></html>"""
_HEADERS = {
    "Content-Type": "text/html; charset=utf-8",
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}

PORT = 8723
"""Where the browser comes back to on this machine, unless another port is said."""


class NotSignedInError(Exception):
    """Nobody said yes; the message says what happened and what to do."""


class Loopback:
    """Listens from `with` to its end. `address` is the redirect URI to register with the vendor."""

    def __init__(self, port: int, host: str = "localhost") -> None:
        try:
            self._server = _Server(("127.0.0.1", port), _Answer)
        except OSError as error:
            msg = f"port {port} on this machine cannot be listened on ({error.strerror}): choose another with --port"
            raise NotSignedInError(msg) from None
        self.address = f"http://{host}:{self._server.server_address[1]}{PATH}"

    def code(self, state: str, seconds: float) -> str:
        """The authorization code, once the person has said yes. Raises NotSignedInError."""
        self._server.state = state
        deadline = time.monotonic() + seconds
        while self._server.told is None and (left := deadline - time.monotonic()) > 0:
            self._server.timeout = left
            self._server.handle_request()
        told = self._server.told
        if told is None:
            stray = " An answer came that did not belong to this sign-in." if self._server.strays else ""
            msg = f"nobody answered on the vendor's page within {seconds:g} s.{stray} Run this again."
            raise NotSignedInError(msg)
        if "code" in told:
            return told["code"]
        said = ": ".join(filter(None, (told.get("error", ""), told.get("error_description", ""))))
        msg = f"the vendor's page said no ({said[:300]}): run this again, and say yes there"
        raise NotSignedInError(msg)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.server_close()


class _Server(HTTPServer):
    state = ""
    told: dict[str, str] | None = None
    strays = 0


class _Answer(BaseHTTPRequestHandler):
    server: _Server
    timeout = 5  # a browser that connects ahead of time and says nothing must not block the others

    def do_GET(self) -> None:
        asked = urlsplit(self.path[:_LONGEST])
        given = {name: values[-1] for name, values in parse_qs(asked.query).items()}
        if asked.path != PATH:
            self._say(404, "Nothing here", "This address waits for a sign-in alone.")
        elif not hmac.compare_digest(given.get("state", "").encode(), self.server.state.encode()) or not (
            {"code", "error"} & given.keys()
        ):
            self.server.strays += 1
            self._say(400, "Not this sign-in", "This answer does not belong to the sign-in that is under way.")
        else:
            self.server.told = given
            done = "code" in given
            self._say(200, "Connected" if done else "Not connected", "You can close this page; the terminal goes on.")

    def _say(self, status: int, title: str, text: str) -> None:
        body = _PAGE.format(title=title, text=text).encode()
        self.send_response(status)
        for name, value in _HEADERS.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - http.server's own parameter
        """The code stands in the address: it is logged nowhere."""
