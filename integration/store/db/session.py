"""Database sessions: a read sees one moment, a write is durable, and an outage is an error with a name."""

import contextlib
import os
import shutil
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, bindparam, func, select
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from integration.store.db import engines, migrate
from integration.store.db.dialects import Clock
from integration.store.db.engines import PATIENCE
from integration.store.db.errors import LeaseLostError, StoreBusyError, StoreDownError, StoreError, outage
from integration.store.db.sqlite_writer_lock import WriterQueue
from mappings.values.instant import Instant

__all__ = ["LeaseLostError", "Store", "StoreBusyError", "StoreDownError", "StoreError", "serialise"]

MIGRATION_PATIENCE = 120.0

_TENDED_SECONDS = 0.5

_NOW = select(Clock())
_ALONE = select(
    func.set_config("lock_timeout", "10000", True),  # noqa: FBT003 - PostgreSQL's
    func.pg_advisory_xact_lock(func.hashtext(bindparam("name"))),
)
"""Milliseconds, from here to the end of the transaction: others may stand in the line, each with a batch, and whoever
gave up would do all of its own again. It is less than a lease."""

_INHERITED: list[object] = []
"""Pools of a parent process. They stay referenced: closing them here would hang up on the parent."""


class Store:
    """One database, SQLite or PostgreSQL, for the threads of one process; safe to carry over a fork."""

    def __init__(self, url: URL) -> None:
        self.url = url
        self._sqlite = url.get_backend_name() == "sqlite"
        self._pid = os.getpid()
        self._queue = WriterQueue(f"{url.database}.lock") if self._sqlite else None
        self._tended = 0.0
        self._known = False
        self._engine = engines.sqlite(url) if self._sqlite else engines.postgresql(url)
        reader: dict[str, Any] = {} if self._sqlite else {"isolation_level": "REPEATABLE READ"}
        if not self._sqlite:
            reader["postgresql_readonly"] = True
        self._reader = self._engine.execution_options(**reader)

    @classmethod
    def open(cls, url: str) -> "Store":
        """Open `sqlite:///path`, `postgresql://…` or Heroku's `postgres://…`; connects at the first use.

        Raises ValueError for another kind of database, StoreDownError where SQLite's folder cannot be written.
        """
        parsed = make_url(url.replace("postgres://", "postgresql://", 1) if url.startswith("postgres://") else url)
        backend = parsed.get_backend_name()
        if backend == "postgresql":
            return cls(parsed.set(drivername="postgresql+psycopg"))
        if backend == "sqlite" and parsed.database not in {None, "", ":memory:"}:
            try:
                return cls(parsed.set(drivername="sqlite+pysqlite"))
            except OSError as error:
                raise StoreDownError(str(error)) from error
        msg = f"the store is sqlite:///path or postgresql://…, not {parsed.drivername}"
        raise ValueError(msg)

    @contextlib.contextmanager
    def read(self) -> Iterator[Connection]:
        """One consistent view of the data. Raises StoreDownError, StoreBusyError, StoreNewerError."""
        self._after_fork()
        with _named(), self._reader.connect() as conn:
            if self._sqlite:
                conn.exec_driver_sql("BEGIN")
            self._look_at_version(conn)
            yield conn
            conn.commit()  # at a rollback psycopg would forget every statement that it has prepared

    @contextlib.contextmanager
    def write(self, *, urgent: bool = False, durable: bool = True) -> Iterator[Connection]:
        """One durable transaction: committed when the block ends, rolled back when it raises.

        SQLite: one writer at a time, in turn, across processes; an `urgent` one waits for one other at most, and one
        that need not be `durable` not for the disk: a power cut may take it back. PostgreSQL: READ COMMITTED; rows are
        waited for. Raises StoreBusyError after two seconds of waiting, StoreDownError on an outage.
        """
        self._after_fork()
        with _named(), contextlib.ExitStack() as stack:
            left = stack.enter_context(self._turn(PATIENCE, urgent=urgent))
            conn = stack.enter_context(self._engine.connect())
            if self._sqlite:
                stack.callback(_be_patient, conn, PATIENCE)
                _be_patient(conn, left)
                if not durable:
                    stack.callback(_synchronous, conn, "FULL")
                    _synchronous(conn, "NORMAL")
            with conn.begin():
                self._begin_writing(conn)
                yield conn

    def tend(self) -> None:
        """Copy SQLite's log into its file, at most twice a second. Workers call it, so that no answer waits for it.

        Most of it goes on beside other writers; what they wrote meanwhile is copied under the writer lock:
        otherwise the log would never be found empty, and grow. PostgreSQL has a process for this.
        """
        if not self._sqlite or time.monotonic() - self._tended < _TENDED_SECONDS:
            return
        self._after_fork()
        with _named(), self._engine.connect() as conn:
            _copy_log(conn)
            with self._turn(PATIENCE):
                _copy_log(conn)
        self._tended = time.monotonic()

    def now(self, conn: Connection) -> Instant:
        """The database's own time, the same for every process whatever its clock says."""
        return int(conn.execute(_NOW).scalar_one())

    def free_bytes(self) -> int | None:
        """What the disk of SQLite's file has left; None where the database lies elsewhere, or cannot be looked at."""
        if self._sqlite:
            with contextlib.suppress(OSError):
                return shutil.disk_usage(Path(self.url.database or "").absolute().parent).free
        return None

    def shred(self, conn: Connection) -> None:
        """On SQLite, what this connection deletes from now on is overwritten with zeros in the file."""
        if self._sqlite:
            conn.exec_driver_sql("PRAGMA secure_delete = ON")

    def compact(self) -> bool:
        """Write SQLite's file anew without its free pages, and empty its log: what was deleted is in neither.

        False where a reader kept the log from being emptied, or the store is a PostgreSQL, whose own VACUUM does this.
        Other writers wait. Raises StoreBusyError.
        """
        if not self._sqlite:
            return False
        self._after_fork()
        with _named(), self._turn(PATIENCE), self._engine.connect() as conn:
            driver = conn.connection.dbapi_connection
            if driver is None:
                return False
            driver.execute("PRAGMA temp_store = FILE")
            driver.execute("VACUUM")
            driver.execute("PRAGMA temp_store = MEMORY")
            (busy, *_) = driver.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
            return not busy

    def migrate(self) -> None:
        """Bring the tables up to date; several processes may ask at once, one does it, the others wait."""
        self._after_fork()
        with _named(), contextlib.ExitStack() as stack:
            stack.enter_context(self._turn(MIGRATION_PATIENCE))
            conn = stack.enter_context(self._engine.connect())
            with conn.begin():
                self._begin_writing(conn)
                migrate.upgrade(conn, patience=MIGRATION_PATIENCE)

    def forked(self) -> None:
        """Start afresh in a child process, leaving the parent's connections and locks alone.

        `read`, `write` and `migrate` notice a fork by themselves.
        """
        _INHERITED.append(self._engine.pool)
        self._engine.dispose(close=False)
        if self._queue:
            self._queue.close()
            self._queue = WriterQueue(f"{self.url.database}.lock")
        self._pid = os.getpid()

    def dispose(self) -> None:
        """Close every connection and file; a later use opens them anew."""
        self._after_fork()
        self._engine.dispose()
        if self._queue:
            self._queue.close()
            self._queue = None

    def _begin_writing(self, conn: Connection) -> None:
        if self._sqlite:  # a transaction that turned to writing later would fail at once with SQLITE_BUSY_SNAPSHOT
            conn.exec_driver_sql("BEGIN IMMEDIATE")
        self._look_at_version(conn)

    def _look_at_version(self, conn: Connection) -> None:
        """Once, before anything else is asked of the store. Raises StoreNewerError."""
        if not self._known:
            migrate.refuse_newer(conn)
            self._known = True

    def _turn(self, seconds: float, *, urgent: bool = False) -> contextlib.AbstractContextManager[float]:
        """A writer's turn, on SQLite; yields the seconds left to wait for other programs."""
        if not self._sqlite:
            return contextlib.nullcontext(seconds)
        if self._queue is None:
            self._queue = WriterQueue(f"{self.url.database}.lock")
        return self._queue.turn(seconds, urgent=urgent)

    def _after_fork(self) -> None:
        if self._pid != os.getpid():
            self.forked()


def serialise(conn: Connection, name: str) -> None:
    """Until this transaction ends, nobody else who asks for the same name goes on. Waits for ten seconds at most.

    Whoever makes leads or accounts does, so that two flows that meet one stranger make one lead. SQLite
    has one writer at a time anyway.
    """
    if conn.dialect.name == "postgresql":
        conn.execute(_ALONE, {"name": name})


@contextlib.contextmanager
def _named() -> Iterator[None]:
    try:
        yield
    except (DBAPIError, PoolTimeoutError) as error:
        name = outage(error)
        if name is None:
            raise
        raise name from error


def _be_patient(conn: Connection, seconds: float) -> None:
    """How long SQLite itself waits for a writer that is not in the queue (another program)."""
    driver = conn.connection.dbapi_connection
    if driver is not None:
        driver.execute(f"PRAGMA busy_timeout = {int(seconds * 1000)}")


def _synchronous(conn: Connection, how: str) -> None:
    """Whether a commit waits for the disk (FULL), or the next one that does takes it along (NORMAL)."""
    driver = conn.connection.dbapi_connection
    if driver is not None:
        driver.execute(f"PRAGMA synchronous = {how}")


def _copy_log(conn: Connection) -> None:
    """Outside any transaction: one that has read would keep the log from being copied."""
    driver = conn.connection.dbapi_connection
    if driver is not None:
        driver.execute("PRAGMA wal_checkpoint(PASSIVE)")
