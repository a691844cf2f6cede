"""What can go wrong with the store itself, in three words."""

import sqlite3

import psycopg
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError


class StoreError(Exception):
    """The store did not do what was asked; nothing of the transaction was kept."""


class StoreBusyError(StoreError):
    """Another writer held on for longer than two seconds (or a deadlock was broken): try again later."""


class StoreDownError(StoreError):
    """The database is away, full or unreadable."""


class LeaseLostError(StoreError):
    """Somebody else holds the lease now: whatever this process decided must not be saved."""


class SealedError(StoreError):
    """The list of who was erased cannot be read with the secret keys that this process was given."""


_SQLITE_BUSY = frozenset({sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_PROTOCOL})
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
_PRIMARY = 0xFF
"""The low byte of SQLite's extended error codes."""

_POSTGRES_BUSY = (
    psycopg.errors.LockNotAvailable,
    psycopg.errors.DeadlockDetected,
    psycopg.errors.SerializationFailure,
)


def outage(error: DBAPIError | PoolTimeoutError) -> StoreError | None:
    """The store's own word for a driver's error, or None where the error is a mistake of ours."""
    if isinstance(error, PoolTimeoutError):
        return StoreBusyError("no free connection within two seconds")
    cause = error.orig
    if isinstance(cause, sqlite3.Error):
        code = getattr(cause, "sqlite_errorcode", 0) & _PRIMARY
        if code in _SQLITE_BUSY:
            return StoreBusyError(str(cause))
        return StoreDownError(str(cause)) if code in _SQLITE_DOWN else None
    if isinstance(cause, _POSTGRES_BUSY):
        return StoreBusyError(str(cause))
    if isinstance(cause, psycopg.OperationalError | psycopg.InterfaceError) or error.connection_invalidated:
        return StoreDownError(str(cause))
    return None
