"""One scale run: the same steps in stores of growing size, and what each costs for a lead beside the smallest."""

import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from random import Random  # noqa: TID251 - seeded: the same leads every time
from statistics import median
from typing import Any

from integration.flows.deciding.advance import advance
from integration.flows.delivering.deliver import deliver
from integration.rig.bulk import scale_store
from integration.rig.bulk.scale_ground import Moment, service_of
from integration.rig.bulk.scale_steps import LEADS, ROUNDS, Step, Steps
from integration.rig.publish_drill.living_people import SYSTEM
from integration.store.db.session import Store
from mappings.values.instant import DAY, HOUR, MINUTE, SECOND

MOST = 1.5
"""A step may cost so many times what it costs for a lead in the smallest store."""
_PLAYBOOK = "standard"
_SEED = 7
_QUIET = 3 * HOUR + 17 * MINUTE + 5 * SECOND
"""A time of day at which nothing falls due by the calendar: what does is everybody's work, not a step's."""

Tell = Callable[[str, int, int], None]
"""Gets what is being done, how far it is, and of how much."""


@dataclass(frozen=True, slots=True)
class Cost:
    """Microseconds for one lead (or page, or look): on the wall, and of this process's processor."""

    wall: float
    processor: float


@dataclass(slots=True, kw_only=True)
class Scale:
    """What every step cost by size of the store; `filled` are the seconds that filling up to each size took."""

    database: str
    activities: int
    costs: dict[int, dict[str, Cost]] = field(default_factory=dict)
    filled: dict[int, float] = field(default_factory=dict)
    bytes: dict[int, int] = field(default_factory=dict)

    @property
    def ratios(self) -> dict[str, dict[int, float]]:
        """By step and size: its cost to that in the smallest store.

        Processor time where the database is in this process, since it says the same on a busy machine; else the wall's.
        """
        found: defaultdict[str, dict[int, float]] = defaultdict(dict)
        for size, steps in self.costs.items():
            for name, cost in steps.items():
                found[name][size] = self.cost(cost) / max(self.cost(self.costs[min(self.costs)][name]), 1e-9)
        return dict(found)

    def cost(self, of: Cost) -> float:
        """The one of both that is compared."""
        return of.processor if self.database == "sqlite" else of.wall

    @property
    def over(self) -> dict[str, float]:
        """Steps that cost more than MOST times as much in the largest store, and how many times."""
        largest = max(self.costs)
        return {name: each[largest] for name, each in self.ratios.items() if each[largest] > MOST}

    def as_json(self) -> dict[str, Any]:
        """Plain values."""
        costs: Mapping[str, Any] = {
            str(size): {
                name: {"wall_us": round(cost.wall, 1), "processor_us": round(cost.processor, 1)}
                for name, cost in steps.items()
            }
            for size, steps in self.costs.items()
        }
        ratios = {name: {str(size): round(each, 2) for size, each in by.items()} for name, by in self.ratios.items()}
        return {
            "database": self.database,
            "activities_a_lead": self.activities,
            "costs": costs,
            "ratios": ratios,
            "over": {name: round(each, 2) for name, each in self.over.items()},
            "filled_seconds": {str(size): round(each, 1) for size, each in self.filled.items()},
            "bytes": {str(size): each for size, each in self.bytes.items()},
        }


def measured(  # noqa: PLR0913 - where, how much of what, and who hears of it
    url: str, sizes: Sequence[int], *, acts: int, people: int, tell: Tell, rounds: int = ROUNDS, at_once: int = LEADS
) -> Scale:
    """Fill the store at this address to each size, the smallest first, and measure there.

    `acts` activities are a lead's, `people` leads make the pattern that is copied. The median of `rounds` counts,
    each of `at_once` leads.
    """
    store = Store.open(url)
    store.migrate()
    now = Moment(0)
    try:
        tell("living through the pattern", 0, people)
        end = scale_store.pattern(store, people, people * acts)
        now.now = end - end % DAY + DAY + _QUIET
        service = service_of(store, _PLAYBOOK, now)
        while advance(service) + deliver(service, SYSTEM):
            pass
        found = Scale(database=store.url.get_backend_name(), activities=acts)
        copies = 1
        for size in sorted(sizes):
            began = time.monotonic()
            copies = scale_store.grown(store, people, copies, size, partial(_copying, tell, size))
            there = copies * people
            found.filled[there] = time.monotonic() - began
            found.bytes[there] = _bytes(store)
            steps = Steps(
                service=service,
                now=now,
                people=people,
                copies=copies,
                chance=Random(_SEED),  # noqa: S311 - not cryptography
                newest=there,
                rounds=rounds,
                at_once=at_once,
            )
            found.costs[there] = _costs(steps, tell)
            scale_store.stand(store, steps.version)
    finally:
        store.dispose()
    return found


def _costs(steps: Steps, tell: Tell) -> dict[str, Cost]:
    """The median of the rounds, after one that warms up."""
    took: defaultdict[str, list[Cost]] = defaultdict(list)
    for turn in range(steps.rounds + 1):
        tell("measuring", turn, steps.rounds + 2)
        for name, cost in _timed(steps.round()):
            if turn:
                took[name].append(cost)
    tell("measuring", steps.rounds + 1, steps.rounds + 2)
    for name, cost in _timed(steps.at_last()):
        took[name].append(cost)
    return {
        name: Cost(median(each.wall for each in costs), median(each.processor for each in costs))
        for name, costs in took.items()
    }


def _timed(steps: Iterator[Step]) -> Iterator[tuple[str, Cost]]:
    for step in steps:
        wall, processor = time.perf_counter(), time.process_time()
        step.work()
        processor, wall = time.process_time() - processor, time.perf_counter() - wall
        yield step.name, Cost(wall / step.count * 1e6, processor / step.count * 1e6)


def _copying(tell: Tell, size: int, there: int) -> None:
    tell("copying leads", there, size)


def _bytes(store: Store) -> int:
    """What an SQLite store measures, its log included; 0 for a server's database."""
    if store.url.get_backend_name() != "sqlite":
        return 0
    return sum(each.stat().st_size for each in Path(str(store.url.database)).parent.glob("*.db*"))
