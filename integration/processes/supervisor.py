"""The supervisor: starts the service's processes together, watches them, and restarts one that dies."""

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from shutil import which
from types import FrameType, TracebackType
from typing import IO, Self

import structlog

from integration.processes.with_parent import wrapped
from integration.settings import private_files

log = structlog.get_logger()

WORKERS = "workers"
"""The name of the member that forks a worker for each queue."""
GRACE_SECONDS = 10.0
"""How long a process may take to finish its batch before it is killed."""
RESTART_SECONDS = (0.0, 0.5, 1.0, 2.0, 5.0)
STEADY_SECONDS = 30.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """One process to keep alive: `arguments` of the `coldframe` command."""

    name: str
    arguments: tuple[str, ...]


@dataclass(slots=True)
class _Running:
    member: Member
    process: subprocess.Popen[bytes]
    started: float
    falls: int = 0
    due: float | None = None


@dataclass(slots=True)
class Fleet:
    """Keep members alive between `start` and `stop`; `watch` has to be called now and then."""

    members: Sequence[Member]
    environment: Mapping[str, str]
    output: Path | None = None
    _running: dict[str, _Running] = field(default_factory=dict)
    _sink: IO[bytes] | None = None
    restarts: int = 0

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.stop()

    def start(self) -> None:
        """Start every member."""
        if self.output is not None:
            private_files.folder(self.output.parent)
            self._sink = private_files.file(self.output).open("ab")
        for member in self.members:
            self._running[member.name] = _Running(member, self._spawn(member), time.monotonic())

    def pids(self) -> dict[str, int]:
        """The process id of every member that is alive, and of the workers that a member has forked, by their names."""
        found = {name: each.process.pid for name, each in self._running.items() if each.process.poll() is None}
        return found | _named_children(found.get(WORKERS, 0))

    def watch(self) -> None:
        """Start again whoever has died, at once the first time, later with a growing pause."""
        now = time.monotonic()
        for each in self._running.values():
            if each.process.poll() is None:
                if now - each.started > STEADY_SECONDS:
                    each.falls = 0
                continue
            if each.due is None:
                each.due = now + RESTART_SECONDS[min(each.falls, len(RESTART_SECONDS) - 1)]
                log.warning("process ended", name=each.member.name, code=each.process.returncode)
            if now >= each.due:
                each.process, each.started, each.due = self._spawn(each.member), now, None
                each.falls += 1
                self.restarts += 1

    def stop(self) -> None:
        """Ask every member to finish, and kill those that do not with all that they have started."""
        alive = [each.process for each in self._running.values() if each.process.poll() is None]
        for process in alive:
            process.terminate()
        deadline = time.monotonic() + GRACE_SECONDS
        for process in alive:
            try:
                process.wait(max(0.1, deadline - time.monotonic()))
            except subprocess.TimeoutExpired:
                kill_all([*descendants(process.pid), process.pid])
                process.wait()
        self._running.clear()
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


def run(fleet: Fleet) -> int:
    """Keep all processes alive until a signal ends this one (SIGTERM, SIGINT)."""
    stopping = []

    def stop(number: int, _frame: FrameType | None) -> None:
        stopping.append(number)

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, stop)
    with fleet:
        while not stopping:
            fleet.watch()
            time.sleep(0.2)
    return 0


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


def kill_all(pids: Iterable[int]) -> None:
    """SIGKILL to each that is still there."""
    for pid in pids:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
