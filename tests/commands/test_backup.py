"""`coldframe backup` copies a store that is written to, and `restore` brings it back where none stands, whole."""

import fcntl
import json
import os
import shutil
import sqlite3
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import webhooks_senders as senders
from click.testing import CliRunner, Result
from sqlalchemy import text

from integration.cli import main
from integration.commands.backups import backup_postgres
from integration.settings.environment import load
from integration.store.audit import audit_trail
from integration.store.audit.sealing import Keyring
from integration.store.db.session import Store
from integration.store.overall import erasure_key, store_copies
from integration.store.queues import inbox
from integration.web.app import INTAKE, create_app
from integration.web.inbox_writer import Intake
from integration.web.readiness import erased_problems, store_problems

KEY = "e" * 64
NOW = 1_790_000_000_000_000


@pytest.fixture(autouse=True)
def _no_database(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("DATABASE_URL", "COLDFRAME_SECRET_KEY", "COLDFRAME_PREVIOUS_SECRET_KEYS"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def data(tmp_path: Path, empty_store: Path) -> Path:
    """The data folder of an installation of one machine, with its own key."""
    folder = tmp_path / "var"
    folder.mkdir(mode=0o700)
    shutil.copy(empty_store, folder / "coldframe.db")
    (folder / "secret.key").write_text(KEY, encoding="ascii")
    return folder


@pytest.fixture
def store(data: Path) -> Iterator[Store]:
    opened = Store.open(f"sqlite:///{data / 'coldframe.db'}")
    yield opened
    opened.dispose()


def run(folder: Path, *words: str, **variables: str) -> Result:
    return CliRunner().invoke(main, words, env={"COLDFRAME_DATA_DIR": str(folder), **variables})


def said(result: Result) -> str:
    return " ".join(result.output.split())


def put(store: Store, body: bytes) -> int:
    with store.write() as conn:
        return inbox.add(conn, [("activities", {}, body, NOW)])[0]


def bodies(store: Store) -> list[bytes]:
    with store.read() as conn:
        return [each.body for each in inbox.pending(conn, 100_000)]


def seal(store: Store, key: str = KEY) -> str:
    """Something that only this key opens; the key's id."""
    ring = Keyring.of(key)
    with store.write() as conn:
        erasure_key.make(conn, ring, b"r" * 32)
    return ring.current


def restored(folder: Path) -> Store:
    return Store.open(f"sqlite:///{folder / 'coldframe.db'}")


def test_a_copy_is_of_one_moment_and_writers_go_on_meanwhile(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store_copies, "_PAGES", 20)
    before = [put(store, b"%d" % number * 2_000) for number in range(50)]
    steps: list[tuple[int, int]] = []

    def report(done: int, every: int) -> None:
        steps.append((done, every))
        put(store, b"during")

    store_copies.copied(Path(store.url.database or ""), tmp_path / "copy.db", report)
    assert len(steps) > 3
    assert steps[-1][0] == steps[-1][1]
    assert bodies(store).count(b"during") == len(steps)
    copy = Store.open(f"sqlite:///{tmp_path / 'copy.db'}")
    assert len(bodies(copy)) == len(before)
    assert b"during" not in bodies(copy)
    copy.dispose()


def test_a_restored_copy_has_every_delivery_that_was_answered_before_the_backup_and_works(
    store: Store, data: Path, tmp_path: Path
) -> None:
    seal(store)
    intake, stop = Intake(store), threading.Event()
    answered = [intake.put("activities", {}, b"before %d" % number, NOW) for number in range(30)]

    def send() -> None:
        while not stop.is_set():
            answered.append(intake.put("activities", {}, b"during", NOW))

    known, sender = set(answered), threading.Thread(target=send)
    sender.start()
    done = run(data, "backup", str(tmp_path / "a.backup"), "--with-key", "--json")
    stop.set()
    sender.join()
    intake.close()
    assert done.exit_code == 0, done.output
    told: dict[str, Any] = json.loads(done.stdout)
    assert told["key_file"] == str(tmp_path / "a.backup.key")

    again = tmp_path / "again"
    back = run(again, "restore", str(tmp_path / "a.backup"))
    assert back.exit_code == 0, back.output
    assert f"as of {told['at']}" in said(back)
    copy = restored(again)
    with copy.read() as conn:
        assert known <= {each.id for each in inbox.pending(conn, 100_000)}
        assert [each.action for each in audit_trail.recent(conn, 2)] == ["restore", "backup"]
    settings = load({"COLDFRAME_SECRET_KEY": KEY, "COLDFRAME_ACTIVITY_SECRET": senders.ACTIVITY_SECRET})
    assert (store_problems(copy), erased_problems(copy, Keyring.of(KEY))) == ([], [])
    app = create_app(settings, store=copy, wake=lambda _lane: None, queue=list)
    try:
        assert app.test_client().get("/readyz").status_code == 200
    finally:
        app.extensions[INTAKE].close()
        copy.dispose()


def test_a_backup_and_its_key_are_for_their_owner_alone_and_the_key_comes_only_when_asked_for(
    store: Store, data: Path, tmp_path: Path
) -> None:
    key = seal(store)
    plain = run(data, "backup", str(tmp_path / "plain"))
    assert plain.exit_code == 0, plain.output
    assert f"Sealed with the key {key}, which is not in it: keep {data / 'secret.key'} too." in said(plain)
    assert not (tmp_path / "plain.key").exists()
    assert KEY.encode() not in (tmp_path / "plain").read_bytes()
    assert run(data, "backup", str(tmp_path / "keyed"), "--with-key").exit_code == 0
    assert (tmp_path / "keyed.key").read_text(encoding="ascii") == KEY
    for name in ("plain", "keyed", "keyed.key"):
        assert (tmp_path / name).stat().st_mode & 0o777 == 0o600
    assert sorted(path.name for path in tmp_path.iterdir()) == ["keyed", "keyed.key", "plain", "var"]


def test_a_key_that_the_environment_gives_is_not_copied(store: Store, data: Path, tmp_path: Path) -> None:
    seal(store)
    found = run(data, "backup", str(tmp_path / "a"), "--with-key", COLDFRAME_SECRET_KEY=KEY)
    assert found.exit_code == 1
    assert "keep it where it is set" in said(found)
    assert not (tmp_path / "a").exists()


def test_a_file_that_is_there_is_not_written_over(store: Store, data: Path, tmp_path: Path) -> None:
    put(store, b"one")
    (tmp_path / "a").write_text("dear")
    found = run(data, "backup", str(tmp_path / "a"))
    assert found.exit_code == 1
    assert "is there already" in said(found)
    assert (tmp_path / "a").read_text() == "dear"


def test_nothing_is_backed_up_where_no_store_stands(tmp_path: Path) -> None:
    found = run(tmp_path / "none", "backup", str(tmp_path / "a"), COLDFRAME_SECRET_KEY=KEY)
    assert (found.exit_code, (tmp_path / "a").exists()) == (1, False)
    assert "there is no store" in said(found)


def test_restore_is_refused_where_a_store_stands(store: Store, data: Path, tmp_path: Path) -> None:
    put(store, b"dear")
    assert run(data, "backup", str(tmp_path / "a")).exit_code == 0
    found = run(data, "restore", str(tmp_path / "a"))
    assert found.exit_code == 1
    assert "a store stands in" in said(found)
    assert bodies(store) == [b"dear"]


def test_restore_is_refused_where_coldframe_runs(store: Store, data: Path, tmp_path: Path) -> None:
    put(store, b"one")
    assert run(data, "backup", str(tmp_path / "a")).exit_code == 0
    again = tmp_path / "again"
    again.mkdir(mode=0o700)
    with (again / "up.lock").open("w", encoding="ascii") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        lock.write("4711")
        lock.flush()
        found = run(again, "restore", str(tmp_path / "a"))
    assert found.exit_code == 1
    assert "runs in" in said(found)
    assert "4711" in said(found)
    assert not (again / "coldframe.db").exists()


def test_restore_asks_for_the_key_that_opens_what_is_sealed(store: Store, data: Path, tmp_path: Path) -> None:
    key, again = seal(store), tmp_path / "again"
    assert run(data, "backup", str(tmp_path / "a")).exit_code == 0
    wrong = run(again, "restore", str(tmp_path / "a"), COLDFRAME_SECRET_KEY="w" * 32)
    missing = run(again, "restore", str(tmp_path / "a"))
    for found in (wrong, missing):
        assert found.exit_code == 1
        assert key in said(found)
        assert "--key" in said(found)
    assert [path.name for path in again.iterdir()] == ["up.lock"]
    (tmp_path / "saved").write_text(KEY, encoding="ascii")
    found = run(again, "restore", str(tmp_path / "a"), "--key", str(tmp_path / "saved"))
    assert found.exit_code == 0, found.output
    assert (again / "secret.key").read_text(encoding="ascii") == KEY
    assert (again / "secret.key").stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("damage", ["cut", "text", "other", "empty"])
def test_what_is_no_whole_backup_is_refused_and_leaves_nothing(
    damage: str, store: Store, data: Path, tmp_path: Path
) -> None:
    for number in range(200):
        put(store, b"%d" % number * 1_000)
    file, again = tmp_path / "a", tmp_path / "again"
    assert run(data, "backup", str(file)).exit_code == 0
    if damage == "cut":
        os.truncate(file, file.stat().st_size // 2 // 4_096 * 4_096)
    elif damage == "other":
        file.unlink()
        with sqlite3.connect(file) as other:
            other.execute("CREATE TABLE songs (title TEXT)")
        other.close()
    else:
        file.write_text("no database at all, and long enough to be read as one" * 20 if damage == "text" else "")
    found = run(again, "restore", str(file))
    assert found.exit_code == 1, found.output
    assert str(file) in said(found).replace(" ", "")
    assert [path.name for path in again.iterdir()] == ["up.lock"]


def test_a_backup_of_a_newer_version_is_refused(data: Path, tmp_path: Path) -> None:
    assert run(data, "backup", str(tmp_path / "a")).exit_code == 0
    with sqlite3.connect(tmp_path / "a") as file:
        file.execute("UPDATE alembic_version SET version_num = '9999'")
    file.close()
    found = run(tmp_path / "again", "restore", str(tmp_path / "a"))
    assert found.exit_code == 2
    assert "a newer coldframe has been here" in said(found)
    assert not (tmp_path / "again" / "coldframe.db").exists()


def test_postgresql_goes_through_its_own_programs_into_an_empty_database_alone(
    postgres_url: str, tmp_path: Path, cluster: Any
) -> None:
    if shutil.which("pg_dump") is None:
        pytest.skip("pg_dump is not on this machine")
    full = Store.open(postgres_url)
    put(full, b"answered")
    full.dispose()
    given = {"COLDFRAME_SECRET_KEY": KEY, "DATABASE_URL": postgres_url}
    done = run(tmp_path, "backup", str(tmp_path / "a.dump"), **given)
    assert done.exit_code == 0, done.output
    assert "pg_dump --format=custom" in said(done)
    assert (tmp_path / "a.dump").stat().st_mode & 0o777 == 0o600
    over = run(tmp_path, "restore", str(tmp_path / "a.dump"), **given)
    assert over.exit_code == 1
    assert "a store stands" in said(over)
    cluster.sql("CREATE DATABASE restored")
    try:
        given["DATABASE_URL"] = cluster.url("restored")
        back = run(tmp_path, "restore", str(tmp_path / "a.dump"), **given)
        assert back.exit_code == 0, back.output
        copy = Store.open(given["DATABASE_URL"])
        assert (bodies(copy), store_problems(copy)) == ([b"answered"], [])
        with copy.write() as conn:  # its numbers go on where they were
            conn.execute(text("UPDATE inbox SET state = 'done'"))
            assert inbox.add(conn, [("activities", {}, b"next", NOW)]) == [2]
        copy.dispose()
    finally:
        cluster.sql("DROP DATABASE restored WITH (FORCE)")


def test_without_pg_dump_the_exact_command_is_said_and_the_password_is_not(
    postgres_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(backup_postgres.shutil, "which", lambda _name: None)
    address = postgres_url.replace("coldframe@", "coldframe:pa55word@")
    found = run(tmp_path, "backup", str(tmp_path / "a"), COLDFRAME_SECRET_KEY=KEY, DATABASE_URL=address)
    assert found.exit_code == 1
    assert "pg_dump is not on this machine" in said(found)
    assert f"--dbname={postgres_url}" in said(found)
    assert "pa55word" not in found.output
    assert not (tmp_path / "a").exists()
