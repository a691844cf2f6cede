"""A worker host: the workers of one machine, which reach database, Redis and CRMs through relays of their own."""

import contextlib
import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import SplitResult, urlsplit, urlunsplit

from integration.processes.supervisor import WORKERS, Member, Programs, descendants, kill_all
from integration.rig.hosts.cut_relay import CutRelay

_RELAYED = ("DATABASE_URL", "REDIS_URL", "HUBSPOT_API_URL", "SALESFORCE_API_URL")
_PORTS = {"postgresql": 5432, "redis": 6379, "http": 80}


@dataclass(slots=True)
class WorkerHost:
    """One host, running; `log` has what its workers write, one JSON document a line."""

    name: str
    programs: Programs
    log: Path
    relays: tuple[CutRelay, ...]
    gone: bool = False
    _spent: Mapping[str, float] = field(default_factory=dict)

    def pids(self) -> list[int]:
        """The processes of the host."""
        return [each for pid in self.programs.pids().values() for each in (pid, *descendants(pid))]

    def cut(self) -> None:
        """No byte gets from this host to anywhere any more, nor back."""
        self._spent, self.gone = self.cpu_of_queues(), True
        for relay in self.relays:
            relay.cut()

    def cpu_seconds(self) -> float:
        """What its processes have used so far, those that have ended among them."""
        return sum(self.cpu_of_queues().values())

    def cpu_of_queues(self) -> Mapping[str, float]:
        """The same by what the processes call themselves, `worker advance` and so on."""
        if self.gone:
            return self._spent
        spent: dict[str, float] = {}
        for pid in set(self.pids()):
            name, seconds = _cpu_seconds(pid)
            spent[name] = spent.get(name, 0.0) + seconds
        return spent

    def decided(self) -> int:
        """How many leads its workers have decided about and saved."""
        return sum(int(line["leads"]) for line in self._lines() if line.get("event") == "advanced")

    def fenced(self) -> int:
        """How often one of its workers found that a lane was somebody else's by now."""
        return sum(line.get("event") == "lease lost" for line in self._lines())

    def _lines(self) -> Iterator[Mapping[str, Any]]:
        with self.log.open(encoding="utf-8", errors="replace") as lines:
            for line in lines:
                with contextlib.suppress(ValueError):
                    found = json.loads(line)
                    if isinstance(found, dict):
                        yield found


@contextlib.contextmanager
def worker_host(name: str, environment: Mapping[str, str], data: Path) -> Iterator[WorkerHost]:
    """Start the workers of a host, and stop them at the end; those that were cut off are killed."""
    with contextlib.ExitStack() as stack:
        relays: dict[tuple[str, int] | str, CutRelay] = {}
        mine = {**environment, "COLDFRAME_LOG_LEVEL": "info", "COLDFRAME_LOG_FORMAT": "json"}
        for variable in _RELAYED:
            parts = urlsplit(mine[variable])
            goal = _goal(parts)
            if goal not in relays:
                relays[goal] = stack.enter_context(CutRelay(goal))
            mine[variable] = _moved(parts, relays[goal].port)
        programs = Programs((Member(name=WORKERS, arguments=("worker",)),), mine, data / f"{name}.log")
        stack.enter_context(programs)
        host = WorkerHost(name, programs, data / f"{name}.log", tuple(relays.values()))
        try:
            yield host
        finally:
            if host.gone:
                kill_all(host.pids())


def _goal(parts: SplitResult) -> tuple[str, int] | str:
    if parts.scheme == "unix":
        return parts.path
    return parts.hostname or "127.0.0.1", parts.port or _PORTS[parts.scheme.partition("+")[0]]


def _moved(parts: SplitResult, port: int) -> str:
    """The same address at a port of the loopback."""
    user = parts.netloc.rpartition("@")[0]
    place = f"{user}@127.0.0.1:{port}" if user else f"127.0.0.1:{port}"
    if parts.scheme == "unix":
        return urlunsplit(("redis", place, "/0", "", ""))
    return urlunsplit((parts.scheme, place, parts.path, parts.query, parts.fragment))


def _cpu_seconds(pid: int) -> tuple[str, float]:
    """What a process calls itself, and what it and those of its children that it has waited for used; 0 once gone."""
    with contextlib.suppress(OSError, ValueError, IndexError):
        name, _, numbers = Path(f"/proc/{pid}/stat").read_text(encoding="ascii", errors="replace").rpartition(")")
        return name.partition("(")[2], sum(map(int, numbers.split()[11:15])) / os.sysconf("SC_CLK_TCK")
    return "", 0.0
