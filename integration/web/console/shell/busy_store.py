"""A busy store: what long works of the console write, where another process has been writing for seconds."""

from collections.abc import Callable
from contextlib import suppress

from sqlalchemy import Connection

from integration.store.db.errors import StoreBusyError
from integration.store.db.session import Store

_TRIES = 30
"""Each waits two seconds for the other."""


def store_outcome(store: Store, write: Callable[[Connection], object]) -> None:
    """Store what came of a work, for which somebody waits; tried for a minute. Raises StoreBusyError then."""
    for _ in range(_TRIES - 1):
        with suppress(StoreBusyError), store.write() as conn:
            write(conn)
            return
    with store.write() as conn:
        write(conn)


def store_progress(store: Store, write: Callable[[Connection], object]) -> None:
    """Store how far a work is; where that cannot be now, the next step says it."""
    with suppress(StoreBusyError), store.write() as conn:
        write(conn)
