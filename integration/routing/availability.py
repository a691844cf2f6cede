"""Availability: why somebody may not get a task of a pool now, in words, or that they may."""

from dataclasses import dataclass, replace
from datetime import date, timedelta

from integration.core.rules.calendar import Calendar, at_minute, in_working_time, wall_clock
from integration.routing.routing_rules import Absence, Person
from mappings.values.instant import Instant, day_in


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """How many tasks somebody has that are open, and how many they were given today, whatever for."""

    open: int = 0
    today: int = 0


NO_LOAD = Load()


def zone_of(person: Person, usual: Calendar) -> str:
    """The zone in which somebody's days are counted: that of their hours, else the playbook's."""
    return person.hours[0].timezone if person.hours else usual.timezone


def day_began(person: Person, usual: Calendar, now: Instant) -> Instant:
    """When somebody's day began."""
    where = zone_of(person, usual)
    return at_minute(day_in(now, where), 0, where)


def passed_over(person: Person, usual: Calendar, load: Load, *, now: Instant, due: Instant) -> str:
    """Why somebody may not get a task that is due then; "" where they may.

    They may while they are not away, work now or before the task is due, and have room. `usual` is the calendar of
    whoever has no hours of their own.
    """
    today = day_in(now, zone_of(person, usual)).isoformat()
    absence = next((each for each in person.away if each.first <= today <= each.last), None)
    if absence is not None:
        return f"is away until {absence.last}"
    if person.most_open is not None and load.open >= person.most_open:
        return f"has {load.open} of at most {person.most_open} open tasks"
    if person.most_per_day is not None and load.today >= person.most_per_day:
        return f"was given {load.today} of at most {person.most_per_day} tasks today"
    begins = next_at_work(person, usual, now)
    if begins > max(now, due):
        return f"is not at work before the task is due, but from {wall_clock(begins, zone_of(person, usual))} on"
    return ""


def next_at_work(person: Person, usual: Calendar, now: Instant) -> Instant:
    """When somebody works from now on: now, or the next time."""
    free = frozenset(day for absence in person.away for day in _days(absence))
    return min(in_working_time(replace(each, holidays=each.holidays | free), now) for each in person.hours or (usual,))


def _days(absence: Absence) -> list[str]:
    first, last = date.fromisoformat(absence.first), date.fromisoformat(absence.last)
    return [(first + timedelta(days=number)).isoformat() for number in range((last - first).days + 1)]
