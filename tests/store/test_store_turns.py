"""Writers take turns, wait two seconds at most, and get an error when that was not enough."""

import contextlib
import fcntl
import sqlite3
import threading
import time
from collections.abc import Iterator

import forked_programs
import pytest

from integration.store.db.session import Store, StoreBusyError, serialise
from integration.store.queues import dirty, inbox, leases
from mappings.values.instant import SECOND

T = 1_700_000_000_000_000
LATER = 2 * T
BODY = [("hubspot", {"x": "y"}, b"\x00\xff[]", T)]


def _file(url: str) -> str:
    return url.removeprefix("sqlite:///")


@contextlib.contextmanager
def _locked(path: str) -> Iterator[None]:
    """Hold the pen as another process would."""
    with open(path, "a+b") as handle:  # noqa: PTH123 - a lock file
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield


@contextlib.contextmanager
def _takes(least: float, most: float) -> Iterator[None]:
    started = time.monotonic()
    yield
    assert least <= time.monotonic() - started <= most


def test_a_foreign_writer_is_waited_for_two_seconds(sqlite_store: Store, sqlite_url: str) -> None:
    with contextlib.closing(sqlite3.connect(_file(sqlite_url), isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with _takes(1.5, 3.5), pytest.raises(StoreBusyError), sqlite_store.write():
            pass
        other.execute("ROLLBACK")
    with sqlite_store.write() as conn:
        inbox.add(conn, BODY)


def test_a_writer_that_waited_too_long_leaves_the_queue_in_order(sqlite_store: Store, sqlite_url: str) -> None:
    lock = f"{_file(sqlite_url)}.lock"
    with _locked(lock):
        for _ in range(2):
            with _takes(1.5, 3.5), pytest.raises(StoreBusyError), sqlite_store.write():
                pass
    with sqlite_store.write() as conn:
        inbox.add(conn, BODY)
    with _takes(0, 1), _locked(lock):
        pass


def test_a_waiting_writer_wakes_when_the_pen_is_free(sqlite_store: Store, sqlite_url: str) -> None:
    woken: list[float] = []

    def write() -> None:
        with sqlite_store.write():
            woken.append(time.monotonic())

    writer = threading.Thread(target=write)
    with _locked(f"{_file(sqlite_url)}.lock"):
        writer.start()
        time.sleep(0.5)
        assert not woken
        freed = time.monotonic()
    writer.join(5)
    assert woken[0] - freed < 0.4


def test_threads_of_one_process_write_in_turn(sqlite_store: Store) -> None:
    with sqlite_store.write():
        outcome: list[type[Exception]] = []

        def write() -> None:
            try:
                with sqlite_store.write():
                    pass
            except StoreBusyError as error:
                outcome.append(type(error))

        thread = threading.Thread(target=write)
        thread.start()
        thread.join(5)
    assert outcome == [StoreBusyError]


def test_processes_write_in_turn_and_nobody_is_refused(sqlite_url: str, sqlite_store: Store) -> None:
    count = (
        "import sys; from integration.store.queues import dirty; from integration.store.db.session import Store\n"
        "s = Store.open(sys.argv[1])\n"
        "for _ in range(40):\n"
        "    with s.write() as conn: dirty.mark(conn, ['ana'], 0)\n"
        "s.dispose()\n"
    )
    assert forked_programs.at_once(["-c", count, sqlite_url], 3) == [(0, "")] * 3
    with sqlite_store.read() as conn:
        assert dirty.take(conn, LATER, 1) == [("ana", 119)]


def test_a_locked_row_is_waited_for_two_seconds(postgres_store: Store) -> None:
    with postgres_store.write() as conn:
        lease = leases.take(conn, "advance", "a", SECOND)
        assert lease is not None
    with postgres_store.write() as conn:
        leases.extend(conn, lease)
        with _takes(1.5, 3.5), pytest.raises(StoreBusyError), postgres_store.write() as other:
            leases.extend(other, lease)


def test_whoever_makes_people_does_so_alone(postgres_store: Store) -> None:
    with postgres_store.write() as conn:
        serialise(conn, "people")
        with postgres_store.write() as other:
            serialise(other, "something else")
        with pytest.raises(StoreBusyError), postgres_store.write() as other:
            serialise(other, "people")
