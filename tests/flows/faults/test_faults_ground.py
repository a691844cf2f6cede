"""What the service stands on gives way: its database crashes, its disk is full, its clock is wrong."""

import contextlib
import json
import sqlite3
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import flows_process
import pytest
import requests
from flows_run import activity, counts, dead, drain_all, history, with_parts
from flows_senders import SECRET, Program, answers, free_port, post, programs, until

from integration.flows.intake.ingest import ingest
from integration.store.db.errors import StoreDownError
from integration.store.db.session import Store
from integration.store.queues import inbox, leases
from integration.wiring.whole_service import Service
from mappings.values.instant import HOUR, MINUTE, SECOND

ANA = "ana@acme.example"
Start = Callable[..., Program]
ROOM = 1_500_000
"""Bytes that a file of the web process may have, the database's log among them."""
CONFINED = f"""
import resource, runpy, sys
resource.setrlimit(resource.RLIMIT_FSIZE, ({ROOM}, {ROOM}))
sys.argv = ["coldframe", "web"]
runpy.run_module("integration", run_name="__main__")
"""


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    with programs(tmp_path) as starter:
        yield starter


def web(start: Start, tmp_path: Path, *command: str, **variables: str) -> tuple[Program, str]:
    """The real web process (granian)."""
    port = free_port()
    given = {"COLDFRAME_SECRET_KEY": "k" * 32, "COLDFRAME_ACTIVITY_SECRET": SECRET, "PORT": str(port)}
    program = start(
        list(command or ("-m", "integration", "web")), **given, COLDFRAME_DATA_DIR=str(tmp_path), **variables
    )
    url = f"http://127.0.0.1:{port}"
    until(lambda: answers(url), "the web process answers")
    return program, url


def status(url: str, *items: Any, delivery: str) -> int:
    """The answer to one delivery; 0 where there is none."""
    with contextlib.suppress(requests.RequestException):
        return post(url, *items, delivery=delivery).status_code
    return 0


def test_a_postgresql_that_crashes_means_5xx_and_afterwards_nothing_answered_is_gone(
    start: Start, service: Service, fragile_cluster: Any, tmp_path: Path
) -> None:
    database = fragile_cluster.url("template")
    _, url = web(start, tmp_path, DATABASE_URL=database)
    mine = replace(service, store=Store.open(database))
    at = service.now()
    said = {number: status(url, activity(number, ANA, "email_click", at), delivery=f"m{number}") for number in range(3)}
    assert set(said.values()) == {202}
    fragile_cluster.crash()
    refused = [status(url, activity(number, ANA, "email_click", at), delivery=f"m{number}") for number in (3, 4)]
    assert all(one >= 500 for one in refused), refused
    with pytest.raises(StoreDownError):
        ingest(mine)
    fragile_cluster.start()
    until(
        lambda: status(url, activity(3, ANA, "email_click", at), delivery="m3") == 202,
        "the web process takes deliveries again",
    )
    drain_all(mine)
    # Number 3 may have been stored before an answer that never came; the sender's second try changes nothing.
    assert {one.key.rpartition(":")[2] for one in history(mine, ANA) if not one.derived} == {"a0", "a1", "a2", "a3"}
    assert counts(mine).inbox["done"] >= 4
    assert dead(mine) == []
    mine.store.dispose()


_LONG = {f"note_{number}": "x" * 10_000 for number in range(6)}
"""Sixty kilobytes that are taken: one value may have ten."""


def test_a_full_disk_means_503_and_the_database_is_whole(
    start: Start, service: Service, tmp_path: Path, store_url: str
) -> None:
    program, url = web(start, tmp_path, "-c", CONFINED, DATABASE_URL=store_url)
    said: list[int] = []
    while 503 not in said and len(said) < 60:
        number = len(said)
        item = activity(number, ANA, "email_click", service.now(), **_LONG)
        said.append(status(url, item, delivery=f"m{number}"))
    assert said[0] == 202
    assert set(said) == {202, 503}
    again = status(url, activity("more", ANA, "email_click", service.now(), **_LONG), delivery="more")
    assert again == 503, "it answers on, and goes on refusing"
    assert "takes nothing that is written" in str(requests.get(f"{url}/readyz", timeout=5).json()["store"])
    program.end()
    with sqlite3.connect(service.store.url.database or "") as driver:
        assert driver.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    driver.close()
    with service.store.read() as conn:
        assert len(inbox.pending(conn, 100)) == said.count(202), "what was answered, and nothing else"
    _, url = web(start, tmp_path, DATABASE_URL=store_url)  # somebody has made room
    assert status(url, activity("room", ANA, "email_click", service.now()), delivery="room") == 202
    assert requests.get(f"{url}/readyz", timeout=5).json()["store"] == "ok"
    drain_all(service)
    assert len([one for one in history(service, ANA) if not one.derived]) == said.count(202) + 1


@pytest.mark.parametrize("minutes", [-10, 10])
def test_a_web_process_whose_clock_is_wrong_refuses_and_says_so(
    start: Start, service: Service, store_url: str, minutes: int
) -> None:
    port = free_port()
    wish = {"do": "web", "store": store_url, "port": port, "secret": SECRET, "skew": minutes * MINUTE}
    program = start([flows_process.__file__, json.dumps(wish)])
    url = f"http://127.0.0.1:{port}"
    until(lambda: answers(url), "the web process answers")
    answer = post(url, activity(1, ANA, "email_click", service.now()))
    assert answer.status_code == 401
    assert "timestamp" in answer.text
    until(lambda: "more than five minutes from this clock" in program.text(), "the refusal is in the log")
    assert requests.get(f"{url}/metrics", timeout=5).text.count('status="401"') >= 1
    assert counts(service).inbox.get("new", 0) == 0


@pytest.mark.parametrize("ahead", [-HOUR, HOUR])
def test_a_lane_is_held_by_the_databases_time_whatever_a_workers_clock_says(service: Service, ahead: int) -> None:
    wrong = with_parts(service, now=lambda: service.now() + ahead, holder="wrong")
    with service.store.write() as conn:
        held = leases.take(conn, "ingest", "right", 20 * SECOND)
    assert held is not None
    assert ingest(wrong) == 0, "an hour ahead, the lease would long be over"
    with service.store.read() as conn:
        assert abs(service.store.now(conn) - _expires(service) + 20 * SECOND) < 10 * SECOND
    with service.store.write() as conn:
        leases.release(conn, held)
    ingest(wrong)


def _expires(service: Service) -> int:
    with service.store.read() as conn:
        return int(conn.exec_driver_sql("SELECT expires_at FROM leases WHERE name = 'ingest'").scalar_one())
