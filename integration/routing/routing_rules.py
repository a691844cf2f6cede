"""Routing rules: everything that routing.yaml decides, as values. People are known by their e-mail."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Literal, TypeAlias

from integration.core.rules.calendar import Calendar
from integration.core.rules.conditions import ALWAYS, Condition
from integration.routing.alert_rules import AlertRules

OwnerRole: TypeAlias = Literal["owner", "account_owner"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Absence:
    """Somebody is away from one day to another, both included, as ISO dates in their own zone."""

    first: str
    last: str

    def __str__(self) -> str:
        return self.first if self.first == self.last else f"{self.first}..{self.last}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Somebody in sales. Without `hours` the playbook's calendar holds; None means any number of tasks.

    Their holidays are in each of their `hours`.
    """

    email: str
    hours: tuple[Calendar, ...] = ()
    most_open: int | None = None
    most_per_day: int | None = None
    away: tuple[Absence, ...] = ()
    manager: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pool:
    """People who take turns, by the weight of each; `manager` gets escalations about somebody who has no manager."""

    name: str
    members: Mapping[str, int]
    manager: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """Where a task goes of whose lead the condition is true: to an owner by role, else to a pool.

    `otherwise` is the pool that is tried where nobody is found by `to` or in `pool`. `words` is the condition as it
    is written, `line` where that is.
    """

    condition: Condition = ALWAYS
    to: OwnerRole | None = None
    pool: str = ""
    otherwise: str = ""
    words: str = "otherwise"
    line: int = 0

    @property
    def pools(self) -> Sequence[str]:
        """The pools, in the order in which they are tried."""
        return [name for name in (self.pool, self.otherwise) if name]


@dataclass(frozen=True, slots=True, kw_only=True)
class Routing:
    """How a role becomes a person. The empty one has no pools: then the CRM's owners alone get tasks.

    `set_owner`: whoever gets a task about a record without an owner becomes its owner. `same_person`: a lead that comes
    back goes to whoever had it. `reassign`: a second breach of a service level gives the task to somebody else.
    `alerts` is None where the file says nothing of them: then they go to COLDFRAME_ALERT_URL, if it is set.
    """

    people: Mapping[str, Person] = field(default_factory=lambda: MappingProxyType({}))
    pools: Mapping[str, Pool] = field(default_factory=lambda: MappingProxyType({}))
    routes: tuple[Route, ...] = ()
    set_owner: bool = False
    same_person: bool = False
    reassign: bool = False
    alerts: AlertRules | None = None
    text: str = field(default="", compare=False, repr=False)
    """As its author wrote it; "" where nobody did."""

    def person(self, email: str) -> Person:
        """What the file says of somebody; nothing but their e-mail where it says nothing."""
        return self.people.get(email) or Person(email=email)

    def pools_of(self, email: str) -> list[Pool]:
        """The pools that somebody is a member of, in the order of the file."""
        return [pool for pool in self.pools.values() if email in pool.members]

    def mentioned(self) -> frozenset[str]:
        """Everybody whom the file names, managers among them."""
        named = {*self.people, *(person.manager for person in self.people.values())}
        for pool in self.pools.values():
            named |= {*pool.members, pool.manager}
        return frozenset(named - {""})


NO_ROUTING = Routing()
"""What applies where nobody has written a routing.yaml."""
