"""The web process as it runs, `coldframe web`, and the ways to block it."""

import base64
import contextlib
import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from typing import IO, Any, Self

import forked_programs
import psutil
import pytest
from flows_run import write_freely
from forked_programs import Forked
from places import ROOT
from standardwebhooks import Webhook

from integration.store.db.session import Store

SECRET = "whsec_" + base64.b64encode(b"0123456789abcdef0123456789abcdef").decode()


_NUMBERS = count()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Web:
    """A web process of its own, on a data directory that outlives it."""

    def __init__(
        self, data: Path, redis_url: str = "", *, files: int = 0, log: Path | None = None, **extra: str
    ) -> None:
        self.port = free_port()
        self.log = log or data / "web.log"
        with self.log.open("ab") as sink:
            self.process = self._started(data, redis_url, sink, files, extra)

    def _started(
        self, data: Path, redis_url: str, log: IO[bytes], files: int, extra: dict[str, str]
    ) -> "subprocess.Popen[bytes] | Forked":
        around = {
            "PATH": os.environ["PATH"],  # noqa: TID251 - a child process needs it
            "PYTHONPATH": forked_programs.PATH,
            "PORT": str(self.port),
            "COLDFRAME_SECRET_KEY": "k" * 32,
            "COLDFRAME_ACTIVITY_SECRET": SECRET,
            "COLDFRAME_PUBLIC_URL": "https://crm.example.com",
            "COLDFRAME_DATA_DIR": str(data),
            **({"REDIS_URL": redis_url} if redis_url else {}),
            **extra,
        }
        words = ["-m", "integration", "web"]
        if not files:
            return forked_programs.start(words, around, output=log, errors=log, session=True)
        return subprocess.Popen(
            ["prlimit", f"--nofile={files}", sys.executable, *words],  # noqa: S607 - from PATH
            cwd=ROOT,
            env=around,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )

    def __enter__(self) -> Self:
        deadline = time.monotonic() + 90
        while time.monotonic() < deadline:
            try:
                if self.ask("GET", "/healthz")[0] == 200:
                    return self
            except OSError:
                time.sleep(0.1)
        self.__exit__()
        pytest.fail(f"the web process did not come up: {self.log.read_text()}")

    def __exit__(self, *_error: object) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(os.getpgid(self.process.pid), signal.SIGCONT)
        if self.process.poll() is None:
            self.process.terminate()
        self.process.wait(10)

    def ask(
        self, method: str, path: str, body: Any = None, headers: dict[str, str] | None = None, timeout: float = 10
    ) -> tuple[int, bytes]:
        with closing(http.client.HTTPConnection("127.0.0.1", self.port, timeout=timeout)) as connection:
            connection.request(method, path, body, headers or {})
            answer = connection.getresponse()
            return answer.status, answer.read()

    def post(self, name: int = 1) -> int:
        """Send one signed delivery of one activity; the status, or 0 where none came within two seconds."""
        body = delivery(f"a{name}")
        try:
            return self.ask("POST", "/webhooks/activities", body, signed(body), timeout=2)[0]
        except OSError:
            return 0

    def line(self, said: bytes = b"") -> socket.socket:
        """A connection on which this was said."""
        line = socket.create_connection(("127.0.0.1", self.port), 10)
        line.sendall(said)
        return line

    @property
    def serving(self) -> int:
        """The process that serves."""
        (child,) = (each for each in psutil.Process(self.process.pid).children() if "spawn" not in each.name())
        return child.pid

    def kill(self) -> None:
        """SIGKILL for the server and its worker at once."""
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait(10)


def delivery(name: str = "a1") -> bytes:
    """The body of a delivery of one activity."""
    item = {"id": name, "type": "page_view", "at": "2026-01-06T10:00:00Z", "email": "ana@acme.example"}
    return json.dumps({"activities": [item]}).encode()


def signed(body: bytes, name: str = "") -> dict[str, str]:
    """The headers of a genuine delivery, under a name that no other has unless one is given."""
    moment, name = datetime.now(UTC), name or f"msg_{next(_NUMBERS)}"  # noqa: TID251 - the sender's own clock
    return {
        "Content-Type": "application/json",
        "webhook-id": name,
        "webhook-timestamp": str(int(moment.timestamp())),
        "webhook-signature": Webhook(SECRET).sign(name, moment, body.decode()),
    }


@contextlib.contextmanager
def held(web: Web, said: bytes, times: int) -> Iterator[list[socket.socket]]:
    """So many connections on which this was said, and nothing more."""
    with contextlib.ExitStack() as stack:
        yield [stack.enter_context(closing(web.line(said))) for _ in range(times)]


def migrated(data: Path) -> Path:
    """The directory, with an empty store in it."""
    store = Store.open(f"sqlite:///{data / 'coldframe.db'}")
    store.migrate()
    write_freely(store)
    store.dispose()
    return data


def timed(action: Callable[[], Any]) -> tuple[float, Any]:
    """How many seconds something took, and what it gave."""
    started = time.monotonic()
    given = action()
    return time.monotonic() - started, given


def heard(line: socket.socket, seconds: float) -> bytes:
    """All that comes on a connection until the other side hangs up; fails where it does not in time."""
    line.settimeout(seconds)
    found = b""
    while chunk := line.recv(65_536):
        found += chunk
    return found
