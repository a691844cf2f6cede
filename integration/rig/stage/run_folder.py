"""The run folder: where one run of the whole product keeps its store and its processes' log."""

import os
import shutil
import signal
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

import click

_MEMORY = Path("/dev/shm")  # noqa: S108 - files in memory, on Linux  # nosec B108
_ROOM = 2_000_000_000
"""Bytes; several times what a run takes."""


@contextmanager
def run_folder(command: str, *, keep: bool = False, in_memory: bool = False) -> Iterator[Path]:
    """A new folder, removed at the end, also when a signal ends the run; with `keep` it stays, and a line says so.

    `in_memory`: among files in memory, where there is room for them.
    """
    place = _MEMORY if in_memory and _room() else None
    data = Path(tempfile.mkdtemp(prefix=f"coldframe-{command}-", dir=place))
    try:
        with _ended_by_signals():
            yield data
    finally:
        if keep:
            click.echo(f"Everything was kept in {data}", err=True)
        else:
            shutil.rmtree(data, ignore_errors=True)


def _room() -> bool:
    return os.access(_MEMORY, os.W_OK | os.X_OK) and shutil.disk_usage(_MEMORY).free > _ROOM


@contextmanager
def _ended_by_signals() -> Iterator[None]:
    """SIGTERM and SIGHUP end the run as an exception does: whatever it has started is stopped first."""

    def end(number: int, _frame: FrameType | None) -> None:
        for each in before:
            signal.signal(each, signal.SIG_IGN)
        raise SystemExit(128 + number)

    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {number: signal.signal(number, end) for number in (signal.SIGTERM, signal.SIGHUP)}
    try:
        yield
    finally:
        for number, how in before.items():
            signal.signal(number, how)
