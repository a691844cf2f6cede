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

import forked_programs
import requests
from forked_programs import Forked
from places import ROOT
from standardwebhooks import Webhook

from integration.processes.local_stack import environment

SECRET = "whsec_" + "Y29sZGZyYW1lLXRlc3RzLXNoYXJlZC1zZWNyZXQtMzI="
PATIENCE = 30.0


class Program:
    """`python WORDS…` as a process, and what it has written."""

    def __init__(self, words: Sequence[str], variables: Mapping[str, str], output: Path, *, forked: bool) -> None:
        self.output = output
        self.process: subprocess.Popen[bytes] | Forked
        with output.open("ab") as sink:
            if forked:
                self.process = forked_programs.start(words, variables, output=sink, errors=sink)
            else:
                self.process = subprocess.Popen(
                    [sys.executable, *words], env=dict(variables), stdout=sink, stderr=sink, cwd=ROOT
                )

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
def programs(folder: Path, *, forked: bool = True) -> Iterator[Callable[..., Program]]:
    """`start(words, variables)`: `python WORDS…`, see `forked_programs`; whatever still runs is killed at the end."""
    running: list[Program] = []

    def start(words: Sequence[str], **variables: str) -> Program:
        mine = {name: value for name, value in environment().items() if not name.startswith(_OURS)}
        given = mine | {"PYTHONPATH": forked_programs.PATH} | variables
        program = Program(words, given, folder / f"program-{len(running)}.log", forked=forked)
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
        waited = time.monotonic() - started
        if waited > seconds:
            msg = f"{what}: not within {seconds:g} s"
            raise AssertionError(msg)
        time.sleep(min(0.1, 0.01 + waited / 20))  # looking costs time that those who are waited for could use
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
