"""Engines: how SQLAlchemy connects to SQLite and PostgreSQL, and how each connection is set up."""

import contextlib
import sqlite3
from functools import partial
from pathlib import Path

import psycopg
from sqlalchemy import Engine, create_engine, event
from sqlalchemy.engine import URL

from integration.settings import private_files

PATIENCE = 2.0
"""Seconds a writer waits for its turn before StoreBusyError."""

_LOG_PAGES = 16_000
"""SQLite's log at which the next commit copies it into the file, where nobody called `tend`; 64 MB."""

_POSTGRES_OPTIONS = (
    "-c lock_timeout=2000 -c idle_in_transaction_session_timeout=30000 -c plan_cache_mode=force_custom_plan"
)
"""The second frees the locks of a worker that was frozen inside a transaction.

By the third a prepared statement is parsed once and planned for its values: of a plan for any values, a planner thinks
that a third of all leads are due.
"""

_PREPARED = 300
"""Statements that a connection keeps prepared: a lane has about fifty, and a statement is prepared at its sixth use."""


def postgresql(url: URL) -> Engine:
    """An engine on a PostgreSQL; connects at its first use."""
    engine = create_engine(
        url,
        hide_parameters=True,  # a traceback shows no personal data
        pool_size=8,
        max_overflow=8,
        pool_timeout=PATIENCE,
        connect_args={
            "connect_timeout": 3,
            "options": _POSTGRES_OPTIONS,
            "application_name": "coldframe",
            "keepalives_idle": 30,
            "tcp_user_timeout": 20000,
        },
    )

    @event.listens_for(engine, "connect")
    def prepare(driver: psycopg.Connection, _record: object) -> None:
        driver.prepared_max = _PREPARED

    return engine


def sqlite(url: URL) -> Engine:
    """An engine on a file of SQLite.

    Without listeners of SQLAlchemy's for transactions and connecting: each statement would look for its own.
    """
    engine = create_engine(
        url,
        hide_parameters=True,
        pool_size=8,
        max_overflow=8,
        pool_timeout=PATIENCE,
        creator=partial(_opened, Path(url.database or "").absolute()),
    )

    @event.listens_for(engine, "connect")
    def prepare(driver: sqlite3.Connection, _record: object) -> None:
        driver.execute("PRAGMA journal_mode = WAL")
        driver.execute("PRAGMA synchronous = FULL")  # a commit is on the disk before it returns
        driver.execute("PRAGMA temp_store = MEMORY")
        driver.execute(f"PRAGMA wal_autocheckpoint = {_LOG_PAGES}")  # `tend` is there before that

    return engine


def _opened(file: Path) -> sqlite3.Connection:
    """A connection whose transactions begin where the store says so."""
    with contextlib.suppress(OSError):  # SQLite says it in its own way
        private_files.file(file)  # SQLite makes its log and index with the same rights
    return sqlite3.connect(file, timeout=PATIENCE, check_same_thread=False, isolation_level=None)
