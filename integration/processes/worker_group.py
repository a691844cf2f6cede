"""Worker group: one process imports everything once and forks a worker for each queue; it forks dead ones again.

Five workers that each import the product take some 470 MB; forked from one parent they share what they do not change.
"""

import contextlib
import gc
import os
import signal
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import FrameType
from typing import NoReturn

import structlog

from integration.processes.supervisor import GRACE_SECONDS, RESTART_SECONDS, STEADY_SECONDS, descendants, kill_all
from integration.processes.with_parent import end_with_parent, name_process

log = structlog.get_logger()

_LOOK_SECONDS = 0.2


@dataclass(slots=True)
class _Forked:
    """A worker of one queue: its process id, when it started, how often it has fallen, when it is due again."""

    pid: int = 0
    started: float = 0.0
    falls: int = 0
    due: float = 0.0


def run(queues: Sequence[str], prepare: Callable[[], None], work: Callable[[str], None]) -> int:
    """Prepare once, then keep one fork alive for each queue until SIGTERM or SIGINT; the status to exit with.

    `prepare` imports and builds what all share, and leaves no connection open. `work` runs in the fork.
    """
    stopping: list[int] = []

    def stop(number: int, _frame: FrameType | None) -> None:
        stopping.append(number)

    prepare()
    gc.collect()
    gc.freeze()  # what forks share with this process is not looked through, and so not copied
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, stop)
    forks = {queue: _Forked() for queue in queues}
    while not stopping:
        _watch(forks, work)
        time.sleep(_LOOK_SECONDS)
    _end(forks)
    return 0


def _watch(forks: Mapping[str, _Forked], work: Callable[[str], None]) -> None:
    """Fork whoever is not there, at once the first time, later with a growing pause."""
    now = time.monotonic()
    for queue, fork in forks.items():
        if fork.pid:
            code = _ended(fork.pid)
            if code is None:
                if now - fork.started > STEADY_SECONDS:
                    fork.falls = 0
                continue
            log.warning("process ended", name=f"worker {queue}", code=code)
            fork.due = now + RESTART_SECONDS[min(fork.falls, len(RESTART_SECONDS) - 1)]
            fork.pid, fork.falls = 0, fork.falls + 1
        if now >= fork.due:
            fork.pid, fork.started = _fork(queue, work), now


def _fork(queue: str, work: Callable[[str], None]) -> int:
    parent = os.getpid()
    pid = os.fork()
    if pid == 0:
        _become(parent, queue, work)
    return pid


def _become(parent: int, queue: str, work: Callable[[str], None]) -> NoReturn:
    """Work in the fork, and never return into what its parent was about to do."""
    status = 1
    try:
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, signal.SIG_DFL)
        end_with_parent(parent, signal.SIGTERM)
        name_process(f"worker {queue}")
        work(queue)
        status = 0
    except SystemExit as end:
        if isinstance(end.code, str):
            sys.stderr.write(f"{end.code}\n")
        status = end.code if isinstance(end.code, int) else 1
    except Exception:
        log.exception("worker failed", queue=queue)
    finally:
        with contextlib.suppress(OSError):
            sys.stdout.flush()
            sys.stderr.flush()
        os._exit(status)


def _ended(pid: int) -> int | None:
    """The exit code of a child that has ended (negative: the signal), or None."""
    found, status = os.waitpid(pid, os.WNOHANG)
    return os.waitstatus_to_exitcode(status) if found else None


def _end(forks: Mapping[str, _Forked]) -> None:
    """Ask every fork to finish its batch, and kill those that do not in time."""
    alive = {fork.pid for fork in forks.values() if fork.pid and _ended(fork.pid) is None}
    for pid in alive:
        os.kill(pid, signal.SIGTERM)
    deadline = time.monotonic() + GRACE_SECONDS
    while alive and time.monotonic() < deadline:
        alive = {pid for pid in alive if _ended(pid) is None}
        time.sleep(_LOOK_SECONDS / 10)
    for pid in alive:
        kill_all([*descendants(pid), pid])
        os.waitpid(pid, 0)
