"""No process outlives the one that started it: not one that is busy, not one that does not want to end."""

import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest
from places import ROOT

from integration.processes import supervisor
from integration.processes.supervisor import Member, Programs

_FORKED = """
import os, time
from integration.processes.with_parent import end_after_parent
worker = os.getpid()
child = os.fork()
if not child:
    end_after_parent(worker, {seconds})
    while True:
        time.sleep(0.01) if {sleeping} else None
print(child, flush=True)
time.sleep(60)
"""
_STUBBORN = """
import os, signal, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
print(os.fork(), flush=True)
time.sleep(60)
"""


def until(holds: Callable[[], bool], seconds: float = 10) -> bool:
    deadline = time.monotonic() + seconds
    while not holds() and time.monotonic() < deadline:
        time.sleep(0.02)
    return holds()


def alive(pid: int) -> bool:
    return psutil.pid_exists(pid) and psutil.Process(pid).status() != psutil.STATUS_ZOMBIE


@pytest.mark.skipif(sys.platform != "linux", reason="the kernel tells a child of its parent's death on Linux alone")
@pytest.mark.parametrize("sleeping", [True, False])
def test_the_child_of_a_killed_worker_ends_what_it_does_and_lives_no_longer_than_a_call(*, sleeping: bool) -> None:
    program = _FORKED.format(seconds=0.5, sleeping=sleeping)
    with subprocess.Popen([sys.executable, "-c", program], cwd=ROOT, stdout=subprocess.PIPE, text=True) as worker:
        assert worker.stdout is not None
        child = int(worker.stdout.readline())
        time.sleep(0.1)
        worker.kill()
        worker.wait(5)
        killed = time.monotonic()
        assert alive(child), "it may end what it has begun"
        assert until(lambda: not alive(child), 5)
        assert time.monotonic() - killed > 0.3


def test_who_does_not_end_when_the_service_stops_is_killed_with_its_children(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(supervisor, "GRACE_SECONDS", 0.2)
    monkeypatch.setattr(supervisor, "wrapped", lambda _command, _how: [sys.executable, "-c", _STUBBORN])
    output = tmp_path / "log"
    with Programs((Member(name="stubborn", arguments=()),), {"PATH": os.defpath}, output) as programs:
        pid = programs.pids()["stubborn"]
        assert until(lambda: output.read_text().count("\n") == 2)  # both say whom they have
        family = [pid, *supervisor.descendants(pid)]
        assert len(family) == 2
    assert until(lambda: not any(map(alive, family)), 2)
