"""One run of several hosts: one alone, four that share, one cut off, one added; and the comparison."""

import contextlib
import time
from collections import Counter
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
from integration.store.queues import lane_shards
from integration.wiring import clock
from mappings.values.instant import SECOND, Instant

_LINES = 4
_SOME, _LIVES = 300, 3
"""In the loads of some length so many people lead so many lives each; in the full ones everybody leads one."""
_SHARDS, _OTHER_SHARDS = 4, 6
_IDLE = 20.0
"""Seconds for which four hosts have nothing to do."""
_QUIET = 2.0
_PATIENCE = 900.0
_TICK = 0.05
_LOOK = 0.5
"""Seconds between two looks at whether anything is left to do: they cost the machine what hosts would use."""
ADDED_WITHIN = 30.0
MOST_CPU = 1.15
MOST_CALLS = 1.05
FULL = ("one", "four")
"""The loads that are sent as fast as they are answered: CPU time and calls are compared there. In the others a write
goes when its time is over, with what has gathered until then."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wave:
    """What one load did: how many activities, in how many seconds until nothing was left, and what it took."""

    activities: int
    seconds: float
    cpu: Mapping[str, float]
    """CPU seconds by host."""
    queues: Mapping[str, float]
    """CPU seconds of all hosts by what their processes call themselves."""
    decided: Mapping[str, int]
    """Leads decided about by host."""
    calls: Mapping[str, ScoreCalls]

    @property
    def cpu_per_thousand(self) -> float:
        """CPU seconds of all hosts' workers for a thousand activities."""
        return 1_000 * sum(self.cpu.values()) / self.activities if self.activities else 0.0

    @property
    def ratio(self) -> float:
        """Calls to both CRMs beside the fewest that could have carried as many writes."""
        fewest = sum(-(-each.writes // each.batch) for each in self.calls.values())
        return sum(each.calls for each in self.calls.values()) / fewest if fewest else 0.0


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
    idle: float = 0.0
    """CPU seconds that a host uses in a second in which there is nothing to do."""
    joined_after: float = 0.0
    """Seconds from the start of the added host until it had decided about its first lead."""

    def run(self) -> Finding:
        """Do it all; what the comparison found."""
        with contextlib.ExitStack() as stack:
            self.tell("One host, one shard …")
            self._add(stack, "host1")
            self._wave("warm", 0, 1)
            self.waves["one"] = self._wave("one", 0, 2)
            self.tell(f"Four hosts, {_SHARDS} shards …")
            part_lanes.part(_Waking(self.running.store), _SHARDS, actor="hosts run")
            for name in ("host2", "host3", "host4"):
                self._add(stack, name)
            self._wave("warm4", 0, 3)
            self.waves["four"] = self._wave("four", 0, 4)
            self._do_nothing()
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
        for name, wave in ((name, self.waves[name]) for name in FULL):
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
        people, most, lives = self.running.people(), 100, 1
        if seconds:
            people, most, lives = people[:_SOME], 6, _LIVES
        load = parcels(people, seed=seed, start=begin, span=span, name=name, most=most, lives=lives)
        forget(self.running)
        cpu, queues, decided = self._cpu(), self._queues(), self._decided()
        started = clock.monotonic()
        senders.start(load, _LINES)
        meanwhile()
        while senders.busy():
            self._go_on(_LOOK)
        self._settle()
        took = clock.monotonic() - started
        self.answered.update(senders.answered)
        self.refused += senders.refused
        done = Wave(
            activities=len(senders.answered),
            seconds=took,
            cpu={host: each - cpu.get(host, 0.0) for host, each in self._cpu().items()},
            queues={queue: each - queues.get(queue, 0.0) for queue, each in self._queues().items()},
            decided={host: each - decided.get(host, 0) for host, each in self._decided().items()},
            calls=score_calls(self.running),
        )
        shares = ", ".join(f"{host} {each}" for host, each in done.decided.items())
        self.tell(
            f"  {name}: {done.activities:,} activities in {took:.1f} s, {done.cpu_per_thousand:.2f} CPU s for 1,000,"
            f" {done.ratio:.2f} times the fewest calls; leads decided: {shares}"
        )
        self.tell("  " + ", ".join(f"{queue} {each:.1f} s" for queue, each in sorted(done.queues.items())))
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
        part_lanes.part(_Waking(self.running.store), _OTHER_SHARDS, actor="hosts run")
        while not host.decided() and clock.monotonic() - started < _PATIENCE:
            self._go_on()
        self.joined_after = clock.monotonic() - started

    def _do_nothing(self) -> None:
        """See what hosts use that have nothing to do."""
        before, started = sum(self._cpu().values()), clock.monotonic()
        while (seconds := clock.monotonic() - started) < _IDLE:
            self._go_on()
        self.idle = (sum(self._cpu().values()) - before) / seconds / len(self.hosts)
        self.tell(f"  idle: {self.idle:.4f} CPU seconds a host and second")

    def _settle(self) -> None:
        """Wait until nothing is left to do, and stays so for a while."""
        deadline = clock.monotonic() + _PATIENCE
        quiet: float | None = None
        while clock.monotonic() < deadline:
            done = self._done()
            self._go_on(_LOOK)
            if not done:
                quiet = None
            elif quiet is None:
                quiet = clock.monotonic()
            elif clock.monotonic() - quiet > _QUIET:
                return
        msg = f"{self.running.waiting()} pieces of work are still under way; see {self.running.log}"
        raise RuntimeError(msg)

    def _done(self) -> bool:
        if not self.running.settled() or self.running.ask("counts")["webhooks"]["pending"]:
            return False
        with self.running.store.read() as conn:
            return not leads.due(conn, clock.now(), 1)

    def _go_on(self, seconds: float = _TICK) -> None:
        self.running.programs.watch()
        for host in self.hosts.values():
            if not host.gone:
                host.programs.watch()
        time.sleep(seconds)

    def _cpu(self) -> dict[str, float]:
        return {name: host.cpu_seconds() for name, host in self.hosts.items()}

    def _queues(self) -> Counter[str]:
        found: Counter[str] = Counter()
        for host in self.hosts.values():
            found.update(host.cpu_of_queues())
        return found

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
