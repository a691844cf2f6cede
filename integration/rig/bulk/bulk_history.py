"""An invented past of any size, seeded, for measuring what is done for everybody at once. Memory does not grow with it.

No two things that somebody does lie closer than two hours: nobody's mail looks like a machine's. Now and then somebody
is idle for weeks.
"""

from collections.abc import Iterator, Mapping
from itertools import count, islice

from integration.rig.bench.bench_history import START, chance, deed
from mappings.values.identifiers import LeadId
from mappings.values.instant import DAY, HOUR, Instant

SPAN = 180 * DAY
_APART = 2 * HOUR
_PAGES = 500
_TOGETHER = 10
"""Rounds in a row in which somebody is busy, or is not."""
SENIORITIES = ("ic", "manager", "director", "vp", "unknown")
INDUSTRIES = ("software", "retail", "manufacturing")
EMPLOYEES = (5, 30, 120, 900)


def lead_id(number: int) -> LeadId:
    """The id of a lead, in the order of their numbers."""
    return LeadId(f"{number:032x}")


def fields(number: int) -> Mapping[str, str]:
    """What is known of a lead; `unknown` is a word that no rule asks for."""
    return {"seniority": SENIORITIES[chance(7 * number + 5) % len(SENIORITIES)], "source": "webinar"}


def company(number: int) -> Mapping[str, str | int]:
    """What is known of a company."""
    drawn = chance(11 * number + 3)
    return {"employees": EMPLOYEES[drawn % len(EMPLOYEES)], "industry": INDUSTRIES[drawn // 7 % len(INDUSTRIES)]}


def deeds(leads: int, activities: int) -> Iterator[tuple[int, Instant, str, dict[str, object]]]:
    """So many of (number of a lead, time, type, properties), by rounds of time."""
    yield from islice(_deeds(leads, activities), activities)


def end(leads: int, activities: int) -> Instant:
    """A time after everything."""
    return START + 3 * max(activities // leads, 1) * _round(leads, activities) + 30 * DAY


def _round(leads: int, activities: int) -> int:
    return max(SPAN // max(2 * activities // leads, 1), 3 * _APART)


def _deeds(leads: int, activities: int) -> Iterator[tuple[int, Instant, str, dict[str, object]]]:
    span, number = _round(leads, activities), 0
    for turn in count():
        for lead in range(leads):
            if chance(lead * 7_919 + turn // _TOGETHER) % 3 == 0:
                continue
            kind, properties = deed(number)
            told = dict(properties)
            if "url" in told:
                told["url"] = f"{told['url']}/{number % _PAGES}"
            yield lead, START + turn * span + chance(lead * 104_729 + turn) % (span - _APART), kind, told
            number += 1
