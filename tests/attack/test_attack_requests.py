"""Requests that never end, against the web process as it runs: nobody else waits for them, and nothing stays dead."""

import http.client
import os
import signal
import socket
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import psutil
import pytest
from web_process import Web, delivery, heard, held, migrated, signed, timed

from integration.rig.attack import attack_requests as attacks
from integration.settings.environment import load

SOON = 2.0


@pytest.fixture(scope="module")
def web(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Web]:
    """One for most attacks, since each has to leave it as it was."""
    with Web(migrated(tmp_path_factory.mktemp("web")), COLDFRAME_REQUEST_SECONDS="1") as running:
        yield running


def answers_soon(web: Web) -> bool:
    healthy = timed(lambda: web.ask("GET", "/healthz", timeout=SOON)[0])
    taken = timed(web.post)
    assert (healthy[1], taken[1]) == (200, 202)
    return max(healthy[0], taken[0]) < SOON


def test_streams_of_http_2_that_hang_keep_nobody_waiting(web: Web) -> None:
    with held(web, attacks.http2_streams(16), 1) as lines:
        assert answers_soon(web)
        assert b"HTTP/2" not in heard(lines[0], 5)


@pytest.mark.parametrize("said", [attacks.HELD_BODY, attacks.HELD_CHUNK, attacks.CONTINUED])
def test_a_body_that_never_ends_keeps_nobody_waiting_and_is_refused_at_its_deadline(web: Web, said: bytes) -> None:
    with held(web, said, 40) as lines:
        assert answers_soon(web)
        assert all(b"408 Request Timeout" in heard(line, 5) for line in lines)
    assert answers_soon(web)


@pytest.mark.parametrize("said", [attacks.SILENCE, attacks.HALF_A_HEAD, b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n"])
def test_a_connection_that_falls_silent_is_closed_at_its_deadline(web: Web, said: bytes) -> None:
    with held(web, said, 40) as lines:
        assert answers_soon(web)
        for line in lines:
            heard(line, 5)


def drip(line: socket.socket) -> None:
    for _ in range(50):
        line.sendall(b"x")
        time.sleep(0.1)


def test_a_byte_now_and_then_does_not_move_the_deadline(web: Web) -> None:
    with closing(web.line(attacks.HELD_BODY)) as body, closing(web.line(attacks.HALF_A_HEAD)) as head:
        started = time.monotonic()
        for line in (body, head):
            with pytest.raises(ConnectionError):
                drip(line)
        assert time.monotonic() - started < 4


def test_a_request_has_ten_seconds_to_arrive_unless_the_settings_say_otherwise(data: Path) -> None:
    assert load({"COLDFRAME_SECRET_KEY": "k" * 32}).request_seconds == 10
    with Web(data) as web, held(web, attacks.HELD_BODY, 1) as body, held(web, attacks.HALF_A_HEAD, 1) as head:
        seconds, said = timed(lambda: heard(body[0], 15) + heard(head[0], 15))
        assert b"408" in said
        assert 9 < seconds < 12


def test_thousands_of_idle_connections_keep_nobody_waiting(data: Path) -> None:
    with Web(data) as web, held(web, attacks.SILENCE, 1_500):
        assert answers_soon(web)


def test_more_connections_than_are_allowed_keep_nobody_waiting(data: Path) -> None:
    with Web(data, files=384) as web, held(web, attacks.SILENCE, 200):
        time.sleep(2)
        with held(web, attacks.HELD_BODY, 400):
            time.sleep(2)
            assert answers_soon(web)
    assert "silent ones closed" in web.log.read_text()


def test_whoever_reads_no_answers_is_hung_up_on_when_connections_run_short(data: Path) -> None:
    ask = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n" * 20_000
    with Web(data, files=256) as web:
        lines = [web.line() for _ in range(120)]
        for line in lines:
            line.settimeout(0)
            line.send(ask)
        time.sleep(4)
        assert answers_soon(web)
        for line in lines:
            line.close()


def test_bodies_that_arrive_together_hold_a_bounded_number_of_bytes(web: Web) -> None:
    said = b"POST /webhooks/activities HTTP/1.1\r\nHost: x\r\nContent-Length: 4000000\r\n\r\n" + b"x" * 100_000
    with held(web, said, 17) as lines:
        assert b"503 Service Unavailable" in heard(lines[0], 0.9)
        assert answers_soon(web)


def test_a_body_beyond_the_limit_is_413_whether_announced_or_not(data: Path) -> None:
    with Web(data, COLDFRAME_MAX_BODY_BYTES="65536") as web:
        large = b"x" * 65_537
        for said in (large, iter([large[:40_000], large[40_000:]])):
            status, answer = web.ask("POST", "/webhooks/activities", said)
            assert (status, b"Request Entity Too Large" in answer) == (413, True)


def test_alive_is_answered_while_every_thread_is_busy_and_whoever_finds_none_is_told_so_soon(data: Path) -> None:
    body = delivery()
    with Web(data) as web, closing(sqlite3.connect(data / "coldframe.db", isolation_level=None)) as writer:
        writer.execute("BEGIN IMMEDIATE")
        lines = [http.client.HTTPConnection("127.0.0.1", web.port, timeout=10) for _ in range(80)]
        for line in lines:
            line.request("POST", "/webhooks/activities", body, signed(body))
        seconds, status = timed(lambda: web.ask("GET", "/healthz")[0])
        assert (status, seconds < 1) == (200, True)
        seconds, statuses = timed(lambda: [line.getresponse().status for line in lines])
        assert set(statuses) == {503}
        assert seconds < 5
        writer.execute("ROLLBACK")
        assert answers_soon(web)
        for line in lines:
            line.close()


def test_a_web_process_that_hangs_is_started_anew(data: Path) -> None:
    with Web(data) as web:
        hung = web.serving
        time.sleep(2)  # the watchdog has seen it alive
        os.kill(hung, signal.SIGSTOP)
        deadline = time.monotonic() + 40
        while not web.post() and time.monotonic() < deadline:
            time.sleep(0.5)
        assert web.serving != hung
        assert answers_soon(web)


def test_asked_to_stop_it_waits_for_no_body_that_is_held(data: Path) -> None:
    with Web(data) as web, held(web, attacks.HELD_BODY, 3), held(web, attacks.SILENCE, 3):
        web.process.terminate()
        seconds, code = timed(lambda: web.process.wait(10))
        assert (code, seconds < 3.5) == (0, True)


def test_the_serving_process_ends_with_its_parent(data: Path) -> None:
    with Web(data) as web:
        child = psutil.Process(web.serving)
        web.process.kill()
        child.wait(3)


def test_a_header_with_an_underscore_does_not_pass_for_one_with_a_hyphen(web: Web) -> None:
    body = delivery()
    headers = signed(body)
    headers["webhook_signature"] = headers.pop("webhook-signature")
    assert web.ask("POST", "/webhooks/activities", body, headers)[0] == 401
