"""One machine: what it keeps is private, its Valkey is nobody else's, comes back, and goes with its parent."""

import contextlib
import os
import stat
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import psutil
import pytest
from click.testing import CliRunner
from places import ROOT
from redis import Redis
from redis.exceptions import AuthenticationError
from web_process import SECRET, Web, free_port

from integration.cli import main
from integration.processes.valkey import Valkey
from integration.settings import private_files
from integration.store.db.session import Store
from integration.store.overall import store_figures


class Machine(Web):
    """`coldframe up`, in a folder of its own, started by somebody whose files everybody may read and write."""

    def _started(self, data: Path, redis_url: str, log: object, files: int, extra: dict[str, str]) -> object:
        del redis_url, files
        environment = {
            "PATH": os.environ["PATH"],  # noqa: TID251 - a child process needs it
            "PYTHONPATH": str(ROOT),
            "PORT": str(self.port),
            "COLDFRAME_ACTIVITY_SECRET": SECRET,
            "COLDFRAME_DATA_DIR": str(data),
            **extra,
        }
        command = f"umask 000; exec {sys.executable} -m integration up"
        return subprocess.Popen(["/bin/sh", "-c", command], cwd=ROOT, env=environment, stdout=log, stderr=log)

    def valkey(self) -> psutil.Process | None:
        """The process of this machine's Valkey."""
        for each in psutil.Process(self.process.pid).children(recursive=True):
            with contextlib.suppress(psutil.NoSuchProcess):
                if each.name() == "valkey-server":
                    return each
        return None

    def read(self, data: Path, count: int) -> bool:
        """Whether so many deliveries have been read."""
        store = Store.open(f"sqlite:///{data / 'coldframe.db'}")
        try:
            with store.read() as conn:
                return store_figures.counts(conn).inbox == {"new": 0, "done": count, "dead": 0}
        finally:
            store.dispose()


@pytest.fixture
def machine(tmp_path: Path) -> Iterator[Machine]:
    folder = tmp_path / "logs"
    folder.mkdir()
    with Machine(tmp_path / "var", log=folder / "up.log") as running:
        yield running


def until(holds: Callable[[], bool], what: str, seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline, what
        time.sleep(0.1)


def modes(folder: Path) -> dict[str, int]:
    """What others may do with anything below a folder, wherever that is anything."""
    found = {".": folder, **{str(each.relative_to(folder)): each for each in folder.rglob("*")}}
    return {name: mode for name, each in found.items() if (mode := stat.S_IMODE(each.lstat().st_mode) & 0o077)}


def test_what_a_machine_keeps_is_for_its_owner_alone_and_its_parts_come_back_and_go_with_it(
    machine: Machine, tmp_path: Path
) -> None:
    data = tmp_path / "var"
    assert machine.post(1) == 202
    until(lambda: machine.read(data, 1), "the first delivery is read")

    dead = machine.valkey()
    assert dead is not None
    dead.kill()
    until(lambda: machine.valkey() not in {None, dead}, "another Valkey is started")
    assert machine.post(2) == 202
    until(lambda: machine.read(data, 2), "the second delivery is read")

    again = subprocess.run(
        [sys.executable, "-m", "integration", "up"],
        env={"COLDFRAME_DATA_DIR": str(data), "PORT": str(free_port())},
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert again.returncode != 0
    assert str(machine.process.pid) in again.stderr

    assert {"coldframe.db", "coldframe.db-wal", "secret.key", "valkey"} <= {each.name for each in data.iterdir()}
    assert modes(data) == {}

    family = psutil.Process(machine.process.pid).children(recursive=True)
    machine.process.kill()
    _, alive = psutil.wait_procs(family, 15)
    assert [each.cmdline() for each in alive] == []


def test_a_command_writes_private_files_whatever_the_umask(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        found = CliRunner().invoke(main, ["playbook", "new", "mine", "--into", str(tmp_path / "mine.yaml")])
        assert found.exit_code == 0, found.output
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "mine.yaml").stat().st_mode) == 0o600


def test_a_store_is_private_whoever_opens_it_and_one_that_was_not_becomes_so(tmp_path: Path) -> None:
    path = tmp_path / "coldframe.db"
    path.touch(mode=0o644)
    path.chmod(0o644)
    before = os.umask(0)
    try:
        store = Store.open(f"sqlite:///{path}")
        store.migrate()
        with store.read():
            assert {each.name: oct(each.stat().st_mode & 0o777) for each in tmp_path.iterdir()} == dict.fromkeys(
                (
                    "coldframe.db",
                    "coldframe.db-wal",
                    "coldframe.db-shm",
                    "coldframe.db.lock",
                    "coldframe.db.lock.turn",
                    "coldframe.db.lock.lobby",
                ),
                oct(0o600),
            )
        store.dispose()
    finally:
        os.umask(before)


def test_a_folder_that_is_everybodys_is_left_as_it_is(tmp_path: Path) -> None:
    tmp_path.chmod(0o1777)
    assert stat.S_IMODE(private_files.folder(tmp_path).stat().st_mode) == 0o1777
    assert stat.S_IMODE(private_files.folder(tmp_path / "a" / "b").stat().st_mode) == 0o700
    assert stat.S_IMODE((tmp_path / "a").stat().st_mode) == 0o700


def test_the_valkey_of_a_machine_wants_a_password_and_listens_on_no_port(tmp_path: Path) -> None:
    with Valkey(tmp_path / "valkey") as valkey:
        with closing(Redis.from_url(valkey.url)) as redis:
            assert redis.ping()
            assert redis.config_get("port") == {"port": "0"}
            assert redis.config_get("maxmemory-policy") == {"maxmemory-policy": "noeviction"}
        socket = str(tmp_path / "valkey" / "valkey.sock")
        with closing(Redis(unix_socket_path=socket)) as stranger, pytest.raises(AuthenticationError):
            stranger.ping()
        pid = valkey.pid
    assert pid is not None
    assert not psutil.pid_exists(pid)


def test_several_start_at_once_without_meeting(tmp_path: Path) -> None:
    answered: list[bool] = []

    def one(number: int) -> None:
        with Valkey(tmp_path / str(number)) as valkey, closing(Redis.from_url(valkey.url)) as redis:
            answered.append(bool(redis.ping()))

    threads = [threading.Thread(target=one, args=(number,)) for number in range(8)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert answered == [True] * 8


def test_a_folder_with_a_long_name_has_its_socket_elsewhere(tmp_path: Path) -> None:
    with Valkey(tmp_path / ("x" * 120) / "valkey") as valkey, closing(Redis.from_url(valkey.url)) as redis:
        assert redis.ping()
        place = Path(redis.connection_pool.connection_kwargs["path"])
        assert stat.S_IMODE(place.parent.stat().st_mode) == 0o700
    assert not place.parent.exists()
