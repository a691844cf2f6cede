"""The publish drill: a living installation, edit after edit published, processes killed, and everything compared."""

import os
import signal
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import partial
from random import Random  # noqa: TID251 - seeded: the same run every time

from integration.flows.base.running_playbook import published
from integration.flows.publishing.impact import Impact
from integration.processes.supervisor import children
from integration.rig.chaos.chaos_finding import Finding
from integration.rig.publish_drill import publish_ground
from integration.rig.publish_drill.living_past import live
from integration.rig.publish_drill.living_people import Person
from integration.rig.publish_drill.publish_check import Followed, compare, stored
from integration.rig.publish_drill.published_edits import (
    EDITS,
    WORDS,
    WORDS_WITHOUT_AN_ADDRESS,
    WORDS_WITHOUT_THE_ACTIVITY,
    living,
)
from integration.rig.stage.rig import Rig, activity
from integration.store.events import activities, playbook_versions
from integration.store.events.playbook_versions import Texts, Version, What
from integration.store.people import leads
from integration.store.queues import derivation_walk, dirty, inbox, records_to_read
from integration.wiring import clock
from integration.wiring.whole_service import Service
from mappings.values.instant import DAY, SECOND, Instant
from mappings.vocabulary.files.load_vocabulary import shipped
from mappings.vocabulary.files.parse_vocabulary import parse

PATIENCE = 600.0
"""Seconds that one re-derivation may take."""
_BEFORE = 60 * DAY
_BUSY = 4
"""People who do something during every re-derivation; they work at one firm."""
_TICK = 0.02


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """How many leads there are, how often the re-deriving processes are killed, and the seed of all chance."""

    leads: int
    kills: int
    seed: int


@dataclass(slots=True, kw_only=True)
class Published:
    """One edit: what was predicted, what followed, and how long it took."""

    name: str
    predicted: Impact
    followed: Followed
    finding: Finding
    kills: int
    impact_seconds: float
    seconds: float
    """From the publication until everybody was derived."""
    waited: float
    """The longest time that a new activity waited for its decision meanwhile."""


@dataclass(slots=True)
class PublishDrill:
    """One run; `tell` is called with what is being done, how far it is, and of how much."""

    running: Rig
    plan: Plan
    tell: Callable[[str, int, int], None]
    edits: list[Published] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    """What was refused, as it should be: the place at which a word is used."""
    kills: int = 0
    differences: list[str] = field(default_factory=list)
    seconds: float = 0.0
    _delivered: set[str] = field(default_factory=set)
    """The keys of what people did while others were derived anew."""

    def run(self) -> None:
        """Live through the past, publish every edit in turn, and compare."""
        began = time.monotonic()
        chance = Random(f"publish {self.plan.seed}")  # noqa: S311 - not cryptography
        service = self.begun()
        text = living()
        steps: list[tuple[str, What, Texts]] = []
        for edit in EDITS[:-1]:
            text = edit.of(text)
            steps.append((edit.name, "playbook", Texts(playbook=text, vocabulary=WORDS)))
        steps.append(
            ("a vocabulary without an address", "vocabulary", Texts(playbook=text, vocabulary=WORDS_WITHOUT_AN_ADDRESS))
        )
        steps.append(
            (EDITS[-1].name, "playbook", Texts(playbook=EDITS[-1].of(text), vocabulary=WORDS_WITHOUT_AN_ADDRESS))
        )
        self._refused(text)
        for number, (name, what, said) in enumerate(steps):
            due = self.plan.kills * (number + 1) // len(steps) - self.kills
            self.edits.append(self._edit(service, name, what, said, [chance.uniform(0.1, 0.8) for _ in range(due)]))
        self._arrived(service)
        if self.kills != self.plan.kills:
            self.differences.append(f"{self.kills} kills, expected {self.plan.kills}")
        self.seconds = time.monotonic() - began

    def begun(self) -> Service:
        """A service on an installation that has lived through its past, with nothing left to do."""
        self.running.tell("webhooks", {"url": ""})
        service = publish_ground.service_of(self.running)
        publish_ground.begin(service, service.now() - _BEFORE)
        live(self.running, service, self.plan.leads, self.plan.seed, self.tell)
        return service

    def _refused(self, text: str) -> None:
        """A vocabulary that takes away a word that the playbook uses names the place; nothing is published."""
        words, _ = parse(WORDS_WITHOUT_THE_ACTIVITY, "words.yaml", shipped())
        if words is None:
            msg = "the vocabulary without the activity is none"
            raise RuntimeError(msg)
        problems = publish_ground.missed(text, words)
        self.refused = [str(each) for each in problems]
        if not any("guided_tour" in each for each in self.refused):
            self.differences.append("a vocabulary that takes a used word away was not refused")

    def _edit(self, service: Service, name: str, what: What, said: Texts, kills: list[float]) -> Published:
        self._settle(service)
        before, predicted_at = stored(service), service.now()
        began = time.monotonic()
        predicted = publish_ground.predicted(
            replace(service, now=lambda: predicted_at),
            said,
            lambda done, total: self.tell(f"{name}: impact", done, total),
        )
        impact_seconds = time.monotonic() - began
        version = publish_ground.publish(service, said, what, name)
        began, killed = time.monotonic(), self.kills
        waited = self._rederived(service, version, name, kills)
        seconds = time.monotonic() - began
        self._settle(service)
        self.tell(f"{name}: comparing", 0, 0)
        compiled = published(service).rules.compiled
        busy = frozenset(each.id for each in self._busy())
        compared = partial(
            compare,
            service,
            compiled,
            version.number,
            predicted=predicted,
            predicted_at=predicted_at,
            before=before,
            fresh=busy,
        )
        finding, followed = compared()
        if finding.differences:  # a record of the CRM may have been read during the comparison
            self._settle(service)
            finding, followed = compared()
        self.differences += [f"{name}: {each}" for each in finding.differences]
        return Published(
            name=name,
            predicted=predicted,
            followed=followed,
            finding=finding,
            kills=self.kills - killed,
            impact_seconds=impact_seconds,
            seconds=seconds,
            waited=waited,
        )

    def _busy(self) -> list[Person]:
        last = self.plan.leads - 1
        return [Person(number) for number in range(last - last % _BUSY, self.plan.leads)]

    def _rederived(self, service: Service, version: Version, name: str, kills: list[float]) -> float:
        """Wait until everybody is derived; kill on the way, and have people do something."""
        deadline = time.monotonic() + PATIENCE
        due, waited = sorted(kills), 0.0
        sent: Instant | None = self._deliver(version)
        while time.monotonic() < deadline:
            self.running.programs.watch()
            with service.store.read() as conn:
                walk = derivation_walk.walk(conn, version.number)
            done = self.plan.leads if walk.leads is None else _number(walk.leads)
            self.tell(f"{name}: derived anew", done, self.plan.leads)
            if due and walk.accounts is None and (done >= due[0] * self.plan.leads or walk.over) and self._kill():
                due.pop(0)
            if sent is not None and self._decided(service, sent):
                waited = max(waited, (service.now() - sent) / SECOND)
                sent = None
            if walk.over and sent is None:
                return waited
            time.sleep(_TICK)
        self.differences.append(f"{name}: not everybody was derived anew within {PATIENCE:.0f} s")
        return waited

    def _deliver(self, version: Version) -> Instant:
        now = clock.now()
        items = [
            activity(f"busy-{version.number}-{each.number}", each.email, "page_view", now, {"page": "pricing"})
            for each in self._busy()
        ]
        self.running.post(items, delivery=f"busy-{version.number}").raise_for_status()
        self._delivered.update(f"activities:{item['id']}" for item in items)
        return now

    def _decided(self, service: Service, since: Instant) -> bool:
        ids = [each.id for each in self._busy()]
        with service.store.read() as conn:
            if inbox.pending(conn, 1) or dirty.marked(conn, ids):
                return False
            return all(row.updated_at >= since for row in leads.get(conn, ids))

    def _kill(self) -> bool:
        """SIGKILL to the job that derives, where there is one now."""
        worker = self.running.programs.pids().get("worker advance", 0)
        for child in children(worker) if worker else ():
            try:
                os.kill(child, signal.SIGKILL)
            except ProcessLookupError:
                continue
            self.kills += 1
            return True
        return False

    def _settle(self, service: Service) -> None:
        """Until nothing is left to decide."""

        def still() -> bool:
            now = service.now()
            with service.store.read() as conn:
                found = playbook_versions.current(conn)
                return not (
                    inbox.pending(conn, 1)
                    or any(records_to_read.take(conn, name, now, 1) for name in service.connections)
                    or dirty.take_accounts(conn, now, 1)  # before leads: an account that is derived marks its leads
                    or dirty.take(conn, now, 1)
                    or leads.due(conn, now, 1)
                    or (found is not None and not derivation_walk.walk(conn, found.number).over)
                )

        self.tell("settling", 0, 0)
        if not self.running.wait(still, seconds=PATIENCE, every=0.1):
            self.differences.append(f"work was left after {PATIENCE:.0f} s")

    def _arrived(self, service: Service) -> None:
        """Every task stands in the CRM once, at most; what people delivered is stored."""
        times = Counter(str(task["key"]) for task in self.running.tasks() if task["key"])
        twice = sorted(key for key, number in times.items() if number > 1)
        if twice:
            self.differences.append(f"tasks written more than once: {twice[:5]}")
        with service.store.read() as conn:
            lost = self._delivered - activities.known(conn, self._delivered)
        if lost:
            self.differences.append(f"activities lost: {sorted(lost)[:5]}")


def _number(lead: str) -> int:
    return int(lead.removeprefix("lead") or 0)
