"""Private files: what an installation stores is for its owner alone, whatever the umask: files 0600 in folders 0700.

Files that were made by an earlier version, or by hand, are set right as they are met.
"""

import contextlib
import os
import stat
from collections.abc import Iterator
from pathlib import Path

_OTHERS = 0o077
_FILE = 0o600
_FOLDER = 0o700


def folder(path: Path) -> Path:
    """The folder, made where it is missing, with those above it.

    One that belongs to somebody else, or to everybody (such as /tmp), stays as it is.
    """
    with only_mine():
        path.mkdir(parents=True, exist_ok=True)
    found = path.stat()
    if found.st_uid == os.getuid() and not found.st_mode & stat.S_ISVTX and found.st_mode & _OTHERS:
        path.chmod(_FOLDER)
    return path


def file(path: Path) -> Path:
    """The file, made where it is missing; its folder must be there. Raises OSError."""
    with contextlib.suppress(FileExistsError):
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, _FILE))
    found = path.stat()
    if found.st_uid == os.getuid() and stat.S_ISREG(found.st_mode) and found.st_mode & _OTHERS:
        path.chmod(found.st_mode & ~_OTHERS)
    return path


@contextlib.contextmanager
def only_mine() -> Iterator[None]:
    """What this process and its children make meanwhile is for their owner alone."""
    before = os.umask(_OTHERS)
    try:
        yield
    finally:
        os.umask(before)
