"""A receiver of signed webhooks for tests: keeps what it gets, verified, and answers as the test says."""

import json
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from standardwebhooks import Webhook, WebhookVerificationError

SECRET = "whsec_" + "YWxlcnRzLW9mLWNvbGRmcmFtZS1zZWNyZXQtMzItYnl0ZXM="


@dataclass(slots=True)
class Receiver:
    """`answers` are what comes next: (status, headers); then 204. `drops` of the next requests get no answer."""

    port: int
    answers: list[tuple[int, Mapping[str, str]]] = field(default_factory=list)
    drops: int = 0
    sleeps: float = 0.0
    secret: str = SECRET
    got: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    """(webhook-id, body) of every request with a right signature, those answered with an error included."""
    forged: int = 0
    headers: list[dict[str, str]] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/alerts"

    def ids(self) -> list[str]:
        return [key for key, _ in self.got]

    def names(self) -> list[str]:
        return [body["data"]["alert"] for _, body in self.got]


@contextmanager
def receiving() -> Iterator[Receiver]:
    found = Receiver(0)

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            given = {name.lower(): value for name, value in self.headers.items()}
            found.headers.append(given)
            if found.sleeps:
                time.sleep(found.sleeps)
            try:
                _verified(found, body, given)
            except WebhookVerificationError:
                found.forged += 1
                self.send_error(401)
                return
            found.got.append((given["webhook-id"], json.loads(body)))
            if found.drops:
                found.drops -= 1
                self.connection.close()
                return
            status, headers = found.answers.pop(0) if found.answers else (204, {})
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    found.port = int(server.server_address[1])
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield found
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def _verified(found: Receiver, body: bytes, given: Mapping[str, str]) -> None:
    """The library's own check; on a test's clock the signature alone, since the library reads the machine's."""
    signer = Webhook(found.secret)
    stamp = int(given["webhook-timestamp"])
    wanted = signer.sign(given["webhook-id"], datetime.fromtimestamp(stamp, UTC), body.decode())
    if wanted not in given["webhook-signature"].split(" "):
        msg = "No matching signature found"
        raise WebhookVerificationError(msg)
