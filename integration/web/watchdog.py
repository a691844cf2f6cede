"""The watchdog: asks the web process for its health as anybody would, and restarts it when it does not answer.

It runs in the parent of the process that serves. What hangs is killed, and granian starts another.
"""

import contextlib
import http.client
import multiprocessing
import os
import threading
import time
from http import HTTPStatus

import structlog

log = structlog.get_logger()

EVERY = 1.0
PATIENCE = 2.0
"""Seconds an answer may take."""
TRIES = 4
"""Answers missed in a row before the process counts as hanging."""
_LOOK = 0.1
_STARTING = 30.0
"""Seconds that a new process gets to start in."""
_EVERYWHERE = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - compared with, not bound to  # nosec B104


_asking = threading.Lock()
"""Locked while asking: a process forked meanwhile would inherit locks that nobody in it opens again."""


def watch(bind: str, port: int) -> None:
    """Watch the process that serves at this address, from a thread of its own, for as long as its parent lives."""
    os.register_at_fork(before=_asking.acquire, after_in_parent=_asking.release, after_in_child=_asking.release)
    host = _EVERYWHERE.get(bind, bind)
    threading.Thread(target=_watch, args=(host, port), name="watchdog", daemon=True).start()


def _watch(host: str, port: int) -> None:
    while True:
        _let_start(host, port)
        missed = 0
        while missed < TRIES:
            time.sleep(EVERY)
            missed = 0 if _asked(host, port) else missed + 1
        for child in multiprocessing.active_children():
            log.error("the web process does not answer; it is started anew", pid=child.pid)
            child.kill()


def _let_start(host: str, port: int) -> None:
    deadline = time.monotonic() + _STARTING
    while not multiprocessing.active_children() and time.monotonic() < deadline:
        time.sleep(_LOOK)
    while not _asked(host, port) and time.monotonic() < deadline:
        time.sleep(EVERY)


def _asked(host: str, port: int) -> bool:
    with _asking:
        return alive(host, port)


def alive(host: str, port: int, seconds: float = PATIENCE) -> bool:
    """Whether a web process answers that it is alive, within so many seconds."""
    with contextlib.closing(http.client.HTTPConnection(host, port, timeout=seconds)) as connection:
        try:
            connection.request("GET", "/healthz", headers={"Connection": "close"})
            return connection.getresponse().status == HTTPStatus.OK
        except (OSError, http.client.HTTPException):
            return False
