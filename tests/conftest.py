"""A private PostgreSQL for whoever wants one, where `initdb` is found; temporary files in memory, where there is room.

Stores sync every commit to the disk, and thousands of tests wait for the disk longer than for anything else.
"""

import contextlib
import os
import pwd
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from typing import Any

import crm_shapes
import hypothesis
import psycopg
import pytest
import structlog
from flows_run import write_freely

from integration.store.db.session import Store
from sandbox.shared import call_log

pytest_plugins = ["service_fixtures", "web_fixtures", "quality_answers"]
_NUMBERS = count()
_MEMORY = Path("/dev/shm")  # noqa: S108 - files in memory, on Linux
_ROOM = 2_000_000_000
"""Bytes; several times what a run of all tests takes at once."""
if os.access(_MEMORY, os.W_OK | os.X_OK) and shutil.disk_usage(_MEMORY).free > _ROOM:
    os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", str(_MEMORY))  # noqa: TID251 - a setting of pytest's own
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)  # noqa: TID251 - as above; each process would compile the product anew
sys.dont_write_bytecode = False
hypothesis.settings.register_profile("usual", max_examples=150)
hypothesis.settings.register_profile("thorough", max_examples=1_000)  # `make properties`
hypothesis.settings.load_profile("usual")
_configure = structlog.configure


def _uncached(**given: Any) -> None:
    """Configure the log so that no logger is kept as it is now: later tests of this process listen to the same ones."""
    _configure(**given | {"cache_logger_on_first_use": False})


structlog.configure = _uncached  # type: ignore[assignment] # every caller names what it gives
structlog.configure(  # a traceback with the values of every frame, as it comes by default, takes a minute to draw
    processors=[structlog.processors.format_exc_info, structlog.processors.KeyValueRenderer(key_order=["event"])]
)


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the size of what `make crowd` does in full, and what `make pictures` asks for."""
    parser.addoption("--draw", action="store_true", help="write the pictures of docs/architecture.md anew")
    parser.addoption("--crowd", default="500", help="how many leads are decided beside one that cannot be")


def _programs() -> Path | None:
    """The folder of the newest initdb that stands beside its postgres, or None."""
    named = shutil.which("initdb")
    places = [Path(named).resolve().parent] if named else []
    places += [found.parent for found in sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), reverse=True)]
    return next((place for place in places if (place / "postgres").exists()), None)


def _unprivileged() -> list[str]:
    """The words before a command that let root run it as somebody whom PostgreSQL accepts."""
    if os.getuid() != 0:
        return []
    for name in ("postgres", "nobody"):
        with contextlib.suppress(KeyError):
            user = pwd.getpwnam(name)
            return ["setpriv", f"--reuid={user.pw_uid}", f"--regid={user.pw_gid}", "--clear-groups"]
    pytest.skip("running as root and there is no user postgres or nobody to run PostgreSQL as")


@pytest.fixture
def draw(request: pytest.FixtureRequest) -> bool:
    """Whether pictures are to be drawn anew."""
    return bool(request.config.getoption("--draw"))


@pytest.fixture(autouse=True)
def same_log() -> Iterator[None]:
    """Leave the log as it was: commands silence it, and later tests of this process listen to it."""
    before = structlog.get_config()
    yield
    structlog.configure(**before)


@pytest.fixture(autouse=True)
def misshapen(request: pytest.FixtureRequest) -> Iterator[list[str]]:
    """What was wrong with the shapes of the requests that any sandbox got during the test, which must be nothing.

    The sandbox's own tests send on purpose what no vendor takes.
    """
    found: list[str] = []

    def watch(entry: call_log.Entry) -> None:
        found.extend(crm_shapes.faults(entry.system, entry.method, entry.path, entry.query, entry.body))

    if request.path.parent.name != "sandbox":
        call_log.WATCHERS.append(watch)
    yield found
    if watch in call_log.WATCHERS:
        call_log.WATCHERS.remove(watch)
    assert found == [], "requests that the vendor's API does not accept"


class Cluster:
    """A PostgreSQL of our own on a loopback port."""

    def __init__(self, programs: Path) -> None:
        self._programs = programs
        self._as_user = _unprivileged()
        self._folder = Path(tempfile.mkdtemp(prefix="coldframe-pg-", dir=os.environ.get("PYTEST_DEBUG_TEMPROOT")))  # noqa: TID251 - as above
        if self._as_user:
            os.chown(self._folder, int(self._as_user[1].split("=")[1]), -1)
        self._process: subprocess.Popen[bytes] | None = None
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self._port = int(probe.getsockname()[1])
        self._run("initdb", "-U", "coldframe", "-A", "trust", "-E", "UTF8", "--no-sync").wait(60)

    def url(self, database: str) -> str:
        return f"postgresql://coldframe@127.0.0.1:{self._port}/{database}"

    def sql(self, statement: str) -> None:
        with psycopg.connect(self.url("postgres"), autocommit=True) as conn:
            conn.execute(statement)

    def start(self) -> None:
        settings = ("fsync=off", "unix_socket_directories=", "listen_addresses=127.0.0.1", "max_connections=60")
        options = [word for setting in settings for word in ("-c", setting)]
        self._process = self._run("postgres", "-p", str(self._port), *options)
        deadline = time.monotonic() + 30
        while True:
            try:
                self.sql("SELECT 1")
            except psycopg.OperationalError:
                if time.monotonic() > deadline or self._process.poll() is not None:
                    raise
                time.sleep(0.1)
            else:
                return

    def crash(self) -> None:
        """As `pg_ctl stop -m immediate`."""
        self._stop(signal.SIGQUIT)

    def close(self) -> None:
        self._stop(signal.SIGINT)
        shutil.rmtree(self._folder, ignore_errors=True)

    def _stop(self, how: signal.Signals) -> None:
        if self._process is not None:
            self._process.send_signal(how)
            self._process.wait(20)
            self._process = None

    def _run(self, program: str, *options: str) -> "subprocess.Popen[bytes]":
        command = [*self._as_user, str(self._programs / program), "-D", str(self._folder / "data"), *options]
        with (self._folder / "log").open("ab") as log:
            return subprocess.Popen(command, stdout=log, stderr=log, cwd=self._folder)


@contextlib.contextmanager
def _running() -> Iterator[Cluster]:
    programs = _programs()
    if programs is None:
        pytest.skip("PostgreSQL's initdb is not on this machine: the store is tested on SQLite alone")
    cluster = Cluster(programs)
    try:
        cluster.start()
        cluster.sql("CREATE DATABASE template")
        store = Store.open(cluster.url("template"))
        store.migrate()
        write_freely(store)
        store.dispose()
        yield cluster
    finally:
        cluster.close()


@pytest.fixture(scope="session")
def cluster() -> Iterator[Cluster]:
    """A running PostgreSQL whose database `template` is migrated."""
    with _running() as running:
        yield running


@pytest.fixture
def fragile_cluster() -> Iterator[Cluster]:
    """Another one, to be crashed."""
    with _running() as running:
        yield running


@pytest.fixture(scope="session")
def empty_store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated SQLite file with nothing in it that may write, to be copied: migrating anew takes 30 times as long."""
    path = tmp_path_factory.mktemp("empty") / "empty.db"
    store = Store.open(f"sqlite:///{path}")
    store.migrate()
    write_freely(store)
    store.dispose()
    return path


@pytest.fixture
def postgres_url(cluster: Cluster) -> Iterator[str]:
    """An own, migrated PostgreSQL database."""
    name = f"test_{next(_NUMBERS)}"
    cluster.sql(f"CREATE DATABASE {name} TEMPLATE template")
    yield cluster.url(name)
    cluster.sql(f"DROP DATABASE {name} WITH (FORCE)")
