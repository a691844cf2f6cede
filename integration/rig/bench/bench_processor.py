"""Processor seconds of a rig's processes, their forked jobs included. Without /proc: nothing.

Unlike a time of day they say little of what else runs on the machine; a database server's are its own.
"""

import contextlib
import os
from collections.abc import Mapping
from pathlib import Path

from integration.rig.bench.bench_memory import children_of_all, descendants

_PROC = Path("/proc")
_NOT_OURS = frozenset({"sandbox", "valkey"})
_STAT_AFTER_NAME = slice(11, 15)
"""utime, stime, cutime and cstime, counted behind the name."""


def used(pids: Mapping[str, int]) -> float:
    """Seconds that the service's processes have used, those of children that have ended included."""
    children = children_of_all()
    ours = [pid for name, pid in pids.items() if name not in _NOT_OURS]
    ticks = sum(map(_ticks, {each for pid in ours for each in (pid, *descendants(pid, children))}))
    return ticks / os.sysconf("SC_CLK_TCK")


def load() -> float:
    """How many processes of the machine want a processor, over the last minute."""
    return round(os.getloadavg()[0], 1)


def _ticks(pid: int) -> int:
    with contextlib.suppress(OSError, ValueError):
        text = (_PROC / str(pid) / "stat").read_text(encoding="ascii", errors="replace")
        return sum(map(int, text.rpartition(")")[2].split()[_STAT_AFTER_NAME]))
    return 0
