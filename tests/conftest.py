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
import shared_statements
import structlog
from flows_run import write_freely

from integration.store.db.session import Store
from sandbox.shared import call_log

pytest_plugins = ["service_fixtures", "web_fixtures", "quality_answers", "longest_first"]
_NUMBERS = count()
_MEMORY = Path("/dev/shm")  # noqa: S108 - files in memory, on Linux
_ROOM = 2_000_000_000
"""Bytes; several times what a run of all tests takes at once."""
_SETTINGS = (
    "fsync=off", "full_page_writes=off", "autovacuum=off", "wal_level=minimal", "max_wal_senders=0",
    "unix_socket_directories=", "listen_addresses=127.0.0.1", "max_connections=60",
)  # fmt: skip
_COPIES_FILES = 150_000
if os.access(_MEMORY, os.W_OK | os.X_OK) and shutil.disk_usage(_MEMORY).free > _ROOM:
    for each in ("PYTEST_DEBUG_TEMPROOT", "TMPDIR"):  # pytest's own files, and those of tests and of what they start
        os.environ.setdefault(each, str(_MEMORY))  # noqa: TID251 - settings of others
    tempfile.tempdir = None  # Python looks again
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)  # noqa: TID251 - as above; each process would compile the product anew
sys.dont_write_bytecode = False
_BUSY = [hypothesis.HealthCheck.too_slow]  # of a machine with much else to do it says nothing about the test
hypothesis.settings.register_profile("usual", max_examples=80, deadline=None, suppress_health_check=_BUSY)
hypothesis.settings.register_profile(  # `make properties`
    "thorough", max_examples=1_000, deadline=None, suppress_health_check=_BUSY
)
hypothesis.settings.load_profile("usual")
shared_statements.share()
_configure = structlog.configure


def _uncached(**given: Any) -> None:
    """Configure the log so that no logger is kept as it is now: later tests of this process listen to the same ones."""
    _configure(**given | {"cache_logger_on_first_use": False})


structlog.configure = _uncached  # type: ignore[assignment] # every caller names what it gives
structlog.configure(  # a traceback with the values of every frame, as it comes by default, takes a minute to draw
    processors=[structlog.processors.format_exc_info, structlog.processors.KeyValueRenderer(key_order=["event"])]
)


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the sizes of what `make crowd` and `make assignments` do in full, and what `make pictures` asks for."""
    parser.addoption("--draw", action="store_true", help="write the pictures of docs/architecture.md anew")
    parser.addoption("--assignments", default="60", help="how many tasks four workers give out at once")
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
        if entry.system in {"hubspot", "salesforce"}:  # receivers of alerts publish no descriptions
            found.extend(crm_shapes.faults(entry.system, entry.method, entry.path, entry.query, entry.body))

    if request.path.parent.name != "sandbox":
        call_log.WATCHERS.append(watch)
    yield found
    if watch in call_log.WATCHERS:
        call_log.WATCHERS.remove(watch)
    assert found == [], "requests that the vendor's API does not accept"


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Give the kinds of HubSpot request that this worker saw to the process that reports."""
    output = getattr(session.config, "workeroutput", None)
    if output is not None:
        output["hubspot_kinds"] = sorted(crm_shapes.KINDS)


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    """Take over what a worker saw."""
    crm_shapes.KINDS.update(getattr(node, "workeroutput", {}).get("hubspot_kinds", ()))


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """Say how many kinds of HubSpot request were recorded; one that is not valid has failed its test."""
    if crm_shapes.KINDS:
        terminalreporter.write_line(f"{len(crm_shapes.KINDS)} kinds of HubSpot request, all valid by its descriptions")


class Cluster:
    """A PostgreSQL of our own on a loopback port: with the data of one that has ended, or without any."""

    def __init__(self, programs: Path, data: Path | None = None) -> None:
        self.programs = programs
        self._as_user = _unprivileged()
        self._folder = Path(tempfile.mkdtemp(prefix="coldframe-pg-", dir=os.environ.get("PYTEST_DEBUG_TEMPROOT")))  # noqa: TID251 - as above
        self.data = self._folder / "data"
        self._process: subprocess.Popen[bytes] | None = None
        self._line: psycopg.Connection[Any] | None = None
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self._port = int(probe.getsockname()[1])
        if data:
            shutil.copytree(data, self.data)
        if self._as_user:
            user = int(self._as_user[1].split("=")[1])
            for each in (self._folder, *self._folder.rglob("*")):
                os.chown(each, user, -1)
        if not data:
            self._run("initdb", "-U", "coldframe", "-A", "trust", "-E", "UTF8", "--no-sync").wait(60)

    def url(self, database: str) -> str:
        return f"postgresql://coldframe@127.0.0.1:{self._port}/{database}"

    def sql(self, statement: str) -> None:
        if self._line is None:
            self._line = psycopg.connect(self.url("postgres"), autocommit=True)
        self._line.execute(statement)

    @contextlib.contextmanager
    def copied(self, name: str) -> Iterator[str]:
        """The URL of a new database with what `template` has; it is dropped afterwards.

        Files are copied where PostgreSQL can (from 15 on): that takes half the time of copying through its log.
        """
        copying = "STRATEGY FILE_COPY" if self._line and self._line.info.server_version >= _COPIES_FILES else ""
        self.sql(f"CREATE DATABASE {name} TEMPLATE template {copying}")
        yield self.url(name)
        self.sql(f"DROP DATABASE {name} WITH (FORCE)")

    def start(self) -> None:
        options = [word for setting in _SETTINGS for word in ("-c", setting)]
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

    def end(self) -> None:
        """As `pg_ctl stop`."""
        self._stop(signal.SIGINT)

    def close(self) -> None:
        self.end()
        shutil.rmtree(self._folder, ignore_errors=True)

    def _stop(self, how: signal.Signals) -> None:
        if self._line is not None:
            self._line.close()
            self._line = None
        if self._process is not None:
            self._process.send_signal(how)
            self._process.wait(20)
            self._process = None

    def _run(self, program: str, *options: str) -> "subprocess.Popen[bytes]":
        command = [*self._as_user, str(self.programs / program), "-D", str(self.data), *options]
        with (self._folder / "log").open("ab") as log:
            return subprocess.Popen(command, stdout=log, stderr=log, cwd=self._folder)


@pytest.fixture(scope="session")
def migrated_cluster() -> Iterator[Cluster]:
    """A PostgreSQL that has ended, whose database `template` is migrated; a copy of it is quicker than another one."""
    programs = _programs()
    if programs is None:
        pytest.skip("PostgreSQL's initdb is not on this machine: the store is tested on SQLite alone")
    made = Cluster(programs)
    try:
        made.start()
        made.sql("CREATE DATABASE template")
        store = Store.open(made.url("template"))
        store.migrate()
        write_freely(store)
        store.dispose()
        made.end()
        yield made
    finally:
        made.close()


@contextlib.contextmanager
def _copy(of: Cluster) -> Iterator[Cluster]:
    copy = Cluster(of.programs, of.data)
    try:
        copy.start()
        yield copy
    finally:
        copy.close()


@pytest.fixture(scope="session")
def cluster(migrated_cluster: Cluster) -> Iterator[Cluster]:
    """A running PostgreSQL whose database `template` is migrated."""
    with _copy(migrated_cluster) as running:
        yield running


@pytest.fixture
def fragile_cluster(migrated_cluster: Cluster) -> Iterator[Cluster]:
    """Another one, to be crashed."""
    with _copy(migrated_cluster) as running:
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
    with cluster.copied(f"test_{next(_NUMBERS)}") as url:
        yield url
