"""What is deleted leaves SQLite's file: overwritten at once where that was asked for, else when the file is compacted.

Some builds of SQLite overwrite by themselves; the tests turn that off first, and see that the text would stay.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import delete

from integration.store.db.session import Store
from integration.store.queues import inbox
from integration.store.schema import tables

CANARY = b"canary-that-was-erased" * 20


@pytest.fixture
def path(sqlite_url: str, sqlite_store: Store) -> Path:
    with sqlite_store.write() as conn:
        inbox.add(conn, [("x", {}, CANARY, 1), ("y", {}, b"stays", 1)])
    return Path(sqlite_url.removeprefix("sqlite:///"))


def test_what_is_deleted_after_shred_is_overwritten_in_the_file(sqlite_store: Store, path: Path) -> None:
    with sqlite_store.write() as conn:
        conn.exec_driver_sql("PRAGMA secure_delete = OFF")
        sqlite_store.shred(conn)
        conn.execute(delete(tables.inbox).where(tables.inbox.c.source == "x"))
    _folded(path)
    assert CANARY not in path.read_bytes()


def test_what_was_deleted_before_leaves_the_file_when_it_is_compacted(sqlite_store: Store, path: Path) -> None:
    with sqlite_store.write() as conn:
        conn.exec_driver_sql("PRAGMA secure_delete = OFF")
        conn.execute(delete(tables.inbox).where(tables.inbox.c.source == "x"))
    _folded(path)
    assert CANARY in path.read_bytes(), "the test can fail"
    assert sqlite_store.compact()
    assert CANARY not in b"".join(_files(path))


def _folded(path: Path) -> None:
    """Empty the log into the file."""
    with closing(sqlite3.connect(path)) as other:
        assert other.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0] == 0


def _files(path: Path) -> Iterator[bytes]:
    for each in path.parent.glob(f"{path.name}*"):
        yield each.read_bytes()
