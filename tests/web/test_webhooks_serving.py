"""The web process as it runs: granian, the factory, real sockets, and a kill."""

import shutil
import socket
import sqlite3
import time
from contextlib import closing
from pathlib import Path

import pytest
import webhooks_senders as senders
from redis import Redis
from web_process import Web

from integration.wiring import clock

OURS = {"COLDFRAME_ACTIVITY_SECRET": senders.ACTIVITY_SECRET, "COLDFRAME_PUBLIC_URL": senders.URL}


@pytest.fixture
def data(tmp_path: Path, empty_store: Path) -> Path:
    shutil.copy(empty_store, tmp_path / "coldframe.db")
    return tmp_path


def test_what_was_answered_outlives_a_kill_and_a_wake_up_waits_in_redis(
    data: Path, redis_url: str, valkey: Redis
) -> None:
    body = senders.activities(senders.activity())
    headers, again = (senders.standard(body, at=clock.now(), name=name) for name in ("msg_1", "msg_2"))
    with Web(data, redis_url, **OURS) as web:
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
    with Web(data, redis_url, **OURS) as web, closing(socket.create_connection(("127.0.0.1", web.port), 10)) as line:
        headers["webhook-signature"] += "\xff\xfe"
        head = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        start = f"POST /webhooks/activities HTTP/1.1\r\nHost: x\r\nContent-Length: {len(body)}\r\n"
        line.sendall(f"{start}{head}\r\n".encode("latin-1") + body)
        assert line.recv(12) == b"HTTP/1.1 401"
