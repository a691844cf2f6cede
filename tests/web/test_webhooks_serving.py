"""The web process as it runs: granian, the factory, real sockets, and a kill."""

import http.client
import os
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path
from typing import Any, Self

import pytest
import webhooks_senders as senders
from places import ROOT
from redis import Redis
from webhooks_senders import Headers

from integration.wiring import clock


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Web:
    """A web process of its own, on a data directory that outlives it."""

    def __init__(self, data: Path, redis_url: str) -> None:
        self.port = free_port()
        self.process = subprocess.Popen(
            [sys.executable, "-m", "integration", "web"],
            cwd=ROOT,
            env={
                "PATH": os.environ["PATH"],  # noqa: TID251 - a child process needs it
                "PYTHONPATH": os.pathsep.join(sys.path),
                "PORT": str(self.port),
                "COLDFRAME_SECRET_KEY": "k" * 32,
                "COLDFRAME_ACTIVITY_SECRET": senders.ACTIVITY_SECRET,
                "COLDFRAME_PUBLIC_URL": senders.URL,
                "COLDFRAME_DATA_DIR": str(data),
                "REDIS_URL": redis_url,
            },
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )

    def __enter__(self) -> Self:
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline:
            try:
                if self.ask("GET", "/healthz")[0] == 200:
                    return self
            except OSError:
                time.sleep(0.1)
        self.__exit__()
        pytest.fail("the web process did not come up")

    def __exit__(self, *_error: object) -> None:
        if self.process.poll() is None:
            self.process.terminate()
        self.process.wait(10)

    def ask(self, method: str, path: str, body: Any = None, headers: Headers | None = None) -> tuple[int, bytes]:
        with closing(http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)) as connection:
            connection.request(method, path, body, headers or {})
            answer = connection.getresponse()
            return answer.status, answer.read()

    def kill(self) -> None:
        """SIGKILL for the server and its worker at once."""
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait(10)


@pytest.fixture
def data(tmp_path: Path, empty_store: Path) -> Path:
    shutil.copy(empty_store, tmp_path / "coldframe.db")
    return tmp_path


def test_what_was_answered_outlives_a_kill_and_a_wake_up_waits_in_redis(
    data: Path, redis_url: str, valkey: Redis
) -> None:
    body = senders.activities(senders.activity())
    headers, again = (senders.standard(body, at=clock.now(), name=name) for name in ("msg_1", "msg_2"))
    with Web(data, redis_url) as web:
        assert web.ask("GET", "/readyz")[0] == 200
        assert web.ask("POST", "/webhooks/activities", body, headers)[0] == 202
        assert web.ask("POST", "/webhooks/activities", iter([body[:40], body[40:]]), again)[0] == 202
        deadline = time.monotonic() + 10
        while not valkey.llen("rq:queue:ingest") and time.monotonic() < deadline:
            time.sleep(0.02)  # lanes are woken after the answer
        web.kill()
    with closing(sqlite3.connect(data / "coldframe.db")) as database:
        assert database.execute("SELECT body FROM inbox").fetchall() == [(body,), (body,)]
    assert valkey.llen("rq:queue:ingest") == 1


def test_raw_bytes_in_headers_are_401(data: Path, redis_url: str) -> None:
    body = senders.activities(senders.activity())
    headers = senders.standard(body, at=clock.now())
    with Web(data, redis_url) as web, closing(socket.create_connection(("127.0.0.1", web.port), 10)) as line:
        headers["webhook-signature"] += "\xff\xfe"
        head = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        start = f"POST /webhooks/activities HTTP/1.1\r\nHost: x\r\nContent-Length: {len(body)}\r\n"
        line.sendall(f"{start}{head}\r\n".encode("latin-1") + body)
        assert line.recv(12) == b"HTTP/1.1 401"
