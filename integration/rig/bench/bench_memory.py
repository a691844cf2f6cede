"""How much memory each process of a rig had at its peak, its forked jobs included. Without /proc: nothing.

And how much all of them had together: what forks share counts once there (PSS).
"""

import contextlib
import os
import threading
from collections import defaultdict
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Self

_PROC = Path("/proc")
_EVERY = 0.1
_SHARES_EVERY = 10
"""Looks at the peaks to one look at what is shared, which costs the kernel a walk through all pages."""
_KILOBYTE = 1024
_NOT_OURS = frozenset({"sandbox"})
_VALKEY = "valkey-server"
JOB = " job"
"""What the name of a forked job's process ends with."""


class MemoryWatch:
    """Looks at every process ten times a second between `with` and its end."""

    def __init__(self, pids: Callable[[], Mapping[str, int]]) -> None:
        self._pids = pids
        self._peaks: dict[str, int] = {}
        self._together: list[int] = []
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

    @property
    def together(self) -> tuple[int, int]:
        """Bytes of the service's processes and its Valkey at the first look and at the highest; (0, 0) for none."""
        return (self._together[0], max(self._together)) if self._together else (0, 0)

    def _run(self) -> None:
        looks = 0
        while not self._over.wait(_EVERY):
            children = children_of_all()
            found = self._pids()
            if looks % _SHARES_EVERY == 0:
                self._together.append(together(found, children))
            looks += 1
            for name, pid in found.items():
                self._note(name, pid)
                for child in descendants(pid, children):
                    self._note(name if name in {"web", "sandbox"} else f"{name}{JOB}", child)

    def _note(self, name: str, pid: int) -> None:
        self._peaks[name] = max(self._peaks.get(name, 0), _peak(pid))


def together(pids: Mapping[str, int], children: Mapping[int, list[int]]) -> int:
    """Bytes of these processes, their children and a Valkey beside them; a page that several share counts once."""
    ours = {each for name, pid in pids.items() if name not in _NOT_OURS for each in (pid, *descendants(pid, children))}
    ours |= {each for each in children.get(os.getpid(), ()) if _named(each) == _VALKEY}
    return sum(_kilobytes(each, "smaps_rollup", "Pss:") for each in ours)


def state(pid: int) -> str:
    """The state that the kernel gives a process: R, S, T …; "" where it is gone."""
    with contextlib.suppress(OSError, IndexError):
        return (_PROC / str(pid) / "stat").read_text(encoding="ascii", errors="replace").rpartition(")")[2].split()[0]
    return ""


def _named(pid: int) -> str:
    with contextlib.suppress(OSError):
        return (_PROC / str(pid) / "comm").read_text(encoding="ascii", errors="replace").strip()
    return ""


def _peak(pid: int) -> int:
    """VmHWM in bytes: the most of the process that was ever in memory; 0 where it is gone."""
    return _kilobytes(pid, "status", "VmHWM:")


def _kilobytes(pid: int, file: str, line_of: str) -> int:
    with contextlib.suppress(OSError, ValueError):
        for line in (_PROC / str(pid) / file).read_text(encoding="ascii", errors="replace").splitlines():
            if line.startswith(line_of):
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
