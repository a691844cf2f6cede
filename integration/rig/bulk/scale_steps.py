"""The steps that are measured: each does its work for a bounded number of leads, whatever the size of the store."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from random import Random  # noqa: TID251 - seeded: the same leads every time
from typing import Any, TypeAlias

import msgspec

from integration.flows.base import running_playbook
from integration.flows.bulk.score_leads import Scorer
from integration.flows.deciding import rederive
from integration.flows.deciding.advance import advance
from integration.flows.deciding.decide_leads import decide_batch
from integration.flows.delivering.deliver import deliver
from integration.flows.intake.ingest import ingest
from integration.flows.levels import week_figures
from integration.flows.looking.search_leads import search_leads
from integration.flows.publishing import put_in_force
from integration.flows.upkeep.sweep import sweep
from integration.rig.bulk import bulk_history, scale_store
from integration.rig.bulk.scale_ground import Moment
from integration.rig.publish_drill.living_people import SYSTEM, Person
from integration.store.events import activities
from integration.store.events.activities import NewActivity
from integration.store.events.playbook_versions import Terms, Texts
from integration.store.overall import figure_snapshots
from integration.store.people.lead_lists import LeadFilter, LeadPage, Place
from integration.store.queues import derivation_walk, dirty, inbox, leases
from integration.store.queues.derivation_walk import Walk
from integration.wiring.whole_service import Service
from mappings.values.instant import DAY, HOUR, SECOND, show

LEADS = 100
"""Leads of one round of a step."""
ROUNDS = 5
"""Of each step; the median counts."""
_PAST = 10
"""Activities that each of them comes with."""
_MIDDLE = 20
"""A score in the middle of the list."""
_LOOKS = 10
_COMPANIES = 20

Work: TypeAlias = Callable[[], object]


@dataclass(frozen=True, slots=True)
class Step:
    """One round of a step: for how many leads (or pages, looks …) it is done, and the work that is timed."""

    name: str
    count: int
    work: Work


@dataclass(slots=True, kw_only=True)
class Steps:
    """The steps in a store of so many `copies` of `people`. What a round changes is carried through in it."""

    service: Service
    now: Moment
    people: int
    copies: int
    chance: Random
    rounds: int
    at_once: int
    """Leads of one round."""
    newest: int
    """What tells the people who are new in a round; nobody else is in the store by that number."""

    def round(self) -> Iterator[Step]:
        """Each step once; its work has to be done before the next is asked for."""
        self.now.forward()
        self._sent([self._some() for _ in range(self.at_once)])
        yield Step("ingest", self.at_once, partial(ingest, self.service))
        yield Step("advance", self.at_once, partial(advance, self.service))
        yield Step("deliver", self.at_once, partial(deliver, self.service, SYSTEM))
        self._carried_through()
        yield Step("rescore", self.at_once, self._rescored)
        self._joined()
        yield Step("decide about new people", self.at_once, partial(advance, self.service))
        self._carried_through()
        yield Step("list of leads, a page", len(self._pages()), self._pages)
        yield Step("a look of every lane", _LOOKS, self._looks)

    def at_last(self) -> Iterator[Step]:
        """What is counted over everybody, once, and some rounds of deriving everybody under new rules."""
        everybody = self.people * self.copies
        yield Step("figures of the console", everybody, lambda: figure_snapshots.count(self.service.store, self.now()))
        service = running_playbook.following(self.service)
        yield Step("report of a week", everybody, partial(week_figures.count, service))
        self._published()
        with self.service.store.write() as conn:
            lease = leases.take(conn, "advance", self.service.lanes.holder, HOUR)
        if lease is None:
            msg = "nobody else works this store"
            raise RuntimeError(msg)
        service = running_playbook.in_force(self.service, lease)
        version = service.rules.number or 0
        for _ in range(self.rounds):
            self._walk(Walk(version=version, accounts=self._some().account, accounts_at_once=_COMPANIES))
            yield Step("publish: derive a company", _COMPANIES, partial(rederive.accounts, service, lease))
        for _ in range(self.rounds):
            self._walk(Walk(version=version, accounts=None, leads=self._some().id, leads_at_once=self.at_once))
            yield Step("publish: derive a lead", self.at_once, partial(decide_batch, service, lease))
        self._walk(Walk(version=version, accounts=None, leads=None))
        with self.service.store.write() as conn:
            leases.release(conn, lease)
        self._carried_through()

    @property
    def version(self) -> int:
        """The number of the rules in force."""
        return running_playbook.following(self.service).rules.number or 0

    def _some(self) -> Person:
        """Anybody."""
        return scale_store.person(self.chance.randrange(self.copies), self.chance.randrange(self.people))

    def _sent(self, crowd: Sequence[Person]) -> None:
        """One delivery of a click of each of these."""
        items = [
            {
                "id": f"new-{self.now()}-{number}",
                "type": "email_click",
                "at": show(self.now() - SECOND),
                "email": each.email,
                "properties": {"campaign": "spring"},
            }
            for number, each in enumerate(crowd)
        ]
        with self.service.store.write() as conn:
            inbox.add(conn, [("activities", {}, msgspec.json.encode({"activities": items}), self.now())])

    def _carried_through(self) -> None:
        """Whatever follows from a round is done before the next one."""
        while advance(self.service) + deliver(self.service, SYSTEM):
            pass

    def _rescored(self) -> None:
        service = running_playbook.following(self.service)
        with service.store.read() as conn:
            Scorer(service).scored(conn, {self._some().id: self.now() for _ in range(self.at_once)})

    def _joined(self) -> None:
        """New people, as a first sync stores them: with a past, and marked."""
        self.newest += 1
        crowd = [Person(number, f"new{self.newest}") for number in range(self.at_once)]
        scale_store.add(self.service.store, crowd, self.now() - 90 * DAY)
        done: Iterator[Any] = bulk_history.deeds(self.at_once, self.at_once * _PAST)
        past = [
            NewActivity(
                f"activities:{crowd[lead].mark}-{number}", crowd[lead].id, self.now() - DAY + number, kind, said, "past"
            )
            for number, (lead, _, kind, said) in enumerate(done)
        ]
        with self.service.store.write() as conn:
            activities.keep(conn, past)
            dirty.mark(conn, [each.id for each in crowd], self.now())

    def _pages(self) -> list[LeadPage]:
        """As people look: the hottest, those in the middle, a stage, the last changed, one by name, and a beginning."""
        one, first = self._some(), LeadFilter()
        return [
            search_leads(self.service, first),
            search_leads(self.service, first, after=Place(_MIDDLE, one.id)),
            search_leads(self.service, LeadFilter(stage="mql")),
            search_leads(self.service, LeadFilter(order="change")),
            search_leads(self.service, first, one.email),
            search_leads(self.service, first, one.email[:9]),
        ]

    def _looks(self) -> None:
        for _ in range(_LOOKS):
            ingest(self.service)
            advance(self.service)
            deliver(self.service, SYSTEM)
            sweep(self.service)

    def _published(self) -> None:
        """The same rules once more: everybody has to be derived anew."""
        before, _ = put_in_force.current_rules(self.service)
        rules = self.service.rules
        terms = Terms(author="bench-scale", reason="what deriving everybody costs")
        over = before.number if before else None
        put_in_force.publish(self.service, rules.compiled, Texts(playbook=rules.playbook.text), terms, over=over)

    def _walk(self, found: Walk) -> None:
        with self.service.store.write() as conn:
            derivation_walk.walked(conn, found, self.now())
