"""Pool standing: everybody in every pool as they stand now, how much they have, and why they get nothing."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Protocol

from integration.flows.assigning import pool_state
from integration.flows.assigning.pool_members import unusable
from integration.flows.assigning.pool_state import Routed
from integration.flows.base.service import HasCrms
from integration.routing.availability import NO_LOAD
from mappings.values.instant import DAY


class Standing(Routed, HasCrms, Protocol):
    """The routing, the store, and the connections whose users are known."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """Somebody in a pool: how much they have, how much they take (None: any number), and why they get nothing."""

    pool: str
    person: str
    weight: int
    open: int
    most_open: int | None
    today: int
    most_per_day: int | None
    passed_over: str

    def plain(self) -> Mapping[str, Any]:
        """As JSON."""
        return asdict(self)


def members(service: Standing) -> Sequence[Member]:
    """Everybody in every pool, as they stand now for a task that is due in a day."""
    with service.store.read() as conn:
        turns = pool_state.load(conn, service)
        gone = unusable(conn, service.routing, list(service.connections))
    found: list[Member] = []
    for pool in turns.routing.pools.values():
        for email, weight in pool.members.items():
            person, load = turns.routing.person(email), turns.loads.get(email, NO_LOAD)
            found.append(
                Member(
                    pool=pool.name,
                    person=email,
                    weight=weight,
                    open=load.open,
                    most_open=person.most_open,
                    today=load.today,
                    most_per_day=person.most_per_day,
                    passed_over=gone.get(email) or turns.why_not(email, turns.now + DAY),
                )
            )
    return found
