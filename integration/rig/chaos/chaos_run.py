"""One chaos run: load from the first second to the last, kills in between, then peace, then the comparison."""

import contextlib
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from random import Random  # noqa: TID251 - seeded: the same run every time

import requests
from redis import Redis

from integration.rig.chaos.chaos_check import check
from integration.rig.chaos.chaos_finding import Finding
from integration.rig.chaos.chaos_kills import Killer
from integration.rig.chaos.chaos_load import Parcel, Post, Senders, parcels
from integration.rig.stage.rig import Rig
from integration.store.outgoing import outbox
from integration.store.overall import store_figures
from integration.store.people import leads
from integration.store.queues import dirty
from integration.wiring import clock
from mappings.model import catalogue
from mappings.values.identifiers import first_of
from mappings.values.instant import SECOND

_TICK = 0.05
_QUIET = 2.0
SETTLING = 180
"""Seconds that everything may take to settle once the load has ended."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """How many kills, over how many seconds of load, how many to settle in then, and the seed of all chance."""

    kills: int
    seconds: int
    seed: int
    settling: int = SETTLING


@dataclass(slots=True)
class Chaos:
    """A run and what came of it; `tell` is called about twenty times a second."""

    running: Rig
    plan: Plan
    tell: Callable[["Chaos"], None]
    senders: Senders = field(init=False)
    killer: Killer = field(init=False)
    load: list[Parcel] = field(init=False)
    phase: str = "starting"
    waiting: int = 0
    """Pieces of work left, while settling."""
    flushes: int = 0
    settled: float = 0.0
    """Seconds from the end of the load until nothing was left to do."""

    def __post_init__(self) -> None:
        programs, seed = self.running.programs, self.plan.seed
        self.senders = Senders(post=self._post, now=clock.now)
        self.killer = Killer(pids=programs.pids, watch=programs.watch, chance=Random(seed))  # noqa: S311 - not cryptography
        people, span = self.running.people(), self.plan.seconds * SECOND
        self.load = parcels(people, seed=seed, start=clock.now(), span=span)

    @property
    def activities(self) -> int:
        """How many activities the load holds, each counted once."""
        return len({item["id"] for parcel in self.load for item in parcel.items})

    def run(self) -> Finding:
        """Do it all; what the comparison found."""
        self.senders.start(self.load)
        try:
            self._kill()
            while self.senders.busy():
                self._go_on("the last deliveries")
            ended = clock.monotonic()
            self._settle()
            self.settled = clock.monotonic() - ended
            self._go_on("comparing")
            finding = check(self.running, self.senders.answered, clock.now())
        finally:
            self.killer.bury()
        finding.same("activities answered", len(self.senders.answered), self.activities)
        finding.same("deliveries refused", self.senders.refused, [])
        finding.same("pieces of work left when it was compared", self.waiting, 0)
        finding.same("kills", self.killer.kills.total(), self.plan.kills)
        return finding

    def _post(self) -> Post:
        """A sender's own way to the service, on a connection of its own."""
        mine = replace(self.running, session=requests.Session())
        return lambda items, delivery, timeout: mine.post(items, delivery=delivery, timeout=timeout)

    def _kill(self) -> None:
        """All kills, spread over the load with some chance, and Redis wiped when half of them are done."""
        kills, chance = self.plan.kills, self.killer.chance
        begun, pause = clock.monotonic(), self.plan.seconds / (kills + 1)
        due = begun + pause
        while self.killer.kills.total() < kills and clock.monotonic() < begun + 2 * self.plan.seconds:
            self._go_on("killing")
            if clock.monotonic() < due:
                continue
            if self.killer.strike() is not None:
                due = begun + pause * (self.killer.kills.total() + chance.uniform(0.5, 1.5))
            if not self.flushes and self.killer.kills.total() * 2 >= kills:
                self._flush()

    def _flush(self) -> None:
        url = self.running.settings.redis_url
        if url is not None:
            with contextlib.closing(Redis.from_url(url.get_secret_value())) as redis:
                redis.flushall()
            self.flushes += 1

    def _settle(self) -> None:
        """Wait until nothing is left to do, and stays so for a while."""
        deadline = clock.monotonic() + self.plan.settling
        quiet: float | None = None
        while clock.monotonic() < deadline:
            self.waiting = self._left()
            self._go_on("settling")
            if self.waiting:
                quiet = None
            elif quiet is None:
                quiet = clock.monotonic()
            elif clock.monotonic() - quiet > _QUIET:
                return

    def _left(self) -> int:
        """Pieces of work anywhere between the sender and the CRMs; what waits for a record in a CRM does not count."""
        webhooks = int(self.running.ask("counts")["webhooks"]["pending"])
        with self.running.store.read() as conn:
            found = store_figures.counts(conn)
            sendable = sum(outbox.oldest(conn, name) is not None for name in map(first_of, catalogue.systems()))
            marked = len(dirty.take_accounts(conn, clock.now(), 1)) + len(leads.due(conn, clock.now(), 1))
        return webhooks + found.inbox["new"] + found.dirty + found.refresh + sendable + marked

    def _go_on(self, phase: str) -> None:
        """Keep the processes alive and the spectators informed."""
        self.phase = phase
        self.running.programs.watch()
        self.tell(self)
        time.sleep(_TICK)
