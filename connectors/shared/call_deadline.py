"""Call deadline: how long one call to a CRM may take, from its beginning to the last byte of its reply.

The timeouts of requests and urllib3 are for each wait: a server that sends a byte a second meets them for ever, in the
head as in the body. Neither library has a limit for the whole call, but both let us choose the classes of their
connections, so the limit is set where the bytes come in: each wait takes no more than what is left.
"""

import http.client
import io
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from urllib3 import HTTPConnectionPool, HTTPSConnectionPool, PoolManager
from urllib3.connection import HTTPConnection, HTTPSConnection

SECONDS = 30.0
"""What one call may take. [rules: calls to a CRM]"""
_UNTIL: ContextVar[float | None] = ContextVar("until", default=None)


@contextmanager
def deadline() -> Iterator[None]:
    """The calls made inside end `SECONDS` from now at the latest; one that does not raises its library's timeout."""
    token = _UNTIL.set(time.monotonic() + SECONDS)
    try:
        yield
    finally:
        _UNTIL.reset(token)


def keep_deadline(manager: PoolManager) -> None:
    """Have the connections that a pool manager makes from now on keep to the deadline."""
    manager.pool_classes_by_scheme = {"http": _HTTPPool, "https": _HTTPSPool}


class _Bytes(io.RawIOBase):
    """The bytes of a socket. Each wait for some takes the usual time at most, and no more than what is left."""

    def __init__(self, raw: io.RawIOBase, sock: socket.socket) -> None:
        super().__init__()
        self._raw = raw
        self._sock = sock
        self._usual = sock.gettimeout()
        self._until = _UNTIL.get() or time.monotonic() + SECONDS

    def readable(self) -> bool:
        """Always."""
        return True

    def readinto(self, buffer: Any) -> int | None:
        """Wait for bytes. Raises TimeoutError."""
        left = self._until - time.monotonic()
        if left <= 0:
            msg = f"no whole reply in {SECONDS:g} s"
            raise TimeoutError(msg)
        self._sock.settimeout(left if self._usual is None else min(self._usual, left))
        return self._raw.readinto(buffer)

    def close(self) -> None:
        """Close what it reads from, too."""
        self._raw.close()
        super().close()


class _Reply(http.client.HTTPResponse):
    """A reply whose head and body keep to the deadline."""

    def __init__(self, sock: socket.socket, *arguments: Any, **options: Any) -> None:
        super().__init__(sock, *arguments, **options)
        self.fp = io.BufferedReader(_Bytes(self.fp.detach(), sock))


class _HTTP(HTTPConnection):
    response_class = _Reply


class _HTTPS(HTTPSConnection):
    response_class = _Reply


class _HTTPPool(HTTPConnectionPool):
    ConnectionCls = _HTTP


class _HTTPSPool(HTTPSConnectionPool):
    ConnectionCls = _HTTPS
