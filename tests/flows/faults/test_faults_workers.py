"""Workers die, are orphaned or freeze in the middle of their work, and what they had begun is done once."""

import contextlib
import json
import os
import signal
import sqlite3
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import flows_process
import pytest
from flows_crms import SYSTEMS, TASKS, person, tasks
from flows_run import activity, counts, dead, drain_all, history, receive, with_parts
from flows_senders import Program, programs, until
from pydantic import SecretStr
from valkeys import valkey_server

from integration.flows.deciding.advance import advance
from integration.flows.delivering.deliver import deliver
from integration.flows.intake.ingest import ingest
from integration.flows.reading.refresh import read_records
from integration.flows.upkeep.sweep import sweep
from integration.processes.supervisor import children
from integration.wiring import clock
from integration.wiring.wake_ups import Wakeups
from integration.wiring.whole_service import Service
from sandbox.server import Sandbox
from sandbox.shared.requested_faults import Fault

ANA, BOB = "ana@acme.example", "bob@blue.example"
Start = Callable[..., Program]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    with programs(tmp_path) as starter:
        yield starter


def _decided(service: Service, sandbox: Sandbox, system: str) -> None:
    """A handoff task is decided and waits to be written."""
    person(sandbox, system, ANA)
    receive(service, activity(1, ANA, "demo_request", service.now()))
    ingest(service)
    for name in service.connections:
        read_records(service, name)
    advance(service)
    assert counts(service).outbox[system, "task", "new"] == 1


def _process(start: Start, service: Service, sandbox: Sandbox, store_url: str, lane: str, **more: object) -> Program:
    wish = {"do": lane, "store": store_url, "sandbox": sandbox.url, "at": service.now(), **more}
    return start([flows_process.__file__, json.dumps(wish)])


def _holder(store_url: str, lane: str) -> tuple[int, bool]:
    """The token of a lane's lease, and whether somebody holds it now."""
    with contextlib.closing(sqlite3.connect(store_url.removeprefix("sqlite:///"))) as conn:
        found = conn.execute("SELECT token, expires_at FROM leases WHERE name = ?", [lane]).fetchone()
    return (int(found[0]), int(found[1]) > clock.now()) if found else (0, False)


@pytest.mark.parametrize("system", SYSTEMS)
def test_killed_after_the_crm_wrote_and_before_that_was_stored_the_task_stands_once(
    start: Start, service: Service, sandbox: Sandbox, store_url: str, system: str
) -> None:
    _decided(service, sandbox, system)
    lane = f"deliver:{system}"
    program = _process(start, service, sandbox, store_url, lane, dies="after the CRM's answer", lease=0.5)
    assert program.wait() == -signal.SIGKILL
    assert sum(tasks(sandbox, system).values()) == 1, "the CRM wrote it"
    assert counts(service).outbox[system, "task", "new"] == 1, "and nobody knows"
    until(lambda: not _holder(store_url, lane)[1], "the dead worker's lease expires")
    drain_all(service)
    assert counts(service).outbox[system, "task", "sent"] == 1
    assert sum(tasks(sandbox, system).values()) == 1


@pytest.mark.parametrize("system", SYSTEMS)
def test_a_worker_frozen_past_its_lease_cannot_commit(
    start: Start, service: Service, sandbox: Sandbox, store_url: str, system: str
) -> None:
    _decided(service, sandbox, system)
    lane = f"deliver:{system}"
    hang = sandbox.faults.add(Fault(kind="hang", seconds=0.3, **TASKS[system]))
    frozen = _process(start, service, sandbox, store_url, lane, lease=0.5)
    until(lambda: hang.hits, "the worker's call is under way")
    os.kill(frozen.pid, signal.SIGSTOP)
    until(lambda: not _holder(store_url, lane)[1], "the frozen worker's lease expires")
    heir = with_parts(service, holder="heir")
    until(lambda: sum(tasks(sandbox, system).values()), "the CRM writes what the frozen worker asked for")
    deliver(heir, system)
    assert counts(service).outbox[system, "task", "sent"] == 1
    token, _ = _holder(store_url, lane)
    os.kill(frozen.pid, signal.SIGCONT)
    assert frozen.wait() == 0
    assert "lease lost" in frozen.text()
    assert _holder(store_url, lane)[0] == token
    assert sum(tasks(sandbox, system).values()) == 1


def test_a_delivery_that_kills_its_reader_is_set_aside_and_its_neighbours_flow(
    start: Start, service: Service, sandbox: Sandbox, store_url: str
) -> None:
    """The reader dies when it makes a lead; only the poisonous delivery is about somebody new."""
    receive(service, activity(0, ANA, "page_view", service.now()), activity(1, BOB, "page_view", service.now()))
    drain_all(service)
    receive(service, activity(2, ANA, "page_view", service.now(), page="pricing"))
    receive(service, activity(3, "poison@acme.example", "page_view", service.now(), page="pricing"))
    receive(service, activity(4, BOB, "page_view", service.now(), page="pricing"))
    deaths = 0
    for _ in range(8):
        program = _process(start, service, sandbox, store_url, "ingest", dies="making a lead", lease=0.1)
        if program.wait() == 0:
            break
        deaths += 1
        until(lambda: not _holder(store_url, "ingest")[1], "the dead reader's lease expires")
    assert 2 <= deaths <= 5, "retried, bounded"
    assert counts(service).inbox == {"new": 0, "done": 3, "dead": 1}
    assert len(history(service, ANA)) == 2
    assert len(history(service, BOB)) == 2
    (letter,) = dead(service)
    assert (letter.stage, b"poison@acme.example" in letter.payload) == ("ingest", True)


@pytest.fixture
def worker_variables(sandbox: Sandbox, tmp_path: Path) -> Iterator[dict[str, str]]:
    """What a real worker of the lane of HubSpot is told."""
    with valkey_server() as server:
        yield {
            "COLDFRAME_SECRET_KEY": "k" * 32,
            "COLDFRAME_PUBLIC_URL": "http://127.0.0.1:1",
            "COLDFRAME_DATA_DIR": str(tmp_path),
            "COLDFRAME_LEASE_SECONDS": "5",
            "COLDFRAME_LINGER_SECONDS": "0",
            "HUBSPOT_ACCESS_TOKEN": "h",
            "HUBSPOT_CLIENT_SECRET": "c" * 32,
            "HUBSPOT_API_URL": f"{sandbox.url}/hubspot",
            "REDIS_URL": f"redis://127.0.0.1:{server.port}/0",
        }


@pytest.mark.parametrize("killed", ["child", "parent", "both"])
def test_the_work_of_a_killed_worker_goes_on_and_its_task_stands_once(
    start: Start, service: Service, sandbox: Sandbox, worker_variables: dict[str, str], killed: str
) -> None:
    """A real worker of RQ is in the middle of a call to the CRM; an orphaned child ends its call and is fenced off."""
    service = replace(service, now=clock.now)
    _decided(service, sandbox, "hubspot")
    hang = sandbox.faults.add(Fault(kind="hang", seconds=1.5, **TASKS["hubspot"]))
    worker = start(["-m", "integration", "worker", "hubspot"], **worker_variables)
    wakeups = Wakeups(SecretStr(worker_variables["REDIS_URL"]), clock.monotonic)
    awake = replace(service, wake=wakeups.wake)
    sweep(awake)
    until(lambda: hang.hits, "the worker's call is under way")
    (child,) = children(worker.pid)
    for pid in {"child": [child], "parent": [worker.pid], "both": [child, worker.pid]}[killed]:
        os.kill(pid, signal.SIGKILL)
    if killed != "child":
        worker.wait()
        start(["-m", "integration", "worker", "hubspot"], **worker_variables)

    def written() -> bool:
        sweep(awake)
        return counts(service).outbox.get(("hubspot", "task", "sent")) == 1

    until(written, "the task is written, and that is known", 60)
    wakeups.close()
    assert sum(tasks(sandbox, "hubspot").values()) == 1
    assert dead(service) == []
