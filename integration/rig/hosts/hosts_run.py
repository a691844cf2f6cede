"""One run of several hosts: one alone, four that share, one cut off, one added; and the comparison."""

import contextlib
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

import requests

from integration.flows.upkeep import part_lanes
from integration.rig.bench.bench_crm import ScoreCalls, forget, score_calls
from integration.rig.chaos.chaos_check import check
from integration.rig.chaos.chaos_finding import Finding
from integration.rig.chaos.chaos_load import Post, Senders, parcels
from integration.rig.hosts.worker_host import WorkerHost, worker_host
from integration.rig.stage.rig import Rig
from integration.store.db.session import Store
from integration.store.people import leads
from integration.store.queues import dirty, lane_shards
from integration.wiring import clock
from mappings.values.instant import SECOND, Instant

_LINES = 4
_FEW, _MANY = 3, 12
"""So many lives each person leads at once: in loads of some length, and in those by which CPU time is compared."""
_QUIET = 2.0
_PATIENCE = 240.0
_TICK = 0.05
ADDED_WITHIN = 30.0
MOST_CPU = 1.15
MOST_CALLS = 1.05


@dataclass(frozen=True, slots=True, kw_only=True)
class Wave:
    """What one load did: how many activities, in how many seconds until nothing was left, and what it took."""

    activities: int
    seconds: float
    cpu: Mapping[str, float]
    """CPU seconds by host."""
    decided: Mapping[str, int]
    """Leads decided about by host."""
    calls: Mapping[str, ScoreCalls]

    @property
    def cpu_per_thousand(self) -> float:
        """CPU seconds of all hosts' workers for a thousand activities."""
        return 1_000 * sum(self.cpu.values()) / self.activities if self.activities else 0.0

    @property
    def ratio(self) -> float:
        """The most calls to a CRM beside the fewest that could have carried as many writes."""
        return max((each.filled for each in self.calls.values()), default=0.0)


@dataclass(slots=True)
class HostsRun:
    """A run, and what came of it; `tell` gets a word on what is being done."""

    running: Rig
    data: Path
    tell: Callable[[str], None]
    seconds: int
    waves: dict[str, Wave] = field(default_factory=dict)
    answered: dict[str, Mapping[str, object]] = field(default_factory=dict)
    refused: list[str] = field(default_factory=list)
    hosts: dict[str, WorkerHost] = field(default_factory=dict)
    resumed_after: float = 0.0
    """Seconds from the cut until nothing was left to do of what was sent until the end of that load."""
    joined_after: float = 0.0
    """Seconds from the start of the added host until it had decided about its first lead."""

    def run(self) -> Finding:
        """Do it all; what the comparison found."""
        with contextlib.ExitStack() as stack:
            self.tell("One host, one shard …")
            self._add(stack, "host1")
            self._wave("warm", 0, 1)
            self.waves["one"] = self._wave("one", 0, 2)
            self.tell("Four hosts, eight shards …")
            part_lanes.part(_Waking(self.running.store), 8, actor="hosts run")
            for name in ("host2", "host3", "host4"):
                self._add(stack, name)
            self._wave("warm4", 0, 3)
            self.waves["four"] = self._wave("four", 0, 4)
            self.tell("One host is cut off in the middle of its batch …")
            self.waves["cut"] = self._wave("cut", self.seconds, 5, self._cut)
            self.tell("A host is added, and the number of shards changed, under load …")
            self.waves["added"] = self._wave("added", self.seconds, 6, lambda: self._added(stack))
            self.tell("Comparing …")
            finding = check(self.running, self.answered, clock.now())
            finding.same("deliveries refused", self.refused, [])
            self._judge(finding)
            return finding

    def _judge(self, finding: Finding) -> None:
        one, four, added = self.waves["one"], self.waves["four"], self.waves["added"]
        if four.cpu_per_thousand > MOST_CPU * one.cpu_per_thousand:
            finding.differences.append(
                f"four hosts need {four.cpu_per_thousand:.2f} CPU seconds for 1,000 activities,"
                f" one needs {one.cpu_per_thousand:.2f}: more than {MOST_CPU} times as many"
            )
        for name, wave in self.waves.items():
            if wave.ratio > MOST_CALLS:
                finding.differences.append(f"{name}: {wave.ratio:.2f} times as many calls as would have done")
        idle = [name for name in self.hosts if not four.decided.get(name) and name != "host5"]
        finding.same("hosts that had no share", idle, [])
        if not added.decided.get("host5") or self.joined_after > ADDED_WITHIN:
            finding.differences.append(f"the added host had no share within {ADDED_WITHIN:.0f} s")

    def _add(self, stack: contextlib.ExitStack, name: str) -> WorkerHost:
        environment = self.running.programs.environment
        self.hosts[name] = stack.enter_context(worker_host(name, environment, self.data))
        return self.hosts[name]

    def _wave(self, name: str, seconds: int, seed: int, meanwhile: Callable[[], None] = lambda: None) -> Wave:
        """Send a load over so many seconds, 0 for as fast as it is answered, and wait until nothing is left to do."""
        senders = Senders(post=self._post, now=clock.now)
        span = max(1, seconds) * SECOND
        begin = clock.now() - (0 if seconds else span)
        people, most, lives = self.running.people(), 6 if seconds else 100, _FEW if seconds else _MANY
        load = parcels(people, seed=seed, start=begin, span=span, name=name, most=most, lives=lives)
        forget(self.running)
        cpu, decided = self._cpu(), self._decided()
        started = clock.monotonic()
        senders.start(load, _LINES)
        meanwhile()
        while senders.busy():
            self._go_on()
        self._settle()
        took = clock.monotonic() - started
        self.answered.update(senders.answered)
        self.refused += senders.refused
        done = Wave(
            activities=len(senders.answered),
            seconds=took,
            cpu={host: each - cpu.get(host, 0.0) for host, each in self._cpu().items()},
            decided={host: each - decided.get(host, 0) for host, each in self._decided().items()},
            calls=score_calls(self.running),
        )
        shares = ", ".join(f"{host} {each}" for host, each in done.decided.items())
        self.tell(
            f"  {name}: {done.activities:,} activities in {took:.1f} s, {done.cpu_per_thousand:.2f} CPU s for 1,000,"
            f" {done.ratio:.2f} times the fewest calls; leads decided: {shares}"
        )
        return done

    def _cut(self) -> None:
        """Wait until a worker of the fourth host holds a shard of leads, and cut the host off."""
        host = self.hosts["host4"]
        deadline = clock.monotonic() + _PATIENCE
        while clock.monotonic() < deadline:
            mine = {str(pid) for pid in host.pids()}
            with self.running.store.read() as conn:
                held = lane_shards.holders(conn)
            at_work = [name for name, each in held.items() if each.name.rpartition(":")[2] in mine]
            if any(name.startswith("advance:") for name in at_work):
                host.cut()
                self.tell(f"Cut off while it worked {', '.join(sorted(at_work))}")
                return
            self._go_on(0.002)
        msg = "the fourth host held no shard of leads"
        raise RuntimeError(msg)

    def _added(self, stack: contextlib.ExitStack) -> None:
        started = clock.monotonic()
        host = self._add(stack, "host5")
        part_lanes.part(_Waking(self.running.store), 6, actor="hosts run")
        while not host.decided() and clock.monotonic() - started < _PATIENCE:
            self._go_on()
        self.joined_after = clock.monotonic() - started

    def _settle(self) -> None:
        """Wait until nothing is left to do, and stays so for a while."""
        deadline = clock.monotonic() + _PATIENCE
        quiet: float | None = None
        while clock.monotonic() < deadline:
            left = self._left()
            self._go_on()
            if left:
                quiet = None
            elif quiet is None:
                quiet = clock.monotonic()
            elif clock.monotonic() - quiet > _QUIET:
                return
        msg = f"{self._left()} pieces of work are still under way; see {self.running.log}"
        raise RuntimeError(msg)

    def _left(self) -> int:
        webhooks = int(self.running.ask("counts")["webhooks"]["pending"])
        with self.running.store.read() as conn:
            marked = len(dirty.take_accounts(conn, clock.now(), 1)) + len(leads.due(conn, clock.now(), 1))
        return webhooks + marked + self.running.waiting()

    def _go_on(self, seconds: float = _TICK) -> None:
        self.running.programs.watch()
        for host in self.hosts.values():
            if not host.gone:
                host.programs.watch()
        time.sleep(seconds)

    def _cpu(self) -> dict[str, float]:
        return {name: host.cpu_seconds() for name, host in self.hosts.items()}

    def _decided(self) -> dict[str, int]:
        return {name: host.decided() for name, host in self.hosts.items()}

    def _post(self) -> Post:
        """A sender's own way to the service, on a connection of its own."""
        mine = replace(self.running, session=requests.Session())
        return lambda items, delivery, timeout: mine.post(items, delivery=delivery, timeout=timeout)


@dataclass(frozen=True, slots=True)
class _Waking:
    """What a flow takes that changes the number of shards. The workers' own sweep wakes their lanes."""

    store: Store
    now: Callable[[], Instant] = clock.now
    wake: Callable[[str], None] = lambda _lane: None
