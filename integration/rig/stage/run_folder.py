"""Run folder: where one run of the whole product keeps its store and its processes' log, and what becomes of it."""

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click


@contextmanager
def run_folder(command: str, *, keep: bool = False) -> Iterator[Path]:
    """A new folder, removed at the end; with `keep` it stays, and people are told where it is."""
    data = Path(tempfile.mkdtemp(prefix=f"coldframe-{command}-"))
    try:
        yield data
    finally:
        if keep:
            click.echo(f"Everything was kept in {data}", err=True)
        else:
            shutil.rmtree(data, ignore_errors=True)
