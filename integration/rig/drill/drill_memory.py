"""How much memory a process has resident at its peak, phase by phase. Without /proc: nothing."""

import contextlib
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

_EVERY = 0.05
_KILOBYTE = 1024


@dataclass(slots=True)
class Resident:
    """Bytes at the peak of each phase; whoever knows the phase sets it."""

    phase: str = "starting"
    peaks: dict[str, int] = field(default_factory=dict)

    @property
    def peak(self) -> int:
        """The most of all phases."""
        return max(self.peaks.values(), default=0)

    @contextlib.contextmanager
    def watch(self, pid: int) -> Iterator[None]:
        """Look twenty times a second until the block ends."""
        over = threading.Event()
        thread = threading.Thread(target=self._run, args=(pid, over), name="memory", daemon=True)
        thread.start()
        try:
            yield
        finally:
            over.set()
            thread.join()

    def _run(self, pid: int, over: threading.Event) -> None:
        while not over.wait(_EVERY):
            now = _resident(pid)
            if now:
                self.peaks[self.phase] = max(self.peaks.get(self.phase, 0), now)


def _resident(pid: int) -> int:
    """VmRSS in bytes; 0 where the process is gone."""
    with contextlib.suppress(OSError, ValueError):
        for line in Path(f"/proc/{pid}/status").read_text(encoding="ascii", errors="replace").splitlines():
            if line.startswith("VmRSS:"):
                return int(line.split()[1]) * _KILOBYTE
    return 0
