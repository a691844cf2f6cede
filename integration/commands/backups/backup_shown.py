"""What `coldframe backup` and `restore` have in common: the bar and the key beside a backup."""

from pathlib import Path
from typing import Self

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn

_KEY = ".key"


class Bar:
    """A bar that moves with the pages."""

    def __init__(self, what: str, *, quiet: bool) -> None:
        columns = (TextColumn("{task.description}"), BarColumn(), TextColumn("{task.percentage:>3.0f}%"))
        self._bar = Progress(*columns, console=Console(stderr=True), disable=quiet, transient=True)
        self._task = self._bar.add_task(what, total=None)

    def __enter__(self) -> Self:
        self._bar.start()
        return self

    def __exit__(self, *_raised: object) -> None:
        self._bar.stop()

    def show(self, done: int, every: int) -> None:
        """So many pages are done of so many."""
        self._bar.update(self._task, completed=done, total=every)


def beside(file: Path) -> Path:
    """The file of the key that goes with a backup."""
    return file.with_name(f"{file.name}{_KEY}")
