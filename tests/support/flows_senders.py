"""Real processes for tests: started with their output in a file, asked over HTTP, ended at the end."""

import contextlib
import json
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import requests
from places import ROOT
from standardwebhooks import Webhook

from integration.processes.local_stack import environment

SECRET = "whsec_" + "Y29sZGZyYW1lLXRlc3RzLXNoYXJlZC1zZWNyZXQtMzI="
PATIENCE = 30.0


class Program:
    """One process and what it has written."""

    def __init__(self, command: Sequence[str], variables: Mapping[str, str], output: Path) -> None:
        self.output = output
        with output.open("ab") as sink:
            self.process = subprocess.Popen(command, env=dict(variables), stdout=sink, stderr=sink, cwd=ROOT)

    @property
    def pid(self) -> int:
        return self.process.pid

    def text(self) -> str:
        return self.output.read_text()

    def wait(self, seconds: float = PATIENCE) -> int:
        """The exit status; negative where a signal ended it."""
        return self.process.wait(seconds)

    def end(self) -> None:
        with contextlib.suppress(ProcessLookupError):
            self.process.kill()
        self.process.wait()


@contextlib.contextmanager
def programs(folder: Path) -> Iterator[Callable[..., Program]]:
    """`start(command, variables)`; whatever still runs is killed at the end."""
    running: list[Program] = []

    def start(command: Sequence[str], **variables: str) -> Program:
        mine = {name: value for name, value in environment().items() if not name.startswith(_OURS)}
        program = Program(
            [sys.executable, *command],
            mine | {"PYTHONPATH": f"{ROOT}:{Path(__file__).parent}"} | variables,
            folder / f"program-{len(running)}.log",
        )
        running.append(program)
        return program

    try:
        yield start
    finally:
        for program in running:
            program.end()


_OURS = ("COLDFRAME_", "HUBSPOT_", "SALESFORCE_", "DATABASE_URL", "REDIS_URL", "PORT")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def until(holds: Callable[[], object], what: str, seconds: float = PATIENCE) -> float:
    """Wait until something holds; the seconds it took. AssertionError where it does not in time."""
    started = time.monotonic()
    while not holds():
        if time.monotonic() - started > seconds:
            msg = f"{what}: not within {seconds:g} s"
            raise AssertionError(msg)
        time.sleep(0.02)
    return time.monotonic() - started


def answers(url: str) -> bool:
    """Whether a web process is up."""
    with contextlib.suppress(requests.RequestException):
        return requests.get(f"{url}/healthz", timeout=1).ok
    return False


def post(url: str, *items: Mapping[str, Any], delivery: str = "msg_1", timeout: float = 10) -> requests.Response:
    """One signed delivery of activities, as a sender sends it, now."""
    body = json.dumps({"activities": items})
    moment = datetime.now(UTC)  # noqa: TID251 - the sender's own clock
    headers = {
        "content-type": "application/json",
        "webhook-id": delivery,
        "webhook-timestamp": str(int(moment.timestamp())),
        "webhook-signature": Webhook(SECRET).sign(delivery, moment, body),
    }
    return requests.post(f"{url}/webhooks/activities", data=body, headers=headers, timeout=timeout)
