"""Two playbooks side by side, in counts that one can put on a screen."""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from statistics import median
from types import MappingProxyType

from integration.backtest.history_facts import NOBODY, Facts, Person
from integration.backtest.tally import Tally
from integration.core.rules.calendar import day_number, working_day
from integration.core.run.standing import Standing
from mappings.values.instant import DAY, Instant, Span

_EPOCH_DAY = date(1970, 1, 1).toordinal()
UNNAMED: Mapping[str, str] = MappingProxyType({})


@dataclass(frozen=True, slots=True, kw_only=True)
class Ratio:
    """So many of so many; `share` is None of nothing."""

    count: int
    of: int

    @property
    def share(self) -> float | None:
        """Between 0 and 1."""
        return self.count / self.of if self.of else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Gate:
    """The gate against won leads. A lead counts as let through if it became an MQL, and before it was won.

    `true_positive`: let through and won. `false_positive`: let through and not won, of which `lost` were lost and
    `open` have no outcome yet. `false_negative`: won without having been let through. `leads`: all of them.
    """

    leads: int
    true_positive: int
    false_positive: int
    false_negative: int
    lost: int
    open: int

    @property
    def precision(self) -> Ratio:
        """Of those let through, how many were won."""
        return Ratio(count=self.true_positive, of=self.true_positive + self.false_positive)

    @property
    def precision_decided(self) -> Ratio:
        """As precision, of those let through whose outcome is known."""
        return Ratio(count=self.true_positive, of=self.true_positive + self.lost)

    @property
    def recall(self) -> Ratio:
        """Of those won, how many were let through."""
        return Ratio(count=self.true_positive, of=self.true_positive + self.false_negative)


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """The tasks of one person: in all, per working day of the period, and on the busiest day."""

    owner: str
    tasks: int
    per_day: float
    most: int
    busiest: date
    days: Mapping[date, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Side:
    """What one playbook would have done. `median` is from first activity to MQL, over `timed` leads."""

    playbook: str
    title: str
    mqls: int
    held: int
    weeks: Mapping[date, int]
    """Monday → leads that became MQLs in that week; every week of the period."""
    median: Span | None
    timed: int
    tasks: int
    loads: tuple[Load, ...]
    """Of people; the busiest first."""
    unassigned: Load | None
    """What the next of the pool would get."""
    plays: Mapping[str, int]
    gate: Gate | None
    """None where the history knows no outcomes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Moved:
    """A lead that becomes an MQL under one playbook alone, and where the other one had it then."""

    lead: str
    name: str
    email: str
    at: Instant
    because: str
    outcome: str
    """`won`, `lost` or ""."""
    elsewhere: str

    @property
    def who(self) -> str:
        """`Ana Silva, ana@acme.example`: what is known of the two, else the lead's id."""
        return ", ".join(each for each in (self.name, self.email) if each) or self.lead


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """Two playbooks over one history."""

    since: Instant
    until: Instant
    leads: int
    activities: int
    won: int
    lost: int
    working_days: int
    a: Side
    b: Side
    both: int
    neither: int
    only_a: tuple[Moved, ...]
    only_b: tuple[Moved, ...]


def compared(facts: Facts, a: Tally, b: Tally, owners: Mapping[str, str] = UNNAMED) -> Comparison:
    """Compare two tallies over the same facts. `owners` are the names of owners by what the history calls them."""
    since, until = facts.since or 0, facts.until or 0
    calendar = a.playbook.calendar
    days = [*_days(since, until, calendar.timezone)]
    people = facts.people
    working = max(1, sum(working_day(calendar, day) for day in days))
    return Comparison(
        since=since,
        until=until,
        leads=len(people),
        activities=facts.activities,
        won=sum(each.won is not None for each in people.values()),
        lost=sum(each.won is None and each.lost is not None for each in people.values()),
        working_days=working,
        a=_side(a, facts, days, working, owners),
        b=_side(b, facts, days, working, owners),
        both=len(a.mqls.keys() & b.mqls.keys()),
        neither=len(people.keys() - a.mqls.keys() - b.mqls.keys()),
        only_a=tuple(_moved(a, b, facts)),
        only_b=tuple(_moved(b, a, facts)),
    )


def _days(since: Instant, until: Instant, timezone: str) -> Iterator[date]:
    for number in range(day_number(since, timezone), day_number(until, timezone) + 1):
        yield _date(number)


def _date(number: int) -> date:
    return date.fromordinal(number + _EPOCH_DAY)


def _side(tally: Tally, facts: Facts, days: list[date], working: int, owners: Mapping[str, str]) -> Side:
    waits = [
        effect.at - first for lead, effect in tally.mqls.items() if (first := facts.people[lead].first) is not None
    ]
    loads = sorted(
        (_load(owners.get(owner, owner), counts, working) for owner, counts in tally.tasks.items()),
        key=lambda load: (-load.tasks, load.owner),
    )
    return Side(
        playbook=tally.playbook.name,
        title=tally.playbook.title or tally.playbook.name,
        mqls=len(tally.mqls),
        held=len(tally.held - tally.mqls.keys()),
        weeks=_weeks(tally, days),
        median=round(median(waits)) if waits else None,
        timed=len(waits),
        tasks=sum(load.tasks for load in loads),
        loads=tuple(load for load in loads if load.owner != NOBODY),
        unassigned=next((load for load in loads if load.owner == NOBODY), None),
        plays=dict(tally.plays.most_common()),
        gate=_gate(tally, facts.people) if facts.outcomes else None,
    )


def _weeks(tally: Tally, days: list[date]) -> Mapping[date, int]:
    weeks = dict.fromkeys((_monday(day) for day in days), 0)
    zone = tally.playbook.calendar.timezone
    found = Counter(_monday(_date(day_number(effect.at, zone))) for effect in tally.mqls.values())
    return weeks | dict(found)


def _monday(day: date) -> date:
    return date.fromordinal(day.toordinal() - day.weekday())


def _load(owner: str, counts: Counter[int], working: int) -> Load:
    busiest, most = max(counts.items(), key=lambda item: (item[1], -item[0]))
    return Load(
        owner=owner,
        tasks=counts.total(),
        per_day=counts.total() / working,
        most=most,
        busiest=_date(busiest),
        days={_date(day): count for day, count in sorted(counts.items())},
    )


def _gate(tally: Tally, people: Mapping[str, Person]) -> Gate:
    through = {lead for lead, effect in tally.mqls.items() if _in_time(effect.at, people[lead].won)}
    won = {lead for lead, person in people.items() if person.won is not None}
    missed = through - won
    lost = sum(people[lead].lost is not None for lead in missed)
    return Gate(
        leads=len(people),
        true_positive=len(through & won),
        false_positive=len(missed),
        false_negative=len(won - through),
        lost=lost,
        open=len(missed) - lost,
    )


def _in_time(at: Instant, won: Instant | None) -> bool:
    return won is None or at <= won


def _moved(one: Tally, other: Tally, facts: Facts) -> Iterator[Moved]:
    for lead, effect in sorted(one.mqls.items(), key=lambda item: (item[1].at, item[0])):
        if lead not in other.mqls:
            person = facts.people[lead]
            yield Moved(
                lead=lead,
                name=person.name,
                email=person.email,
                at=effect.at,
                because=", ".join(effect.because),
                outcome="won" if person.won is not None else "lost" if person.lost is not None else "",
                elsewhere=_where(one.elsewhere.get(lead)),
            )


def _where(standing: Standing | None) -> str:
    """`warm, 55 = 40 + 15`: fit and engagement; and what kept the lead from sales, where that is known."""
    if standing is None:
        return "not known yet"
    scores = f"{standing.band}, {standing.total} = {standing.fit} + {standing.engagement}"
    held = f", waits: {', '.join(standing.missing)} missing" if standing.missing else ""
    stage = f", {standing.stage}" if standing.stage != "inquiry" else ""
    return f"{scores}{stage}{held}{', excluded' if standing.excluded else ''}"


def days(span: Span) -> str:
    """A span as so many days, `3.5 days`."""
    return f"{span / DAY:.1f} days"
