"""Families: the processes below a process."""

import contextlib
import os
import signal
import subprocess
from collections.abc import Iterable
from pathlib import Path
from shutil import which


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


def kill(pids: Iterable[int]) -> None:
    """SIGKILL to each that is still there."""
    for pid in pids:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
