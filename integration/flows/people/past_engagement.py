"""Past engagement: how engaged the people of some accounts were at instants of the past, derived from their histories.

It is asked for of many instants, one after the other. Histories are read when the first is asked for, of everybody in
one go, and a lead is carried on from the instant before, so that an account costs one pass over its people's histories.
"""

from bisect import bisect
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection as Sql

from integration.core.compiled.compiled_playbook import CompiledPlaybook
from integration.core.model.events import Event
from integration.core.model.state import LeadState, newborn
from integration.core.rules.scoring_rules import POINT
from integration.core.run.apply_events import advance
from integration.core.run.decide import order
from integration.core.scoring.machines import marked
from integration.flows.base.service import Deriving
from integration.flows.history import load_events
from integration.store.people import leads
from mappings.model.canonical import Activity
from mappings.values.identifiers import AccountId, LeadId
from mappings.values.instant import Instant


@dataclass(slots=True)
class _Reached:
    """One lead's history, and how far it has been applied: `place` events, and all that fell due until `at`."""

    events: list[Event]
    state: LeadState
    place: int = 0
    at: Instant = 0

    def engagement(self, compiled: CompiledPlaybook, at: Instant) -> int:
        """How engaged the lead was, after everything that happened until then."""
        if at < self.at:
            self._from_the_beginning()
        end = self.place
        while end < len(self.events) and self.events[end].at <= at:
            end += 1
        self.state = advance(compiled, self.state, self.events[self.place : end], at, owned=True).state
        self.place, self.at = end, at
        return self.state.score.value // POINT

    def insert(self, event: Event) -> None:
        """Another event in its place; what came after it, if anything was applied, is applied anew."""
        place = bisect(self.events, order(event), key=order)
        self.events.insert(place, event)
        if place < self.place:
            self._from_the_beginning()

    def _from_the_beginning(self) -> None:
        self.state, self.place = newborn(self.state.lead), 0


class Engagement:
    """Of the people of these accounts, by the rules that the service has.

    Where the accounts are derived `anew`, what was derived for them is taken from `add`, not from the store: rules of
    before may have led to it. What a machine did is known from everything by now.
    """

    def __init__(
        self, conn: Sql, service: Deriving, people: Mapping[AccountId, Sequence[LeadId]], *, anew: bool = True
    ) -> None:
        self._conn, self._service, self._people = conn, service, people
        self._anew = anew
        self._reached: dict[str, _Reached] | None = None
        self._derived: list[Activity] = []

    def of(self, lead: str, *, at: Instant) -> int:
        """How engaged a lead was at an instant; 0 for somebody who is none of these."""
        if self._reached is None:
            self._reached = self._read()
            self._insert(self._derived)
        found = self._reached.get(lead)
        return 0 if found is None else found.engagement(self._service.rules.compiled, at)

    def add(self, derived: Iterable[Activity]) -> None:
        """This was derived just now, and counts from its time on."""
        if self._reached is None:
            self._derived += derived
        else:
            self._insert(derived)

    def _insert(self, derived: Iterable[Activity]) -> None:
        for each in derived:
            found = (self._reached or {}).get(each.lead)
            if found is not None:
                found.insert(each)

    def _read(self) -> dict[str, _Reached]:
        vocabulary = self._service.rules.vocabulary
        rows = leads.get(self._conn, [lead for each in self._people.values() for lead in each])
        said = load_events.whole(self._conn, rows, self._service.ownership, vocabulary)
        return {
            lead: _Reached([each for each in marked(vocabulary.machine, events) if not self._ours(each)], newborn(lead))
            for lead, events in said.items()
        }

    def _ours(self, event: Event) -> bool:
        return self._anew and isinstance(event, Activity) and event.derived and event.account in self._people
