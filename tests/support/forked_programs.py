"""Programs of Python's that are forked from a process which has imported the product, for tests that start many.

A forked program is a process as any other: its own environment, files, folder and exit status, killed and waited for as
one; only its priority stays that of the tests. It spares the second that importing the product takes. Where the subject
is what a program imports, or how much memory it has, a test starts it with `subprocess`.
"""

import array
import atexit
import contextlib
import json
import os
import select
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import IO

import program_parent
from places import ROOT

PATH = os.pathsep.join([str(ROOT), str(Path(__file__).parent)])
_NUMBER = array.array("i", [0]).itemsize


class Forked:
    """A forked program, with what tests use of `subprocess.Popen`."""

    def __init__(self, line: socket.socket) -> None:
        self._line = line
        self.pid = self._next(None)
        self.returncode: int | None = None

    def poll(self) -> int | None:
        """The exit status, negative for a signal; None while it runs."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.wait(0)
        return self.returncode

    def wait(self, timeout: float | None = None) -> int:
        """The exit status, once it has ended. Raises subprocess.TimeoutExpired."""
        if self.returncode is None:
            self.returncode = self._next(timeout)
            self._line.close()
        return self.returncode

    def send_signal(self, number: int) -> None:
        """A signal, unless it has ended."""
        if self.poll() is None:
            os.kill(self.pid, number)

    def terminate(self) -> None:
        """SIGTERM, unless it has ended."""
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        """SIGKILL, unless it has ended."""
        self.send_signal(signal.SIGKILL)

    def _next(self, timeout: float | None) -> int:
        """The next number that the parent says of it: its process id, then its exit status."""
        if not select.select([self._line], [], [], timeout)[0]:
            name = f"process {self.pid}"
            raise subprocess.TimeoutExpired(name, timeout or 0)
        found = array.array("i", self._line.recv(_NUMBER, socket.MSG_WAITALL))
        if not found:
            msg = "the parent of the forked programs has died"
            raise RuntimeError(msg)
        return found[0]


def start(
    words: Sequence[str],
    environment: Mapping[str, str],
    folder: Path = ROOT,
    *,
    typed: IO[bytes] | None = None,
    output: IO[bytes],
    errors: IO[bytes],
    session: bool = False,
) -> Forked:
    """Start `python WORDS…` with this environment alone, in this folder; `session` gives it a process group."""
    ours, theirs = socket.socketpair()
    wish = {"words": list(words), "environment": dict(environment), "folder": str(folder), "session": session}
    with open(os.devnull, "rb") as nothing, theirs:  # noqa: PTH123 - as subprocess does
        files = [(typed or nothing).fileno(), output.fileno(), errors.fileno()]
        socket.send_fds(_parent(), [b"1"], [theirs.fileno(), *files])
    ours.sendall(json.dumps(wish).encode())
    ours.shutdown(socket.SHUT_WR)
    return Forked(ours)


def at_once(words: Sequence[str], times: int) -> list[tuple[int, str]]:
    """(exit status, output and errors) of the same program, run so many times at the same time."""
    with contextlib.ExitStack() as stack:
        files = [stack.enter_context(tempfile.TemporaryFile()) for _ in range(times)]
        programs = [start(words, {"PYTHONPATH": PATH}, output=file, errors=file) for file in files]
        for each in programs:
            stack.callback(each.kill)
        statuses = [each.wait(60) for each in programs]
        for file in files:
            file.seek(0)
        return [(status, file.read().decode()) for status, file in zip(statuses, files, strict=True)]


@lru_cache(maxsize=1)
def _parent() -> socket.socket:
    """The line to the parent of this process's programs, which is started here and ends with this process."""
    ours, theirs = socket.socketpair()
    with theirs:
        process = subprocess.Popen(
            [sys.executable, program_parent.__file__, str(theirs.fileno())],
            env={**program_parent.environment(), "PYTHONPATH": PATH},
            pass_fds=[theirs.fileno()],
            start_new_session=True,
        )
    atexit.register(process.wait, 10)
    atexit.register(ours.close)  # which ends it; the last that is registered runs first
    return ours
