"""The supervisor: starts the service's processes together, watches them, and restarts one that dies."""

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from shutil import which
from types import FrameType, TracebackType
from typing import IO, Protocol, Self

import structlog

from integration.processes.with_parent import wrapped
from integration.settings import private_files

log = structlog.get_logger()

WORKERS = "workers"
"""The name of the member that forks a worker for each queue, and on one machine the clock."""
CLOCK = "clock"
GRACE_SECONDS = 10.0
"""How long a process may take to finish its batch before it is killed."""
_RESTART_SECONDS = (0.0, 0.5, 1.0, 2.0, 5.0)
_STEADY_SECONDS = 30.0


class Child(Protocol):
    """A process that was started: `subprocess.Popen` is one, and so is a fork."""

    @property
    def pid(self) -> int:
        """Its process id."""

    def poll(self) -> int | None:
        """The exit code, negative for a signal; None while it is alive."""

    def terminate(self) -> None:
        """Ask it to end."""

    def wait(self, timeout: float | None = None) -> int:
        """Its exit code, once it has ended. Raises subprocess.TimeoutExpired."""


@dataclass(slots=True)
class _Running:
    child: Child
    started: float
    falls: int = 0
    due: float | None = None


@dataclass(slots=True)
class Supervisor:
    """Keeps processes alive between `start` and `stop`; `watch` has to be called now and then.

    `starts` has what starts each process, by its name.
    """

    starts: Mapping[str, Callable[[], Child]]
    restarts: int = 0
    _running: dict[str, _Running] = field(default_factory=dict)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.stop()

    def start(self) -> None:
        """Start every process."""
        for name, begin in self.starts.items():
            self._running[name] = _Running(begin(), time.monotonic())

    def pids(self) -> dict[str, int]:
        """The process id of every process that is alive."""
        return {name: each.child.pid for name, each in self._running.items() if each.child.poll() is None}

    def watch(self) -> None:
        """Start again whoever has died, at once the first time, later with a growing pause."""
        now = time.monotonic()
        for name, each in self._running.items():
            code = each.child.poll()
            if code is None:
                if now - each.started > _STEADY_SECONDS:
                    each.falls = 0
                continue
            if each.due is None:
                each.due = now + _RESTART_SECONDS[min(each.falls, len(_RESTART_SECONDS) - 1)]
                log.warning("process ended", name=name, code=code)
            if now >= each.due:
                each.child, each.started, each.due = self.starts[name](), now, None
                each.falls += 1
                self.restarts += 1

    def stop(self) -> None:
        """Ask every process to finish, and kill those that do not with all that they have started."""
        alive = [each.child for each in self._running.values() if each.child.poll() is None]
        for child in alive:
            child.terminate()
        deadline = time.monotonic() + GRACE_SECONDS
        for child in alive:
            try:
                child.wait(max(0.1, deadline - time.monotonic()))
            except subprocess.TimeoutExpired:
                kill_all([*descendants(child.pid), child.pid])
                child.wait()
        self._running.clear()


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """One process to keep alive: `arguments` of the `coldframe` command."""

    name: str
    arguments: tuple[str, ...]


class Programs(Supervisor):
    """A supervisor of `coldframe` commands, which write to one file where `output` is given."""

    def __init__(self, members: Sequence[Member], environment: Mapping[str, str], output: Path | None = None) -> None:
        super().__init__({each.name: partial(self._spawn, each) for each in members})
        self.environment = environment
        self._output = output
        self._sink: IO[bytes] | None = None

    def start(self) -> None:
        """Open the file, and start every command."""
        if self._output is not None:
            private_files.folder(self._output.parent)
            self._sink = private_files.file(self._output).open("ab")
        super().start()

    def pids(self) -> dict[str, int]:
        """The process id of every command that is alive, and of the workers that one has forked, by their names."""
        found = super().pids()
        return found | _named_children(found.get(WORKERS, 0))

    def stop(self) -> None:
        """End every command, and close the file."""
        super().stop()
        if self._sink is not None:
            self._sink.close()
            self._sink = None

    def _spawn(self, member: Member) -> subprocess.Popen[bytes]:
        return subprocess.Popen(  # noqa: S603 - our own command, no shell
            wrapped([sys.executable, "-m", "integration", *member.arguments], signal.SIGTERM),
            env=dict(self.environment),
            stdout=self._sink,
            stderr=self._sink,
        )


def run(supervisor: Supervisor, outdated: Callable[[], bool] = lambda: False) -> bool:
    """Keep all processes alive until a signal ends this one (SIGTERM, SIGINT), or it is `outdated`: whether it is."""
    stopping: list[int] = []
    old = False

    def stop(number: int, _frame: FrameType | None) -> None:
        stopping.append(number)

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, stop)
    with supervisor:
        while not stopping and not old:
            supervisor.watch()
            time.sleep(0.2)
            old = outdated()
    return old and not stopping


def _named_children(pid: int) -> dict[str, int]:
    """The children of a process by the names that they have given themselves; none where /proc does not tell."""
    found: dict[str, int] = {}
    for child in children(pid):
        with contextlib.suppress(OSError):
            name = Path(f"/proc/{child}/comm").read_text(encoding="utf-8", errors="replace").strip()
            found[name if name not in found else f"{name} {child}"] = child
    return found


def children(pid: int) -> list[int]:
    """The process ids of a process's children; none where it is gone."""
    folder = Path(f"/proc/{pid}/task")
    if folder.is_dir():
        found: list[int] = []
        with contextlib.suppress(OSError):
            for task in folder.iterdir():
                with contextlib.suppress(OSError):
                    found += map(int, (task / "children").read_text().split())
        return found
    program = which("pgrep")
    if program is None:
        return []
    told = subprocess.run([program, "-P", str(pid)], capture_output=True, text=True, check=False)  # noqa: S603 - no shell
    return [int(word) for word in told.stdout.split()]


def descendants(pid: int) -> list[int]:
    """All processes below a process, each before its own children."""
    found = children(pid)
    for each in found:
        found += children(each)
    return found


def memory() -> int:
    """The bytes that this process has in memory; 0 where the system does not say."""
    with contextlib.suppress(OSError):
        return int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1]) * os.sysconf("SC_PAGE_SIZE")
    return 0


def kill_all(pids: Iterable[int]) -> None:
    """SIGKILL to each that is still there."""
    for pid in pids:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
