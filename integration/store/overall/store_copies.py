"""Copies of a store: of SQLite's file while others write to it, and what a copy holds that a restore must know.

A copy is complete or is not there at all, and its owner alone can read it.
"""

import contextlib
import os
import sqlite3
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias
from urllib.parse import quote

from sqlalchemy import Connection, create_engine, func, inspect, select, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import NullPool

from integration.settings import private_files
from integration.store.crm import connections
from integration.store.db.migrate import refuse_newer
from integration.store.overall import erasure_key
from integration.store.schema.tables import audit
from mappings.values.instant import Instant

BACKUP = "backup"
"""The action of the audit line that every backup begins with: a copy says itself when it was made."""

_PAGES = 2_000
"""Pages copied between two reports; 8 MB."""

Report: TypeAlias = Callable[[int, int], None]
"""Takes how many pages are done, and how many there are."""


class CopyError(Exception):
    """No copy was made, or a file is none; says why, for people."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Contents:
    """What a copy holds: its tables' version, the ids of the keys that its secrets are sealed with, when it was made.

    `made_at` is None where no backup made it.
    """

    version: str
    keys: tuple[str, ...]
    made_at: Instant | None


EMPTY = Contents(version="none", keys=(), made_at=None)
"""What a database without tables holds."""


def copied(source: Path, target: Path, report: Report) -> None:
    """Copy a SQLite file, as it is at one moment, to a path where nothing stands; checked, and flushed to the disk.

    Others may write to it meanwhile; what they write is not in the copy. Raises CopyError, OSError.
    """
    if target.exists():
        msg = f"{target} is there already. Name another file, or move that one away."
        raise CopyError(msg)
    unfinished = target.with_name(f".{target.name}.unfinished")
    unfinished.unlink(missing_ok=True)
    try:
        private_files.file(unfinished)
        _copy(source, unfinished, report)
        _flush(unfinished)
        unfinished.rename(target)
        _flush(target.parent)
    except sqlite3.Error as error:
        msg = f"{source} could not be copied: {error}"
        raise CopyError(msg) from error
    finally:
        for left in (unfinished, unfinished.with_name(f"{unfinished.name}-journal")):
            left.unlink(missing_ok=True)


def contents_of_file(path: Path) -> Contents:
    """What a SQLite file holds; nothing is written beside it. Raises CopyError, StoreNewerError."""
    if not path.is_file():
        msg = f"there is no file {path}"
        raise CopyError(msg)
    address = f"sqlite+pysqlite:///file:{quote(str(path.absolute()))}?mode=ro&uri=true"
    engine = create_engine(address, hide_parameters=True, poolclass=NullPool)
    try:
        with engine.connect() as conn:
            found = contents(conn)
    except DBAPIError as error:
        msg = f"{path} is no copy of a SQLite store: {error.orig}"
        raise CopyError(msg) from error
    if found is None:
        msg = f"{path} is no copy of a store of Coldframe: it has none of its tables"
        raise CopyError(msg)
    return found


def contents(conn: Connection) -> Contents | None:
    """What a store holds, of whatever version it is; None where its database is empty. Raises StoreNewerError."""
    tables = set(inspect(conn).get_table_names())
    if "alembic_version" not in tables:
        return None
    refuse_newer(conn)
    sealing = set(connections.sealed_by(conn)) if "connections" in tables else set()
    names = erasure_key.sealed(conn) if "erasure_keys" in tables else None
    made_at = conn.scalar(select(func.max(audit.c.at)).where(audit.c.action == BACKUP)) if "audit" in tables else None
    return Contents(
        version=conn.execute(text("SELECT version_num FROM alembic_version")).scalar_one(),
        keys=tuple(sorted(sealing | ({names.key_id} if names else set()))),
        made_at=made_at,
    )


def _copy(source: Path, target: Path, report: Report) -> None:
    with (
        contextlib.closing(_opened(source)) as here,
        contextlib.closing(_opened(target)) as there,
    ):
        here.execute("BEGIN")
        here.execute("SELECT count(*) FROM sqlite_master").fetchone()  # from here on it sees one moment
        here.backup(there, pages=_PAGES, progress=lambda _state, left, every: report(every - left, every))
        here.execute("ROLLBACK")
        there.execute("PRAGMA journal_mode = DELETE")  # one file, whole without a log beside it
        (found,) = there.execute("PRAGMA quick_check(1)").fetchone()
    if found != "ok":
        msg = f"{source} is damaged: {found}"
        raise CopyError(msg)


def _opened(path: Path) -> sqlite3.Connection:
    """A connection to a file that is there, outside any transaction."""
    return sqlite3.connect(f"file:{quote(str(path.absolute()))}?mode=rw", uri=True, isolation_level=None)


def _flush(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
