"""The HTTP server: threads, kept-alive connections, and connections dropped on purpose.

Werkzeug's own server closes every connection and lingers 10 ms on each; a CRM's does not, and
the bench measures batches per second, so the sandbox brings this small one.
"""

import selectors
import socket
import struct
import threading
import traceback
from collections.abc import Callable
from contextlib import suppress
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, TypeAlias
from urllib.parse import unquote

from sandbox.shared.http_call import Answer, Call, Dropped

Serve: TypeAlias = Callable[[Call], Answer]

_RESET = struct.pack("ii", 1, 0)
"""SO_LINGER of zero seconds: closing sends a reset, as a vanished server would."""


class Listener(ThreadingHTTPServer):
    """Serves `serve` on 127.0.0.1, one thread per connection; `stop` ends every connection and waits for it."""

    daemon_threads = False
    block_on_close = True
    request_queue_size = 128

    def __init__(self, port: int, serve: Serve) -> None:
        super().__init__(("127.0.0.1", port), _Connection)
        self.serve = serve
        self._open: set[socket.socket] = set()
        self._guard = threading.Lock()
        self._thread = threading.Thread(target=self._run, name="sandbox", daemon=True)
        self._ending, self._end = socket.socketpair()

    def _run(self) -> None:
        """Take connections until `stop`; the library's own loop would see only after a while that it is to end."""
        with selectors.DefaultSelector() as selector:
            selector.register(self, selectors.EVENT_READ)
            selector.register(self._ending, selectors.EVENT_READ)
            while not any(key.fileobj is self._ending for key, _ in selector.select()):
                self.handle_request()

    def start(self) -> None:
        """Begin to answer."""
        self._thread.start()

    def stop(self) -> None:
        """Stop listening, end every connection, wait for their threads."""
        self._end.close()
        if self._thread.is_alive():
            self._thread.join()
        self._ending.close()
        with self._guard:
            for connection in self._open:
                with suppress(OSError):
                    connection.shutdown(socket.SHUT_RDWR)
        self.server_close()

    def process_request(self, request: Any, client_address: Any) -> None:
        """Take a connection, and remember it for the end."""
        with self._guard:
            self._open.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        """End a connection; one that is to be reset gets no farewell."""
        with self._guard:
            self._open.discard(request)
        if request.getsockopt(socket.SOL_SOCKET, socket.SO_LINGER, len(_RESET)) == _RESET:
            self.close_request(request)
        else:
            super().shutdown_request(request)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that went away is no error of the sandbox."""
        del request, client_address


class _Connection(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1
    server: Listener
    connection: socket.socket

    def answer(self) -> None:
        path, _, query = self.path.partition("?")
        length = int(self.headers.get("content-length") or 0)
        body = self.rfile.read(length) if length else b""
        if len(body) < length:  # whoever sent it was killed meanwhile: half a request is none
            self.close_connection = True
            return
        call = Call(
            method=self.command,
            path=unquote(path),
            query=query,
            headers={name.lower(): value for name, value in self.headers.items()},
            body=body,
            url=f"http://{self.headers.get('host', '')}{self.path}",
        )
        try:
            answer = self.server.serve(call)
        except Dropped:
            self.close_connection = True
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
            return
        except Exception:  # noqa: BLE001  # the boundary of a call: a bug of the sandbox is reported, not swallowed
            traceback.print_exc()
            answer = Answer(status=500, body=b"the sandbox itself failed; see its standard error", kind="text/plain")
        self.put(answer)

    def put(self, answer: Answer) -> None:
        known = answer.status in HTTPStatus.__members__.values()
        phrase = HTTPStatus(answer.status).phrase if known else "Unknown"
        lines = [f"HTTP/1.1 {answer.status} {phrase}", f"Content-Length: {len(answer.body)}"]
        if answer.body:
            lines.append(f"Content-Type: {answer.kind}")
        lines.extend(f"{name}: {value}" for name, value in answer.headers)
        head = "\r\n".join(lines).encode("latin-1") + b"\r\n\r\n"
        self.wfile.write(head if self.command == "HEAD" else head + answer.body)
        self.wfile.flush()

    do_GET = do_POST = do_PATCH = do_PUT = do_DELETE = do_HEAD = answer  # noqa: N815  # the names http.server calls

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002  # http.server's own parameter
        """The sandbox keeps a log of its own."""
