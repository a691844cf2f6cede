"""One process forks a worker for each queue: they share its memory, come back when they die, and end with it."""

import os
import signal
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest
from flows_senders import Program, free_port, programs, until
from valkeys import valkey_server

from integration.processes.local_stack import queues
from integration.settings.environment import load

MOST = 300_000_000
"""Bytes that the workers of two CRMs may take together, each page shared out among those who share it."""
GROUP = """
import sys, time
from integration.processes import worker_group
print("ready", flush=True)
def nap():
    time.sleep(600)
sys.exit(worker_group.run({"worker one": nap, "worker two": nap}, lambda: None))
"""


def names(parent: int) -> dict[str, int]:
    return {each.name(): each.pid for each in psutil.Process(parent).children()}


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[..., Program]]:
    with programs(tmp_path, forked=False) as found:  # memory that other processes share would count as less
        yield found


@pytest.fixture
def group(start: Callable[..., Program]) -> Program:
    running = start(["-c", GROUP])
    until(lambda: set(names(running.pid)) == {"worker one", "worker two"}, "it happens")
    return running


def test_a_worker_that_dies_is_forked_again_and_the_others_are_left_alone(group: Program) -> None:
    before = names(group.pid)
    os.kill(before["worker one"], signal.SIGKILL)
    until(lambda: names(group.pid).get("worker one", before["worker one"]) != before["worker one"], "it happens")
    assert names(group.pid)["worker two"] == before["worker two"]


def test_workers_end_with_their_parent_whatever_kills_it(group: Program) -> None:
    workers = list(names(group.pid).values())
    os.kill(group.pid, signal.SIGKILL)
    until(lambda: not any(map(_alive, workers)), "it happens")


def test_a_group_that_is_told_to_stop_ends_with_all_its_workers_and_status_0(group: Program) -> None:
    workers = list(names(group.pid).values())
    os.kill(group.pid, signal.SIGTERM)
    assert group.process.wait(3) == 0
    assert not any(map(_alive, workers))


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells how much of its memory a process shares")
def test_the_workers_of_two_crms_and_the_clock_take_less_than_300_mb_together(
    start: Callable[..., Program], tmp_path: Path, empty_store: Path
) -> None:
    given = {
        "COLDFRAME_SECRET_KEY": "k" * 32,
        "COLDFRAME_DATA_DIR": str(tmp_path),
        "DATABASE_URL": f"sqlite:///{empty_store}",
        "COLDFRAME_PUBLIC_URL": "https://coldframe.example.com",
        "HUBSPOT_ACCESS_TOKEN": "h",
        "HUBSPOT_CLIENT_SECRET": "secret-of-a-hubspot-app",
        "HUBSPOT_API_URL": f"http://127.0.0.1:{free_port()}",
        "SALESFORCE_ACCESS_TOKEN": "s",
        "SALESFORCE_INSTANCE_URL": "https://sandbox.my.salesforce.com",
        "SALESFORCE_API_URL": f"http://127.0.0.1:{free_port()}",
    }
    with valkey_server() as valkey:
        given["REDIS_URL"] = f"redis://127.0.0.1:{valkey.port}/0"
        running = start(["-m", "integration", "worker", "--clock"], **given)
        expected = {f"worker {queue}"[:15] for queue in queues(load(given))}
        until(lambda: set(names(running.pid)) == {*expected, "clock"}, "every queue has its worker", 60)
        until(lambda: running.text().count("working") == len(expected), "every worker works", 60)
        everybody = [psutil.Process(running.pid), *psutil.Process(running.pid).children(recursive=True)]
        assert len(everybody) >= 5
        total = sum(each.memory_full_info().pss for each in everybody)
        assert total < MOST


def _alive(pid: int) -> bool:
    return psutil.pid_exists(pid) and psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
