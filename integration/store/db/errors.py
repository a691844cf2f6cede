"""Errors of the store itself, in three kinds."""

import sqlite3

import psycopg
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError


class StoreError(Exception):
    """The store did not do what was asked; nothing of the transaction was kept."""


class StoreBusyError(StoreError):
    """Another writer had the lock for longer than two seconds (or a deadlock was broken): try again later."""


class StoreDownError(StoreError):
    """The database is away, full or unreadable."""


class StoreNewerError(StoreError):
    """A newer version of this service has been at the store: this one must not touch it."""


class LeaseLostError(StoreError):
    """Somebody else holds the lease now: whatever this process decided must not be saved."""


class SealedError(StoreError):
    """The list of who was erased cannot be read with the secret keys that this process was given."""


_SQLITE_BUSY = frozenset(
    {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_PROTOCOL, sqlite3.SQLITE_INTERRUPT}
)
_SQLITE_DOWN = frozenset(
    {
        sqlite3.SQLITE_FULL,
        sqlite3.SQLITE_IOERR,
        sqlite3.SQLITE_CANTOPEN,
        sqlite3.SQLITE_READONLY,
        sqlite3.SQLITE_PERM,
        sqlite3.SQLITE_NOMEM,
        sqlite3.SQLITE_CORRUPT,
        sqlite3.SQLITE_NOTADB,
    }
)
_LOST = (psycopg.OperationalError, psycopg.InterfaceError)
"""Without a SQLSTATE these come from the driver: the server could not be reached."""
_PRIMARY = 0xFF
"""The low byte of SQLite's extended error codes."""

_POSTGRES_BUSY = ("40", "55P03", "57014")
"""How the SQLSTATEs begin that say: try again. A rollback for others' sake, a lock not given, a statement cancelled."""
_POSTGRES_DOWN = ("08", "25006", "28", "3D", "53", "57", "58", "F0", "XX001", "XX002")
"""And those of an outage: no connection, read-only after a failover, no access, no room, a shutdown, damage on disk.

Everything else is about the statement and what it carries (22 a value, 23 a constraint, 54 too long a key): the server
is well, and whoever sent the statement finds out which of its rows is to blame.
"""
_SCHEMA = "42"
_SQLITE_SCHEMA = ("no such table", "no such column", "no such function")


def outage(error: DBAPIError | PoolTimeoutError) -> StoreError | None:
    """The store's own word for a driver's error, or None where the error is a mistake of ours."""
    if isinstance(error, PoolTimeoutError):
        return StoreBusyError("no free connection within two seconds")
    cause = error.orig
    return (
        _of_sqlite(cause)
        if isinstance(cause, sqlite3.Error)
        else _of_postgresql(cause, lost=error.connection_invalidated)
    )


def _of_sqlite(cause: sqlite3.Error) -> StoreError | None:
    code = getattr(cause, "sqlite_errorcode", 0) & _PRIMARY
    if code in _SQLITE_BUSY:
        return StoreBusyError(str(cause))
    return StoreDownError(str(cause)) if code in _SQLITE_DOWN else None


def _of_postgresql(cause: BaseException | None, *, lost: bool) -> StoreError | None:
    state = getattr(cause, "sqlstate", None)
    if lost or (state is None and isinstance(cause, _LOST)):
        return StoreDownError(str(cause))
    if state is not None and state.startswith(_POSTGRES_BUSY):
        return StoreBusyError(str(cause))
    return StoreDownError(str(cause)) if state is not None and state.startswith(_POSTGRES_DOWN) else None


def of_schema(error: BaseException) -> bool:
    """Whether a statement failed because the tables are not those of this version: no row is to blame."""
    if not isinstance(error, DBAPIError):
        return False
    cause = error.orig
    if isinstance(cause, sqlite3.Error):
        return str(cause).startswith(_SQLITE_SCHEMA)
    return (getattr(cause, "sqlstate", None) or "").startswith(_SCHEMA)
