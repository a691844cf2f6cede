"""Working hours: when one person works, as the text that stands with a task they were given, and how time passes by it.

`Mon-Thu 09:00-17:00 Europe/Lisbon; Fri 09:00-12:00 Europe/Lisbon; free 2026-12-25; away 2026-12-20..2027-01-03`: on
free days they do not work; on days on which they are away the playbook's calendar counts, so that no clock stands still
because somebody is not there. The empty text is the playbook's calendar.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta
from functools import lru_cache

from integration.core.rules import calendar
from integration.core.rules.calendar import Calendar, Stretch, at_minute
from mappings.values.instant import Instant, Span, day_in

_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_HOURS = re.compile(r"(?P<h1>\d\d):(?P<m1>\d\d)-(?P<h2>\d\d):(?P<m2>\d\d)")
_DATED = re.compile(r"(?P<what>free|away) (?P<first>\d{4}-\d\d-\d\d)(?:\.\.(?P<last>\d{4}-\d\d-\d\d))?")
_LONGEST = 4_000
"""Characters of such a text; a longer one is none of ours."""
_MOST_DAYS = 800
"""The longest absence that is read; routing.yaml allows two years."""
_SEARCH = 3700


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkingHours:
    """When one person works: weekly hours in one zone, with their holidays, and the days (ISO) they are away.

    Without weekly hours they work by the playbook's calendar.
    """

    weekly: tuple[Calendar, ...] = ()
    away: frozenset[str] = frozenset()


def written(weekly: Iterable[Calendar], free: Iterable[str] = (), away: Iterable[tuple[str, str]] = ()) -> str:
    """The text of somebody's hours; "" where they have none. `free` are days, `away` first and last days."""
    parts = [
        f"{','.join(_DAYS[day] for day in each.weekdays)} {_minute(each.opens)}-{_minute(each.closes)} {each.timezone}"
        for each in weekly
    ]
    if not parts:
        return ""
    parts += [f"free {day}" for day in sorted(set(free))]
    parts += [f"away {first}" if first == last else f"away {first}..{last}" for first, last in sorted(set(away))]
    return "; ".join(parts)


def read(text: str) -> WorkingHours | None:
    """What such a text says; None where it cannot be read. The empty text is the playbook's calendar."""
    return _read(" ".join(text.split())) if len(text) <= _LONGEST else None


@lru_cache(maxsize=2_000)
def _read(text: str) -> WorkingHours | None:
    if not text:
        return WorkingHours()
    weekly: list[Calendar] = []
    off: dict[str, set[str]] = {"free": set(), "away": set()}
    for part in text.split(";"):
        if found := _DATED.fullmatch(part.strip()):
            days = _between(found["first"], found["last"] or found["first"])
            if days is None:
                return None
            off[found["what"]].update(days)
        elif (each := _weekly(part.strip())) is not None:
            weekly.append(each)
        else:
            return None
    if len({each.timezone for each in weekly}) != 1:
        return None
    free = frozenset(off["free"])
    return WorkingHours(weekly=tuple(replace(each, holidays=free) for each in weekly), away=frozenset(off["away"]))


def zone_of(text: str) -> str:
    """The zone of such a text's hours; "" where it has none."""
    found = read(text)
    return found.weekly[0].timezone if found is not None and found.weekly else ""


def after(hours: WorkingHours, usual: Calendar, start: Instant, span: Span) -> Instant:
    """The instant at which somebody has worked for so long since `start`; `usual` is the playbook's calendar."""
    return calendar.passed(calendar.joined(_stretches(hours, usual, start)), start, span)


def after_days(hours: WorkingHours, usual: Calendar, start: Instant, days: int) -> Instant:
    """When somebody begins to work on the so-many-th of their working days after the day of `start`."""
    timezone = _timezone(hours, usual)
    day, left = day_in(start, timezone), days
    for _ in range(_SEARCH):
        day += timedelta(days=1)
        ends = at_minute(day, 24 * 60, timezone)
        opens = next((begins for begins, _ in _of_day(hours, usual, day, timezone) if begins < ends), None)
        left -= opens is not None
        if opens is not None and not left:
            return opens
    return calendar.after_working_days(usual, start, days)


def worked(hours: WorkingHours, usual: Calendar, begins: Instant, ends: Instant) -> Span:
    """How long somebody works between two instants."""
    return calendar.overlap(calendar.joined(_stretches(hours, usual, begins)), begins, ends) if begins < ends else 0


def _stretches(hours: WorkingHours, usual: Calendar, start: Instant) -> Iterator[Stretch]:
    if not hours.away:
        yield from calendar.stretches(hours.weekly or (usual,), start)
        return
    timezone = _timezone(hours, usual)
    day = day_in(start, timezone)
    for _ in range(_SEARCH):
        yield from _of_day(hours, usual, day, timezone)
        day += timedelta(days=1)


def _of_day(hours: WorkingHours, usual: Calendar, day: date, timezone: str) -> Iterator[Stretch]:
    """The working time of one day: their own, or the playbook's on a day on which they are away."""
    begins, ends = at_minute(day, 0, timezone), at_minute(day, 24 * 60, timezone)
    away = day.isoformat() in hours.away or not hours.weekly
    for opens, closes in calendar.stretches((usual,) if away else hours.weekly, begins):
        if opens >= ends:
            return
        if closes > begins:
            yield max(opens, begins), min(closes, ends)


def _timezone(hours: WorkingHours, usual: Calendar) -> str:
    return hours.weekly[0].timezone if hours.weekly else usual.timezone


def _weekly(part: str) -> Calendar | None:
    days, _, rest = part.rpartition(" ")[0].rpartition(" ")
    found, chosen, zone = _HOURS.fullmatch(rest), _weekdays(days), part.rpartition(" ")[2]
    if found is None or chosen is None or calendar.zone(zone) is None:
        return None
    opens, closes = int(found["h1"]) * 60 + int(found["m1"]), int(found["h2"]) * 60 + int(found["m2"])
    if not opens < closes <= 24 * 60:
        return None
    return Calendar(timezone=zone, opens=opens, closes=closes, weekdays=chosen)


def _weekdays(text: str) -> tuple[int, ...] | None:
    chosen: set[int] = set()
    for piece in text.split(","):
        ends = [end.strip().title() for end in piece.split("-")]
        if len(ends) > len(("first", "last")) or not set(ends) <= set(_DAYS):
            return None
        chosen.update(range(_DAYS.index(ends[0]), _DAYS.index(ends[-1]) + 1))
    return tuple(sorted(chosen))


def _between(first: str, last: str) -> list[str] | None:
    try:
        begins, ends = date.fromisoformat(first), date.fromisoformat(last)
    except ValueError:
        return None
    if not 0 <= (ends - begins).days <= _MOST_DAYS:
        return None
    return [(begins + timedelta(days=number)).isoformat() for number in range((ends - begins).days + 1)]


def _minute(minute: int) -> str:
    return f"{minute // 60:02}:{minute % 60:02}"
