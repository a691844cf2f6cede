"""Every store test runs on SQLite and, where `initdb` is found, on a private PostgreSQL."""

import contextlib
import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from itertools import count
from pathlib import Path

import psycopg
import pytest

from integration.store.session import Store

_NUMBERS = count()


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


class Cluster:
    """A PostgreSQL of our own on a loopback port."""

    def __init__(self, programs: Path) -> None:
        self._programs = programs
        self._as_user = _unprivileged()
        self._folder = Path(tempfile.mkdtemp(prefix="coldframe-pg-"))
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
            return subprocess.Popen(command, stdout=log, stderr=log, cwd=self._folder)  # noqa: S603 - our own words


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


@pytest.fixture
def postgres_url(cluster: Cluster) -> Iterator[str]:
    """An own, migrated PostgreSQL database."""
    name = f"test_{next(_NUMBERS)}"
    cluster.sql(f"CREATE DATABASE {name} TEMPLATE template")
    yield cluster.url(name)
    cluster.sql(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def sqlite_url(tmp_path: Path) -> str:
    """An own, migrated SQLite file."""
    url = f"sqlite:///{tmp_path / 'store.db'}"
    store = Store.open(url)
    store.migrate()
    store.dispose()
    return url


@pytest.fixture(params=["sqlite", "postgresql"])
def bare_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The address of an own database without tables, once of each kind."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'bare.db'}"
        return
    cluster: Cluster = request.getfixturevalue("cluster")
    name = f"bare_{next(_NUMBERS)}"
    cluster.sql(f"CREATE DATABASE {name}")
    yield cluster.url(name)
    cluster.sql(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest) -> str:
    """The address of an own, migrated database, once of each kind."""
    return str(request.getfixturevalue("sqlite_url" if request.param == "sqlite" else "postgres_url"))


@pytest.fixture
def store(url: str) -> Iterator[Store]:
    """An open store on `url`."""
    opened = Store.open(url)
    yield opened
    opened.dispose()


@pytest.fixture
def sqlite_store(sqlite_url: str) -> Iterator[Store]:
    """An open store on SQLite, for rules that are SQLite's alone."""
    opened = Store.open(sqlite_url)
    yield opened
    opened.dispose()


@pytest.fixture
def postgres_store(postgres_url: str) -> Iterator[Store]:
    """An open store on PostgreSQL, for rules that are PostgreSQL's alone."""
    opened = Store.open(postgres_url)
    yield opened
    opened.dispose()


@pytest.fixture
def strace() -> str:
    """The path of a strace that is allowed to trace."""
    program = shutil.which("strace")
    if program is None or subprocess.run([program, "-o", os.devnull, "true"], check=False).returncode != 0:  # noqa: S603 - as above
        pytest.skip("strace is not on this machine or may not trace: the sync before the answer is not shown")
    return program
