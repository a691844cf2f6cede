"""Pool turns: who gets the next task of a pool, one task after the other, by what is known before the first."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

from integration.core.rules.calendar import Calendar
from integration.routing.availability import NO_LOAD, Load, passed_over
from integration.routing.routing_rules import NO_ROUTING, Absence, Routing
from integration.routing.turns import turn
from mappings.values.instant import Instant


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """Who is chosen ("" where nobody may), and why each of the others may not, by e-mail."""

    person: str = ""
    passed_over: Mapping[str, str]


@dataclass(slots=True, kw_only=True)
class PoolTurns:
    """What a batch of tasks is given out by: each task counts for the next one.

    `loads` are by person, `credit` by pool and person. `usual` is the calendar of whoever has no hours of their own.
    """

    routing: Routing = NO_ROUTING
    usual: Calendar = field(default_factory=Calendar)
    now: Instant = 0
    loads: dict[str, Load] = field(default_factory=dict)
    credit: dict[str, Mapping[str, int]] = field(default_factory=dict)
    turned: set[str] = field(default_factory=set)
    """The pools in which somebody has had a turn."""

    def take(self, name: str, due: Instant, unfit: Callable[[str], str]) -> Taken:
        """Whose turn it is in a pool, for a task that is due then; `unfit` says why somebody cannot have it at all."""
        members = self.routing.pools[name].members
        reasons = {each: unfit(each) or self.why_not(each, due) for each in members}
        passed = {each: why for each, why in reasons.items() if why}
        found = turn(members, self.credit.get(name, {}), [each for each in members if each not in passed])
        if found is None:
            return Taken(passed_over=passed)
        self.credit[name] = found.credit
        self.turned.add(name)
        return Taken(person=found.chosen, passed_over=passed)

    def why_not(self, person: str, due: Instant) -> str:
        """Why somebody may not get another task that is due then; "" where they may."""
        load = self.loads.get(person, NO_LOAD)
        return passed_over(self.routing.person(person), self.usual, load, now=self.now, due=due)

    def given(self, person: str) -> None:
        """Somebody got a task, by whatever rule: they have one more from now on."""
        load = self.loads.get(person, NO_LOAD)
        self.loads[person] = Load(open=load.open + 1, today=load.today + 1)


def with_absences(routing: Routing, absences: Mapping[str, tuple[Absence, ...]]) -> Routing:
    """The routing with people away at other times too."""
    if not absences:
        return routing
    people = dict(routing.people)
    for email, away in absences.items():
        known = routing.person(email)
        people[email] = replace(known, away=(*known.away, *away))
    return replace(routing, people=people)
