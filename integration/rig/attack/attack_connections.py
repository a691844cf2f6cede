"""Attacks on the web process's connections: requests that never end, and a process that hangs."""

import contextlib
import os
import resource
import signal
import socket
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlsplit

from integration.processes.supervisor import children
from integration.rig.attack import attack_requests as say
from integration.rig.attack.attack_ground import Attack, Ground

_IDLE = 1_500
_DRIPS = 10
_OWN_FILES = 200
"""Files that this process needs beside its connections."""


@contextlib.contextmanager
def stalled(ground: Ground, said: bytes, times: int) -> Iterator[list[socket.socket]]:
    """So many connections to the service on which this was said, and nothing more."""
    at = urlsplit(ground.running.url)
    with contextlib.ExitStack() as stack:
        lines = []
        for _ in range(times):
            line = stack.enter_context(socket.create_connection((at.hostname, at.port), 10))
            line.sendall(said)
            lines.append(line)
        yield lines


def _saying(said: bytes, times: int) -> Callable[[Ground], None]:
    def run(ground: Ground) -> None:
        with stalled(ground, said, times):
            ground.probe()

    return run


def _idle(ground: Ground) -> None:
    """As many as this process may open, 1,500 at the most."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = _IDLE + _OWN_FILES
    if soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, wanted), hard))
    with stalled(ground, say.SILENCE, min(_IDLE, resource.getrlimit(resource.RLIMIT_NOFILE)[0] - _OWN_FILES)):
        ground.probe()


def _dripping(ground: Ground) -> None:
    with stalled(ground, say.HELD_BODY, 20) as bodies, stalled(ground, say.HALF_A_HEAD, 20) as heads:
        for _ in range(_DRIPS):
            for line in (*bodies, *heads):
                with contextlib.suppress(OSError):
                    line.sendall(b"x")
            ground.probe(0)


def _hung(ground: Ground) -> None:
    """Stop the process that serves; the one that watches it has to start another."""
    web = ground.running.programs.pids().get("web", 0)
    time.sleep(2)  # the watchdog sees it alive first
    for pid in _family(web):
        if "resource_tracker" not in Path(f"/proc/{pid}/cmdline").read_text():
            os.kill(pid, signal.SIGSTOP)


def _family(pid: int) -> list[int]:
    """The processes below a process that have none below them."""
    found = children(pid)
    return [each for child in found for each in (_family(child) or [child])]


def attacks() -> list[Attack]:
    """All of them, the gravest last."""
    known = {
        "16 streams of HTTP/2 that hang": _saying(say.http2_streams(16), 1),
        "40 bodies that never end": _saying(say.HELD_BODY, 40),
        "40 bodies in chunks that never end": _saying(say.HELD_CHUNK, 40),
        "40 bodies that are asked for and do not come": _saying(say.CONTINUED, 40),
        "40 heads that never end": _saying(say.HALF_A_HEAD, 40),
        "1,500 connections that say nothing": _idle,
        "a byte now and then": _dripping,
    }
    first = next(iter(known))
    return [
        *(Attack(point=1, name=name, run=run, short=name == first) for name, run in known.items()),
        Attack(point=1, name="the web process hangs", run=_hung, down=True),
    ]
