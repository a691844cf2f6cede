"""Clock time: when a clock runs out and how much working time has passed, by the hours of whoever had the lead when."""

from collections.abc import Iterator

from integration.core.hours.working_hours import WorkingHours, after, after_days, read, worked
from integration.core.model.state import Running
from integration.core.rules.automation_rules import Due
from integration.core.rules.calendar import Calendar, after_working_days, after_working_time
from mappings.values.instant import Instant, Span


def working_time_after(hours: WorkingHours, usual: Calendar, start: Instant, due: Due) -> Instant:
    """The instant that is so long after `start`: in plain time, or in working time of somebody's hours."""
    at, own = start, hours != WorkingHours()
    if due.span and due.working:
        at = after(hours, usual, at, due.span) if own else after_working_time(usual, at, due.span)
    elif due.span:
        at += due.span
    if not due.working_days:
        return at
    return after_days(hours, usual, at, due.working_days) if own else after_working_days(usual, at, due.working_days)


def deadline(usual: Calendar, run: Running, within: Due) -> Instant:
    """When a run of a clock is over: what has passed under one person's hours stays passed when another takes over.

    Working days are counted by the hours of who has the lead now; plain time has no hours.
    """
    if not run.hours or not (within.working or within.working_days):
        return working_time_after(WorkingHours(), usual, run.started, within)
    if within.working_days:
        return working_time_after(_read(run.hours[-1][1]), usual, run.started, within)
    left = within.span
    for hours, begins, ends in _parts(run):
        done = left if ends is None else worked(hours, usual, begins, ends)
        if done >= left:
            return after(hours, usual, begins, left)
        left -= done
    raise AssertionError  # the last part has no end


def working_time(usual: Calendar, run: Running, begins: Instant, ends: Instant) -> Span:
    """How much working time lies between two instants, by the hours of whoever had the lead when."""
    return sum(
        worked(hours, usual, max(begins, since), ends if until is None else min(ends, until))
        for hours, since, until in _parts(run)
    )


def _parts(run: Running) -> Iterator[tuple[WorkingHours, Instant, Instant | None]]:
    """By whose hours it counts, from when until when; the last one has no end. Before the start nobody's."""
    starts = [(run.started, ""), *run.hours]
    for number, (since, hours) in enumerate(starts):
        until = starts[number + 1][0] if number + 1 < len(starts) else None
        if until is None or until > since:
            yield _read(hours), since, until


def _read(hours: str) -> WorkingHours:
    return read(hours) or WorkingHours()
