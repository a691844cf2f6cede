"""The team of a season: people in sales with hours, managers, absences and habits, and the routing that names them."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from random import Random  # noqa: TID251 - seeded: the same team every time
from typing import Any, Literal, TypeAlias

from integration.core.rules.calendar import zone
from integration.rig.season.season_plan import START, Plan
from mappings.values.instant import DAY, HOUR, Instant, day_in, to_datetime
from sandbox.server import Sandbox

Habit: TypeAlias = Literal["quick", "slow", "never", "rejects", "forgets", "by_hand", "passes_on", "deletes"]
_HABITS: Mapping[Habit, int] = {
    "quick": 30,
    "slow": 28,
    "rejects": 12,
    "forgets": 9,
    "by_hand": 8,
    "never": 6,
    "passes_on": 4,
    "deletes": 3,
}
"""How common each is."""
_REGIONS: Sequence[tuple[str, str, Sequence[str], int]] = (
    ("dach", "Europe/Berlin", ("DE", "CH"), 3),
    ("uki", "Europe/London", ("GB", "IE"), 4),
    ("benefrance", "Europe/Paris", ("FR", "NL"), 2),
    ("iberia", "Europe/Lisbon", ("PT", "ES"), 2),
    ("nordics", "Europe/Stockholm", ("SE", "DK"), 2),
    ("americas", "America/New_York", ("US", "CA"), 5),
    ("apac", "Asia/Singapore", ("AU", "SG"), 1),
    ("everywhere", "Europe/London", (), 1),
)
"""Pool, the zone of its people, the countries of its leads, and its part of the team. The last takes who is left."""
_AWAY, _LEAVES, _IN_ONE_CRM = 0.25, 0.1, 0.1
_OPENS, _CLOSES = 9, 17
_FRIDAY = 4


@dataclass(slots=True, kw_only=True, eq=False)
class Seller:
    """Somebody in sales. `hubspot` and `salesforce` are their ids there, "" where they have none."""

    number: int
    email: str
    zone: str
    pool: str
    habit: Habit
    manager: "Seller | None" = None
    away: tuple[str, str] | None = None
    leaves: Instant | None = None
    hubspot: str = ""
    salesforce: str = ""

    def left(self, at: Instant) -> bool:
        """Whether they have left the company by then."""
        return self.leaves is not None and self.leaves <= at

    def absent(self, at: Instant) -> bool:
        """Whether they are away on that day of theirs."""
        return self.away is not None and self.away[0] <= day_in(at, self.zone).isoformat() <= self.away[1]

    def user(self, system: str) -> str:
        """Their id in a CRM."""
        return self.hubspot if system == "hubspot" else self.salesforce

    def next_at_work(self, at: Instant) -> Instant:
        """The first instant from `at` on at which they work."""
        while self.absent(at) or not _open(at, self.zone):
            at += max(1, 60 - to_datetime(at).astimezone(zone(self.zone)).minute) * 60_000_000
        return at


def _open(at: Instant, where: str) -> bool:
    """Whether people in a zone work then."""
    local = to_datetime(at).astimezone(zone(where))
    return local.weekday() <= _FRIDAY and _OPENS <= local.hour < _CLOSES


@dataclass(slots=True, kw_only=True)
class Team:
    """Everybody in sales, and who stands behind an id of a CRM."""

    sellers: list[Seller] = field(default_factory=list)
    managers: list[Seller] = field(default_factory=list)
    known: dict[tuple[str, str], Seller] = field(default_factory=dict)

    @property
    def everybody(self) -> list[Seller]:
        """Sellers and managers."""
        return [*self.sellers, *self.managers]

    def at_work(self, since: Instant, until: Instant) -> bool:
        """Whether a working hour of anybody lies between two instants."""
        zones = {each.zone for each in self.everybody}
        hours = range(since // HOUR, -(-until // HOUR))
        return any(_open(hour * HOUR, name) for hour in hours for name in zones)

    def of(self, system: str, user: str) -> Seller | None:
        """Whose id that is; None for a queue, and for the users that the sandbox starts with."""
        return self.known.get((system, user))

    def colleague(self, of: Seller, system: str, at: Instant, chance: Random) -> Seller | None:
        """Somebody of the same pool who is there."""
        there = [
            each
            for each in self.sellers
            if each is not of and each.pool == of.pool and each.user(system) and not each.left(at)
        ]
        return chance.choice(there) if there else None


def team(plan: Plan) -> Team:
    """So many people in sales, the same for the same seed; no CRM knows them yet."""
    chance, found = Random(f"team {plan.seed}"), Team()  # noqa: S311 - not cryptography
    pools = _pools(plan.sdrs)
    for name, where, _, _ in _REGIONS:
        if name in pools:
            number = len(found.managers)
            found.managers.append(
                Seller(number=number, email=f"lead-of-{name}@sales.example", zone=where, pool=name, habit="quick")
            )
    chiefs = {each.pool: each for each in found.managers}
    top = found.managers[-1]
    for each in found.managers:
        each.manager = found.managers[0] if each is top else top
    zones = {name: where for name, where, _, _ in _REGIONS}
    habits = list(_habits(plan.sdrs, chance))
    for number, pool in enumerate(pools):
        found.sellers.append(_seller(number, pool, zones[pool], chiefs[pool], habits[number], plan, chance))
    return found


def _pools(sdrs: int) -> list[str]:
    """The pool of each: every region its part."""
    turns = [name for name, _, _, share in _REGIONS for _ in range(share)]
    return [turns[number * len(turns) // sdrs if sdrs < len(turns) else number % len(turns)] for number in range(sdrs)]


def _habits(count: int, chance: Random) -> Iterator[Habit]:
    """Habits by their shares; where there are enough people, somebody of each."""
    yield from (each for each in _HABITS if count >= len(_HABITS))
    yield from chance.choices(list(_HABITS), list(_HABITS.values()), k=count)


def _seller(  # noqa: PLR0913, PLR0917 - who somebody is, and chance
    number: int, pool: str, where: str, manager: Seller, habit: Habit, plan: Plan, chance: Random
) -> Seller:
    made = Seller(
        number=number, email=f"sdr{number}@sales.example", zone=where, pool=pool, habit=habit, manager=manager
    )
    if chance.random() < _AWAY:
        first = START + chance.randrange(plan.days) * DAY
        made.away = day_in(first, where).isoformat(), day_in(first + chance.randrange(2, 10) * DAY, where).isoformat()
    if chance.random() < _LEAVES:
        made.leaves = START + chance.randrange(plan.days * 24 // 4, plan.days * 24) * DAY // 24
    return made


def hire(found: Team, box: Sandbox, seed: int) -> None:
    """Everybody gets a user in both CRMs, some in one of them; managers stand in Salesforce, too."""
    chance = Random(f"users {seed}")  # noqa: S311 - not cryptography
    for each in [*found.managers, *found.sellers]:
        first, last = ("Lead" if each.manager in found.managers and each in found.managers else "Sdr"), str(each.number)
        homes: tuple[str, ...] = ("hubspot", "salesforce")
        if each in found.sellers and chance.random() < _IN_ONE_CRM:
            homes = (chance.choice(homes),)
        if "hubspot" in homes:
            each.hubspot = box.hubspot.add_owner(first, last, each.email)
            found.known["hubspot", each.hubspot] = each
        if "salesforce" in homes:
            about: dict[str, Any] = {"FirstName": first, "LastName": last, "Email": each.email, "Username": each.email}
            if each.manager and each.manager.salesforce:
                about["ManagerId"] = each.manager.salesforce
            each.salesforce = box.salesforce.add("User", {**about, "IsActive": True, "TimeZoneSidKey": each.zone})
            found.known["salesforce", each.salesforce] = each


def dismiss(seller: Seller, box: Sandbox) -> None:
    """Somebody leaves the company: their users are deactivated, what they own stays theirs."""
    if seller.hubspot:
        box.hubspot.archive_owner(seller.hubspot)
    if seller.salesforce:
        box.salesforce.deactivate(seller.salesforce)


def routing(found: Team) -> str:
    """The routing.yaml of this team."""
    hours = f"Mon-Fri {_OPENS:02}:00-{_CLOSES}:00"
    people = {
        each.email: {
            "hours": f"{hours} {each.zone}",
            "most_open": 40,
            "most_per_day": 15,
            **({"away": [f"{each.away[0]}..{each.away[1]}"]} if each.away else {}),
            **({"manager": each.manager.email} if each.manager else {}),
        }
        for each in found.everybody
    }
    pools = {
        chief.pool: {
            "members": {each.email: 1 + each.number % 2 for each in found.sellers if each.pool == chief.pool},
            "manager": chief.email,
        }
        for chief in found.managers
    }
    countries = {name: list(those) for name, _, those, _ in _REGIONS if name in pools and those}
    last = found.managers[-1].pool
    routes: list[dict[str, str]] = [
        {"if": f"country in {name}_countries", "pool": name, "else": last} for name in countries
    ]
    return json.dumps(
        {
            "people": people,
            "pools": pools,
            "lists": {f"{name}_countries": those for name, those in countries.items()},
            "routes": [*routes, {"otherwise": last}],
            "owner": "set",
            "again": "same_person",
            "escalation": {"second_breach": "reassign"},
        },
        indent=1,
    )
