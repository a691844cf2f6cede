"""Open connections: how many may be open at once, and which of them are closed when there are nearly too many.

Whoever opens connections and says nothing could keep everybody else waiting until they time out. So long before the
last one is taken, those that have been silent for the longest are closed. A proxy opens such a connection again; a
request under way is not silent.
"""

import contextlib
import os
import resource
import socket
import struct
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import structlog

log = structlog.get_logger()

MOST = 8_192
"""More than any proxy opens; an idle one takes some 2 KB."""
_OTHER_FILES = 128
"""Files and connections of the process itself: the store, Redis, logs."""
_EVERY = 0.5
_CROWDED = 0.75
"""The part of the allowed connections from which on some are closed, until half of them are left."""
_SILENT_MS = 1_000
_FILES = Path("/proc/self/fd")
_INFO = struct.Struct("=B51xI")
"""Of Linux's `struct tcp_info`: `tcpi_state`, and `tcpi_last_data_recv` in milliseconds."""
_OPEN = frozenset({1, 8})
"""TCP_ESTABLISHED, TCP_CLOSE_WAIT."""


def allowed() -> int:
    """How many connections may be open at once, once the limit of open files is raised as far as that goes."""
    wanted = MOST + _OTHER_FILES
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard != resource.RLIM_INFINITY:
        wanted = min(wanted, hard)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
    return max(1, wanted - _OTHER_FILES)


def relieve(port: int, most: int) -> None:
    """Close silent connections to this port whenever there are nearly `most`, from a thread of its own; on Linux."""
    if _FILES.is_dir():
        threading.Thread(target=_relieve, args=(port, most), name="relief", daemon=True).start()


def _relieve(port: int, most: int) -> None:
    while True:
        time.sleep(_EVERY)
        with contextlib.suppress(OSError):
            if len(_numbers()) > most * _CROWDED:
                closed = _close_silent(port, most // 2)
                log.warning("nearly too many connections: silent ones closed", closed=closed, most=most)


def _close_silent(port: int, left: int) -> int:
    """Close those that have been silent for the longest until `left` are open; the number closed."""
    found = [(silence, number) for number in _numbers() if (silence := _silence(number, port)) is not None]
    closed = 0
    for silence, number in sorted(found, reverse=True)[: max(0, len(found) - left)]:
        if silence < _SILENT_MS:
            break
        closed += _shut(number, port)
    return closed


def _numbers() -> list[int]:
    return [int(name) for name in os.listdir(_FILES)]  # noqa: PTH208 - thousands of paths need not be made


def _silence(number: int, port: int) -> int | None:
    """For how many milliseconds nothing has come; None where this is no connection to the port."""
    with contextlib.suppress(OSError), _as_socket(number) as connection:
        return _silence_of(connection, port)
    return None


def _shut(number: int, port: int) -> bool:
    """Close a connection, if its number has not become another's meanwhile."""
    with contextlib.suppress(OSError), _as_socket(number) as connection:
        if (_silence_of(connection, port) or 0) >= _SILENT_MS:
            connection.shutdown(socket.SHUT_RDWR)
            return True
    return False


@contextlib.contextmanager
def _as_socket(number: int) -> Iterator[socket.socket]:
    """An open file as a socket, under a number of our own, so that it stays what it is meanwhile. Raises OSError."""
    own = os.dup(number)
    try:
        connection = socket.socket(fileno=own)
    except OSError:
        os.close(own)
        raise
    with connection:
        yield connection


def _silence_of(connection: socket.socket, port: int) -> int | None:
    if connection.family not in {socket.AF_INET, socket.AF_INET6} or connection.getsockname()[1] != port:
        return None
    info = connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, _INFO.size)
    state, silence = _INFO.unpack(info)
    return int(silence) if state in _OPEN else None
