"""The database sessions: durable, one writer at a time, and outages by their names."""

import contextlib
import sqlite3
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Protocol

import forked_programs
import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from integration.store.db.session import Store, StoreDownError
from integration.store.queues import inbox
from mappings.values.instant import SECOND

T = 1_700_000_000_000_000
BODY = [("hubspot", {"x": "y"}, b"\x00\xff[]", T)]


class CrashableCluster(Protocol):
    def url(self, database: str) -> str: ...
    def start(self) -> None: ...
    def crash(self) -> None: ...


def _file(url: str) -> str:
    return url.removeprefix("sqlite:///")


def test_a_block_that_raises_leaves_nothing(store: Store) -> None:
    def half_way() -> None:
        with store.write() as conn:
            inbox.add(conn, BODY)
            message = "half way"
            raise RuntimeError(message)

    with pytest.raises(RuntimeError, match="half way"):
        half_way()
    with store.read() as conn:
        assert inbox.counts(conn)["new"] == 0


def test_a_read_sees_one_moment(store: Store) -> None:
    with store.read() as conn:
        assert inbox.counts(conn)["new"] == 0
        with store.write() as other:
            inbox.add(other, BODY)
        assert inbox.counts(conn)["new"] == 0
    with store.read() as conn:
        assert inbox.counts(conn)["new"] == 1


def test_what_is_read_again_and_again_stays_prepared(postgres_store: Store) -> None:
    for _ in range(8):
        with postgres_store.read() as conn:
            inbox.pending(conn, 1)
    with postgres_store.read() as conn:
        kept = conn.exec_driver_sql("SELECT statement FROM pg_prepared_statements").scalars().all()
    assert any("FROM inbox" in each for each in kept)


def test_a_read_cannot_write(postgres_store: Store) -> None:
    with pytest.raises(StoreDownError, match="read-only"), postgres_store.read() as conn:
        inbox.add(conn, BODY)


def test_the_time_is_the_databases(store: Store) -> None:
    with store.read() as conn:
        first = store.now(conn)
        time.sleep(0.02)
        second = store.now(conn)
    assert 10_000 <= second - first < 5 * SECOND
    assert first > T


@pytest.mark.parametrize("address", ["mysql://x/y", "sqlite://", "sqlite:///:memory:"])
def test_other_databases_are_refused(address: str) -> None:
    with pytest.raises(ValueError, match="the store is"):
        Store.open(address)


def test_herokus_address_is_understood() -> None:
    store = Store.open("postgres://u:p@db.example:5432/x?sslmode=require")
    assert store.url.drivername == "postgresql+psycopg"
    assert store.url.query == {"sslmode": "require"}
    store.dispose()


def test_sqlite_syncs_fully_in_wal_mode(sqlite_store: Store) -> None:
    for opened in (sqlite_store.read, sqlite_store.write):
        with opened() as conn:
            assert conn.execute(text("PRAGMA synchronous")).scalar() == 2
            assert conn.execute(text("PRAGMA journal_mode")).scalar() == "wal"


def test_sqlite_has_synced_the_log_before_the_answer(sqlite_url: str, tmp_path: Path, strace: str) -> None:
    trace = tmp_path / "trace"
    answer = (
        "import os, sys; from integration.store.queues import inbox; from integration.store.db.session import Store\n"
        "s = Store.open(sys.argv[1])\n"
        "with s.write() as conn: inbox.add(conn, [('x', {}, b'{}', 1)])\n"
        "os.write(1, b'before')\n"
        "with s.write() as conn: inbox.add(conn, [('x', {}, b'{}', 1)])\n"
        "os.write(1, b'answer')\n"
        "s.dispose()\n"
    )
    subprocess.run(
        [
            strace,
            "-f",
            "-y",
            "-o",
            str(trace),
            "-e",
            "trace=write,fdatasync,fsync",
            sys.executable,
            "-c",
            answer,
            sqlite_url,
        ],
        check=True,
        stdout=subprocess.DEVNULL,
        timeout=120,
    )
    calls = trace.read_text().splitlines()
    before, after = (next(n for n, call in enumerate(calls) if f'"{word}"' in call) for word in ("before", "answer"))
    assert any("sync(" in call and "-wal>" in call for call in calls[before:after])


def test_a_tended_log_is_used_again_from_its_beginning(sqlite_store: Store, sqlite_url: str) -> None:
    log = Path(f"{_file(sqlite_url)}-wal")

    def fill() -> int:
        with sqlite_store.write() as conn:
            inbox.add(conn, [("x", {}, b"." * 2_000_000, T)])
        return log.stat().st_size

    full = fill()
    sqlite_store.tend()
    assert fill() < 1.1 * full
    assert fill() > 1.9 * full, "without tending it grows"


def test_a_full_disk_is_an_outage_and_harms_nothing(sqlite_store: Store, sqlite_url: str) -> None:
    def fill() -> None:
        with sqlite_store.write() as conn:
            pages = int(conn.execute(text("PRAGMA page_count")).scalar_one())
            conn.execute(text(f"PRAGMA max_page_count = {pages + 3}"))
            inbox.add(conn, [("x", {}, b"." * 500_000, T)])

    with sqlite_store.write() as conn:
        inbox.add(conn, BODY)
    with pytest.raises(StoreDownError):
        fill()
    with sqlite_store.read() as conn:
        assert conn.execute(text("PRAGMA integrity_check")).scalar() == "ok"
        assert inbox.counts(conn)["new"] == 1
    sqlite_store.dispose()
    with sqlite_store.write() as conn:
        inbox.add(conn, BODY)
    with contextlib.closing(sqlite3.connect(_file(sqlite_url))) as again:
        assert again.execute("SELECT count(*) FROM inbox").fetchone() == (2,)


def test_a_file_that_is_no_database_is_an_outage(tmp_path: Path) -> None:
    broken = tmp_path / "broken.db"
    broken.write_bytes(b"not a database" * 1000)
    store = Store.open(f"sqlite:///{broken}")
    with pytest.raises(StoreDownError), store.read():
        pass
    store.dispose()


def test_a_folder_that_is_not_there_is_an_outage(tmp_path: Path) -> None:
    with pytest.raises(StoreDownError):
        Store.open(f"sqlite:///{tmp_path / 'nowhere' / 'store.db'}")


def test_a_crashed_postgresql_is_an_outage_until_it_is_back(fragile_cluster: CrashableCluster) -> None:
    store = Store.open(fragile_cluster.url("template"))
    with store.write() as conn:
        inbox.add(conn, BODY)
    fragile_cluster.crash()
    for opened in (store.write, store.read):
        with pytest.raises(StoreDownError), opened() as conn:
            inbox.counts(conn)
    fragile_cluster.start()
    with store.read() as conn:
        assert inbox.counts(conn)["new"] == 1
    store.dispose()


def test_a_mistake_of_ours_is_not_an_outage(store: Store) -> None:
    with pytest.raises(DBAPIError), store.write() as conn:
        conn.execute(text("SELECT * FROM no_such_table"))


def test_an_error_does_not_tell_the_values(store: Store) -> None:
    with pytest.raises(DBAPIError) as caught, store.write() as conn:
        conn.execute(text("INSERT INTO no_such_table VALUES (:secret)"), {"secret": "ana@acme.example"})
    assert "ana@acme" not in str(caught.value)


def test_a_child_and_its_parent_do_not_disturb_each_other(url: str) -> None:
    family = (
        "import os, sys; from integration.store.db.session import Store\n"
        "from integration.store.events import live_since as l\n"
        "from integration.store.progress import next_handover as h\n"
        "s = Store.open(sys.argv[1])\n"
        "with s.write() as conn: l.enter_shadow(conn, 1)\n"
        "child = os.fork()\n"
        "if child == 0:\n"
        "    for n in range(20):\n"
        "        with s.write() as conn: h.put(conn, n, 0)\n"
        "    os._exit(0)\n"
        "for n in range(20):\n"
        "    with s.write() as conn: l.enter_shadow(conn, n)\n"
        "_, status = os.waitpid(child, 0)\n"
        "with s.read() as conn: print(h.earliest(conn, 0), l.shadow(conn))\n"
        "s.dispose()\n"
        "sys.exit(status)\n"
    )
    assert forked_programs.at_once(["-c", family, url], 1) == [(0, "19 19\n")]


def test_an_urgent_writer_waits_for_one_patient_writer_at_most(sqlite_store: Store, sqlite_url: str) -> None:
    order: list[str] = []
    stores = [Store.open(sqlite_url) for _ in range(4)]

    def write(store: Store, name: str, *, urgent: bool = False) -> None:
        with store.write(urgent=urgent):
            order.append(name)
            time.sleep(0.1)

    with sqlite_store.write():  # everybody has to wait
        patient = [threading.Thread(target=write, args=(store, "patient")) for store in stores[:3]]
        for thread in patient:
            thread.start()
            time.sleep(0.05)
        hurried = threading.Thread(target=write, args=(stores[3], "urgent"), kwargs={"urgent": True})
        hurried.start()
        time.sleep(0.1)
    for thread in (*patient, hurried):
        thread.join()
    for store in stores:
        store.dispose()
    assert order.index("urgent") <= 1
    assert len(order) == 4


def test_a_transaction_that_need_not_be_durable_does_not_wait_for_sqlites_disk_and_the_next_one_does(
    tmp_path: Path,
) -> None:
    store = Store.open(f"sqlite:///{tmp_path / 'coldframe.db'}")
    store.migrate()
    found = []
    for durable in (True, False, True):
        with store.write(durable=durable) as conn:
            found.append(conn.exec_driver_sql("PRAGMA synchronous").scalar())
    store.dispose()
    full, normal = 2, 1
    assert found == [full, normal, full]
