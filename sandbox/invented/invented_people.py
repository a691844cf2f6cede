"""Believable leads and companies, all invented, the same for the same seed."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal, TypeAlias, TypeVar

from sandbox.invented.invented_words import (
    CITIES,
    COMPANY_STEMS,
    COMPANY_TAILS,
    COMPETITORS,
    FIRST_NAMES,
    INDUSTRIES,
    LAST_NAMES,
    SOURCES,
    TECHNOLOGIES,
    TITLES,
)
from sandbox.shared.seeded_random import Chance

T = TypeVar("T")
Home: TypeAlias = Literal["hubspot", "salesforce", "both"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Company:
    """An invented company. `industry` is a key of vocabulary.INDUSTRIES; `revenue` in whole euros a year."""

    name: str
    domain: str
    industry: str
    employees: int
    revenue: int
    city: str
    country: str
    timezone: str
    technologies: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """An invented lead. `home` says which systems know them; `at_account` whether Salesforce has them as a Contact."""

    first: str
    last: str
    email: str
    title: str
    phone: str
    company: Company
    source: str
    home: Home
    at_account: bool
    opted_out: bool
    problem: str
    budget: str
    timeline: str


_PROBLEMS = (
    "Leads go cold between marketing and sales",
    "Nobody trusts the score in the CRM",
    "Follow-up takes three days on average",
    "Two systems, two truths about the same account",
    "Webinar leads are never called",
)
_BUDGETS = ("approved", "planned for next quarter", "under 10k", "10k to 50k", "not yet")
_TIMELINES = ("this quarter", "next quarter", "within six months", "just looking")


def companies(count: int, *, seed: int) -> list[Company]:
    """That many companies, every name and domain once."""
    chance = Chance(f"companies {seed}")
    names = [f"{stem} {tail}" for stem in COMPANY_STEMS for tail in COMPANY_TAILS]
    chance.shuffle(names)
    return [_company(name, chance) for name in names[:count]]


def people(count: int, *, seed: int) -> list[Person]:
    """That many people at companies of one to a dozen leads each, every e-mail once."""
    chance = Chance(f"people {seed}")
    firms = companies(max(1, count * 2 // 5), seed=seed)
    taken: set[str] = set()
    found: list[Person] = []
    while len(found) < count:
        firm = firms[min(int(chance.expovariate(2.2) * len(firms)), len(firms) - 1)]
        person = _person(firm, chance)
        if person.email not in taken:
            taken.add(person.email)
            found.append(person)
    return found


def _company(name: str, chance: Chance) -> Company:
    city, country, timezone = chance.choice(CITIES)
    employees = min(20_000, max(3, int(chance.lognormvariate(5.0, 1.5))))
    per_head = chance.randint(90, 260) * 1_000
    return Company(
        name=name,
        domain=name.lower().replace(" ", "-").replace("&", "and") + ".example",
        industry=_weighted(chance, list(INDUSTRIES), [one.weight for one in INDUSTRIES.values()]),
        employees=employees,
        revenue=employees * per_head,
        city=city,
        country=country,
        timezone=timezone,
        technologies=tuple(sorted(chance.sample(TECHNOLOGIES, chance.randint(1, 4)))),
    )


def _person(company: Company, chance: Chance) -> Person:
    first, last = chance.choice(FIRST_NAMES), chance.choice(LAST_NAMES)
    title = _weighted(chance, [title for title, _ in TITLES], [weight for _, weight in TITLES])
    sources = list(SOURCES)
    if chance.random() < _RIVALS:
        name, domain = chance.choice(COMPETITORS)
        company = replace(company, name=name, domain=domain)
    answered = chance.random() < _ANSWERED
    return Person(
        first=first,
        last=last,
        email=f"{_plain(first)}.{_plain(last)}@{company.domain}",
        title=title,
        phone=f"+{chance.choice(_DIALS)} 555 {chance.randint(100, 999)} {chance.randint(1000, 9999)}",
        company=company,
        source=_weighted(chance, sources, [SOURCES[source] for source in sources]),
        home=_weighted(chance, _HOMES, (50, 25, 25)),
        at_account=chance.random() < _AT_ACCOUNT,
        opted_out=chance.random() < _OPTED_OUT,
        problem=chance.choice(_PROBLEMS) if answered else "",
        budget=chance.choice(_BUDGETS) if answered else "",
        timeline=chance.choice(_TIMELINES) if answered else "",
    )


_DIALS = (1, 31, 33, 44, 45, 46, 49)
_RIVALS = 0.02
"""The part of leads who work for a competitor and only look."""
_OPTED_OUT = 0.03
_ANSWERED = 0.25
"""The part of leads whose problem, budget and timeline sales knows."""
_AT_ACCOUNT = 0.3
_HOMES: tuple[Home, ...] = ("hubspot", "salesforce", "both")
_PLAIN = str.maketrans("áäåæçèéëíïñóöøúüşłž", "aaaaceeeiinooouuslz")


def _plain(name: str) -> str:
    return name.lower().translate(_PLAIN).replace(" ", "").replace("'", "")


def _weighted(chance: Chance, options: Sequence[T], weights: Sequence[int]) -> T:
    return chance.choices(options, weights)[0]
