"""Time taken: how the time from what a lead did to sales' answer splits into the sender's, ours, the CRM's and sales'.

Every instant between the start of a clock and its answer is one party's: the sender's until we received it, ours until
the task stands in the CRM, sales' from then on; and the CRM's wherever it kept us, or sales, from working. Pure.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from integration.core.hours.clock_time import working_time
from integration.core.model.state import Running
from integration.core.rules.calendar import Calendar, Stretch, joined
from mappings.values.instant import Instant, Span

_Length: TypeAlias = Callable[[Sequence[Stretch]], Span]


@dataclass(frozen=True, slots=True, kw_only=True)
class Outage:
    """A time in which a CRM could not be used. `for_us` alone: it limited our calls, and people could work in it."""

    begins: Instant
    ends: Instant
    for_us: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Shares:
    """How long each party took, in plain or in working time. `sender` is what passed before we received it."""

    sender: Span = 0
    ours: Span = 0
    crm: Span = 0
    sales: Span = 0

    @property
    def total(self) -> Span:
        """All of it: from the start of the clock to the answer, or to now."""
        return self.sender + self.ours + self.crm + self.sales


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """The same time split in plain time and in the working time of whoever had the lead when."""

    plain: Shares
    working: Shares


@dataclass(frozen=True, slots=True, kw_only=True)
class Course:
    """What happened in a clock's run until `ends`.

    `received` is when we received what started it, `stands` when its task stood in the CRM (None: not yet), `outages`
    those of the CRM that the task is in.
    """

    run: Running
    received: Instant
    stands: Instant | None
    ends: Instant
    outages: Sequence[Outage] = ()


def taken(usual: Calendar, course: Course) -> Taken:
    """How the time of a clock's run splits; `usual` is the playbook's calendar."""
    run, ends, outages = course.run, course.ends, course.outages
    received = min(max(course.received, run.started), ends)
    there = ends if course.stands is None else min(max(course.stands, received), ends)
    before = _clipped(((each.begins, each.ends) for each in outages), received, there)
    after = _clipped(((each.begins, each.ends) for each in outages if not each.for_us), there, ends)

    def split(length: _Length) -> Shares:
        down_before, down_after = length(before), length(after)
        return Shares(
            sender=length([(run.started, received)]),
            ours=length([(received, there)]) - down_before,
            crm=down_before + down_after,
            sales=length([(there, ends)]) - down_after,
        )

    return Taken(
        plain=split(lambda found: sum(until - since for since, until in found)),
        working=split(lambda found: sum(working_time(usual, run, since, until) for since, until in found)),
    )


def _clipped(found: Iterable[Stretch], begins: Instant, ends: Instant) -> list[Stretch]:
    """What of these, each counted once, lies between two instants."""
    inside = sorted((max(since, begins), min(until, ends)) for since, until in found)
    return list(joined((since, until) for since, until in inside if since < until))
