"""Kills: SIGKILL to the web process, a worker, its job, both, the parent of all workers, or the clock."""

import contextlib
import os
import signal
import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from random import Random  # noqa: TID251 - seeded: the same order of kills every time

from integration.processes.supervisor import children

KINDS = ("web parent", "web child", "web both", "worker parent", "worker child", "worker both", "workers", "clock")
_WEIGHTS = (3, 4, 3, 4, 6, 4, 1, 1)
_PATIENCE = 3.0
"""Seconds to wait for a worker to be at work; its child lives only as long as a job."""
_LONGEST_INTO = 0.06


@dataclass(slots=True)
class Killer:
    """Kills processes. `pids` names who is alive; `watch` keeps the others running meanwhile."""

    pids: Callable[[], Mapping[str, int]]
    watch: Callable[[], None]
    chance: Random
    kills: Counter[str] = field(default_factory=Counter)
    orphans: set[int] = field(default_factory=set)
    """Children whose parent was killed and who were left to live on."""
    _order: list[str] = field(default_factory=list)

    def strike(self) -> str | None:
        """One kill of the next kind; None where its target was not there in time."""
        if not self._order:
            self._order = self.chance.sample(KINDS, k=len(KINDS))
            self._order += self.chance.choices(KINDS, weights=_WEIGHTS, k=len(KINDS))
        kind = self._order.pop(0)
        name, _, part = kind.partition(" ")
        targets = self._target(name, part)
        if not targets or not all(map(_killed, targets)):
            return None
        self.kills[kind] += 1
        return kind

    def bury(self) -> None:
        """End the orphans that are still alive."""
        for pid in self.orphans:
            with contextlib.suppress(OSError):
                if b"integration" in Path(f"/proc/{pid}/cmdline").read_bytes():
                    os.kill(pid, signal.SIGKILL)

    def _target(self, name: str, part: str) -> list[int]:
        """Whom to kill; the child first, since its parent would notice."""
        if name == "worker":
            parent, child = self._at_work()
        else:
            parent = self.pids().get(name, 0)
            child = next(iter(children(parent)), 0) if parent else 0
        if not parent or (part in {"child", "both"} and not child):
            return []
        if part == "child":
            return [child]
        if part == "both":
            return [child, parent]
        if child:
            self.orphans.add(child)
        return [parent]

    def _at_work(self) -> tuple[int, int]:
        """A worker that is in the middle of a job, and the child that does it; (0, 0) if none is in time."""
        deadline = time.monotonic() + _PATIENCE
        while time.monotonic() < deadline:
            workers = [pid for name, pid in self.pids().items() if name.startswith("worker ")]
            self.chance.shuffle(workers)
            for parent in workers:
                for child in children(parent):
                    time.sleep(self.chance.random() * _LONGEST_INTO)
                    if child in children(parent):
                        return parent, child
            self.watch()
            time.sleep(0.002)
        return 0, 0


def _killed(pid: int) -> bool:
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        return False
    return True
