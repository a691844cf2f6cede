"""How much memory each process of a rig had at its peak, its forked jobs included. Without /proc: nothing."""

import contextlib
import threading
from collections import defaultdict
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Self

_PROC = Path("/proc")
_EVERY = 0.1
_KILOBYTE = 1024
JOB = " job"
"""What the name of a forked job's process ends with."""


class MemoryWatch:
    """Looks at every process ten times a second between `with` and its end."""

    def __init__(self, pids: Callable[[], Mapping[str, int]]) -> None:
        self._pids = pids
        self._peaks: dict[str, int] = {}
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run, name="memory watch", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_exception: object) -> None:
        self._over.set()
        self._thread.join()

    @property
    def peaks(self) -> dict[str, int]:
        """Bytes at the peak, by process; the children of a worker, its jobs, are counted apart."""
        return dict(self._peaks)

    def _run(self) -> None:
        while not self._over.wait(_EVERY):
            children = children_of_all()
            for name, pid in self._pids().items():
                self._note(name, pid)
                for child in descendants(pid, children):
                    self._note(name if name in {"web", "sandbox"} else f"{name}{JOB}", child)

    def _note(self, name: str, pid: int) -> None:
        self._peaks[name] = max(self._peaks.get(name, 0), _peak(pid))


def _peak(pid: int) -> int:
    """VmHWM in bytes: the most of the process that was ever in memory; 0 where it is gone."""
    with contextlib.suppress(OSError, ValueError):
        for line in (_PROC / str(pid) / "status").read_text(encoding="ascii", errors="replace").splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) * _KILOBYTE
    return 0


def children_of_all() -> dict[int, list[int]]:
    """Process ids by their parent's."""
    found: defaultdict[int, list[int]] = defaultdict(list)
    for entry in _PROC.glob("[0-9]*/stat"):
        with contextlib.suppress(OSError, ValueError, IndexError):
            text = entry.read_text(encoding="ascii", errors="replace")
            found[int(text.rpartition(")")[2].split()[1])].append(int(entry.parent.name))
    return found


def descendants(pid: int, children: Mapping[int, list[int]]) -> list[int]:
    """The ids of a process's children, and of theirs."""
    found = list(children.get(pid, ()))
    for child in found:
        found += children.get(child, ())
    return found
