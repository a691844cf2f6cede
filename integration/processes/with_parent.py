"""Runs a program that ends when its parent does: `python -m integration.processes.with_parent PID HOW …`.

Linux sends a process the signal it has asked for when its parent dies, and goes on doing so after it has become another
program. Other systems have nothing like it; there, a parent that is killed outright leaves its children behind. Nothing
is imported here that takes time.
"""

import _thread
import ctypes
import os
import signal
import sys
import time
from collections.abc import Callable, Sequence
from typing import NoReturn

_PARENT_DIES = 1
"""PR_SET_PDEATHSIG of `prctl`."""
_NAMED = 15
"""PR_SET_NAME of `prctl`, and how many bytes of a name Linux keeps."""


def wrapped(command: Sequence[str], how: signal.Signals) -> list[str]:
    """A command that runs as a child of this process, and gets this signal when this process dies.

    Linux looks at the thread that starts it: that must live as long as the process.
    """
    return [sys.executable, "-m", "integration.processes.with_parent", str(os.getpid()), str(int(how)), *command]


def end_with_parent(parent: int, how: int) -> None:
    """Have this process get a signal when its parent dies; exit at once where that is dead already."""
    _ask_for(how)
    if os.getppid() != parent and sys.platform == "linux":
        sys.exit(1)


def end_after_parent(parent: int, seconds: float, also: Callable[[], None] = lambda: None) -> None:
    """In a child that this process forked: end so many seconds after the parent does, whatever goes on then.

    The seconds let it finish what it has begun. The kernel says it with SIGUSR2; `also` is called then, and may raise.
    """

    def orphaned(*_: object) -> None:
        _end_in(seconds)
        also()

    signal.signal(signal.SIGUSR2, orphaned)
    _ask_for(signal.SIGUSR2)
    if os.getppid() != parent:
        _end_in(seconds)  # it died before we asked


def _end_in(seconds: float) -> None:
    """From a thread that takes no lock of Python's to start: a signal may come while somebody holds one."""

    def end() -> None:
        time.sleep(seconds)
        os._exit(1)

    _thread.start_new_thread(end, ())


def _ask_for(how: int) -> None:
    """From now on the kernel sends this signal when the parent dies; nothing but on Linux."""
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(_PARENT_DIES, how)


def name_process(name: str) -> None:
    """Call this process so in `ps` and `top`, up to 15 bytes."""
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(_NAMED, name.encode()[:_NAMED])


def start_anew() -> NoReturn:
    """Become the command that this process was started as, with the same id, as if it had just been started."""
    sys.stdout.flush()
    sys.stderr.flush()
    os.execv(sys.executable, [sys.executable, *sys.orig_argv[1:]])  # noqa: S606 - our own command, no shell


def main(parent: int, how: int, command: list[str]) -> None:
    """Become this command."""
    end_with_parent(parent, how)
    os.execvp(command[0], command)  # noqa: S606 - our own command, no shell


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]), sys.argv[3:])
