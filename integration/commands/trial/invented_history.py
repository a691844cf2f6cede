"""An invented history of a few companies' leads, small enough to read: for trying `replay` and `backtest`."""

import json
from collections.abc import Iterator

from integration.rig.bench.bench_history import START, chance, deed
from mappings.values.instant import DAY, HOUR, show

_COMPANIES = (
    ("Acme", "acme.example", 120, "software", "DE"),
    ("Borealis", "borealis.example", 900, "manufacturing", "US"),
    ("Cobalt", "cobalt.example", 30, "retail", "FR"),
    ("Dunes", "dunes.example", 240, "software", "GB"),
)
_PEOPLE = ("ana", "bela", "chidi", "dana", "emre", "farah", "goran", "hana", "ines", "jonas")
_SENIORITIES = ("director", "manager", "ic", "vp")
_SOURCES = ("educational_download", "webinar", "inquiry", "trade_show")
_DAYS = 60
_WANTED = ("problem", "Reports take a week", "budget", "approved", "authority", "decides", "timeline", "this quarter")


def invented(leads: int) -> Iterator[str]:
    """The lines of a history of so many leads, always the same ones, as `coldframe replay` reads them."""
    for number, (name, domain, employees, industry, country) in enumerate(_COMPANIES):
        fields = {"name": name, "domain": domain, "employees": employees, "industry": industry, "country": country}
        yield _line(kind="account", account=f"company{number}", at=show(START), fields=fields)
    for number in range(leads):
        yield from _person(number)


def _person(number: int) -> Iterator[str]:
    """Who somebody is, then what they do; every fifth is won at the end, every seventh lost."""
    company, turn = number % len(_COMPANIES), number // len(_PEOPLE)
    name = f"{_PEOPLE[number % len(_PEOPLE)]}{turn + 1 if turn else ''}"
    begins = START + chance(number) % (_DAYS // 2) * DAY
    email = f"{name}@{_COMPANIES[company][1]}"
    fields = {
        "email": email,
        "first_name": name.capitalize(),
        "account": f"company{company}",
        "seniority": _SENIORITIES[chance(number + 31) % len(_SENIORITIES)],
        "source": _SOURCES[chance(number + 57) % len(_SOURCES)],
        **(dict(zip(_WANTED[::2], _WANTED[1::2], strict=True)) if number % 2 == 0 else {}),
    }
    yield _line(kind="lead", lead=name, at=show(begins), fields=fields)
    at = begins
    for step in range(6 + chance(number + 7) % 18):
        at += HOUR * (2 + chance(101 * number + step) % 60)
        kind, properties = deed(1000 * number + step)
        yield _line(kind="activity", id=f"{name}-{step}", lead=name, at=show(at), type=kind, properties=properties)
    if number % 5 == 0 or number % 7 == 0:
        ending = "opportunity_won" if number % 5 == 0 else "opportunity_lost"
        yield _line(kind="activity", id=f"{name}-deal", lead=name, at=show(at + 9 * DAY), type=ending)


def _line(**values: object) -> str:
    return json.dumps(values)
