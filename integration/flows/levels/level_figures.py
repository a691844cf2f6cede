"""Level figures: of the clocks that began in a time, how many were met and missed, and how long each party took.

Read in batches, so that a year of a busy installation takes as much memory as its numbers.
"""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from math import ceil
from typing import Any, Literal, Protocol, TypeAlias

from integration.core.hours.time_taken import Shares
from integration.flows.base.service import HasRules, HasStore
from integration.flows.levels.split_times import TimedRun, split_times
from integration.store.assigning import clock_runs
from mappings.values.instant import SECOND, Instant, Span, show

By: TypeAlias = Literal["clock", "person", "pool"]
PARTIES = ("sender", "ours", "crm", "sales", "sales_working", "total")
"""Whose time is told apart; `sales_working` is sales' in working time, `total` all of it."""
_BATCH = 1_000
_NOBODY: Mapping[By, str] = {"clock": "", "person": "nobody", "pool": "no pool"}


@dataclass(slots=True, kw_only=True)
class Figures:
    """One clock, of one person or pool where that was asked: counts by state, and what the answers took.

    `late_by_others` are those of the missed ones in which sales has not had the time that was promised.
    """

    clock: str
    label: str
    group: str
    states: Counter[str] = field(default_factory=Counter)
    late_by_others: int = 0
    spans: dict[str, list[Span]] = field(default_factory=lambda: {name: [] for name in PARTIES})

    def count(self, timed: TimedRun) -> None:
        """Count one run; how long an answer took is known of those that were answered."""
        self.states[timed.state] += 1
        self.late_by_others += timed.late_by_others
        if timed.run.answer:
            for name, span in _spans(timed).items():
                self.spans[name].append(span)

    def quantile(self, name: str, share: float) -> Span | None:
        """What so many of the answers took at most, of one party's time (nearest rank); None where there are none."""
        found = sorted(self.spans[name])
        return found[max(0, ceil(share * len(found)) - 1)] if found else None

    def plain(self) -> dict[str, Any]:
        """As JSON, times in seconds."""
        spans = {
            word: {name: _seconds(self.quantile(name, share)) for name in PARTIES}
            for word, share in (("median", 0.5), ("p90", 0.9))
        }
        counts = {name: self.states[name] for name in ("met", "late", "overdue", "open", "ended")}
        total = {"n": self.states.total(), "late_by_others": self.late_by_others}
        return {"clock": self.clock, "label": self.label, "group": self.group, **total, **counts, **spans}


class Counting(HasStore, HasRules, Protocol):
    """The store, and the playbook whose clocks they are."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Levels:
    """Figures by clock and group, and the runs that are overdue now, the longest first."""

    figures: Sequence[Figures]
    overdue: Sequence[TimedRun]


def levels(service: Counting, since: Instant, before: Instant, by: By = "clock") -> Levels:
    """What became of the clocks that began from `since` on and before `before`."""
    found: defaultdict[tuple[str, str], list[Figures]] = defaultdict(list)
    overdue: list[TimedRun] = []
    now, playbook = service.now(), service.rules.playbook
    with service.store.read() as conn:
        for runs in clock_runs.started(conn, since, before, _BATCH):
            for timed in split_times(conn, playbook, runs, now):
                group = {"clock": "", "person": timed.person, "pool": timed.pool}[by] or _NOBODY[by]
                those = found[timed.run.clock, group]
                if not those:
                    those.append(Figures(clock=timed.run.clock, label=timed.label, group=group))
                those[0].count(timed)
                if timed.state == "overdue":
                    overdue.append(timed)
    places = {clock.name: number for number, clock in enumerate(playbook.clocks)}
    keys = sorted(found, key=lambda key: (places.get(key[0], len(places)), key))
    longest = sorted(overdue, key=lambda each: (each.run.due_at, each.run.key))
    return Levels(figures=[found[key][0] for key in keys], overdue=longest)


def plain_run(timed: TimedRun) -> dict[str, Any]:
    """One run as JSON: times as ISO 8601, spans in seconds."""
    run = timed.run
    return {
        "lead": run.lead_id,
        "clock": run.clock,
        "run": run.times,
        "state": timed.state,
        "started_at": show(run.started_at),
        "received_at": show(run.received_at),
        "in_crm_at": None if timed.stands is None else show(timed.stands),
        "due_at": show(run.due_at),
        "ended_at": None if run.ended_at is None else show(run.ended_at),
        "answer": run.answer or None,
        "person": timed.person or None,
        "pool": timed.pool or None,
        "connection": timed.connection or None,
        "late_by_others": timed.late_by_others,
        "plain": _plain(timed.taken.plain),
        "working": _plain(timed.taken.working),
    }


def _plain(shares: Shares) -> dict[str, float]:
    return {**{name: span / SECOND for name, span in asdict(shares).items()}, "total": shares.total / SECOND}


def _spans(timed: TimedRun) -> dict[str, Span]:
    plain = timed.taken.plain
    return {**asdict(plain), "sales_working": timed.taken.working.sales, "total": plain.total}


def _seconds(span: Span | None) -> float | None:
    return None if span is None else span / SECOND
