"""Worker group: one process imports everything once and forks a worker for each queue; it forks dead ones again.

Five workers that each import the product take some 470 MB; forked from one parent they share what they do not change.
On one machine the clock is a fork of it, too.
"""

import contextlib
import gc
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from functools import partial
from typing import NoReturn

import structlog

from integration.processes import supervisor
from integration.processes.supervisor import Supervisor
from integration.processes.with_parent import end_with_parent, name_process

log = structlog.get_logger()

_LOOK_SECONDS = 0.02


def run(
    works: Mapping[str, Callable[[], None]],
    prepare: Callable[[], None],
    outdated: Callable[[], bool] = lambda: False,
) -> bool:
    """Prepare once, then keep one fork alive for each of `works` until SIGTERM or SIGINT, or until this is `outdated`.

    Whether it is. `prepare` imports and builds what all share, and leaves no connection open. `works` has by the name
    of each fork what runs in it.
    """
    prepare()
    gc.collect()
    gc.freeze()  # what forks share with this process is not looked through, and so not copied
    workers = Supervisor({name: partial(Fork, name, work) for name, work in works.items()})
    return supervisor.run(workers, outdated)


class Fork:
    """A fork of this process that does one work under its name, with what a supervisor asks of a process."""

    def __init__(self, name: str, work: Callable[[], None]) -> None:
        parent = os.getpid()
        self._code: int | None = None
        self.pid = os.fork()
        if self.pid == 0:
            _become(parent, name, work)

    def poll(self) -> int | None:
        """The exit code, negative for a signal; None while it is alive."""
        if self._code is None:
            found, status = os.waitpid(self.pid, os.WNOHANG)
            self._code = os.waitstatus_to_exitcode(status) if found else None
        return self._code

    def terminate(self) -> None:
        """Ask it to end."""
        os.kill(self.pid, signal.SIGTERM)

    def wait(self, timeout: float | None = None) -> int:
        """Its exit code, once it has ended. Raises subprocess.TimeoutExpired."""
        until = None if timeout is None else time.monotonic() + timeout
        while (code := self.poll()) is None:
            if until is not None and time.monotonic() > until:
                name = f"process {self.pid}"
                raise subprocess.TimeoutExpired(name, timeout or 0)
            time.sleep(_LOOK_SECONDS)
        return code


def _become(parent: int, name: str, work: Callable[[], None]) -> NoReturn:
    """Work in the fork, and never return into what its parent was about to do."""
    status = 1
    try:
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, signal.SIG_DFL)
        end_with_parent(parent, signal.SIGTERM)
        name_process(name)
        work()
        status = 0
    except SystemExit as end:
        if isinstance(end.code, str):
            sys.stderr.write(f"{end.code}\n")
        status = end.code if isinstance(end.code, int) else 1
    except Exception:
        log.exception("a forked process failed", name=name)
    finally:
        with contextlib.suppress(OSError):
            sys.stdout.flush()
            sys.stderr.flush()
        os._exit(status)
