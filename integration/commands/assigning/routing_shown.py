"""Who is in which pool and may get a task, and whose the next one would be, for people and for scripts."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from rich.console import Group, RenderableType

from integration.commands.shared.fitted_tables import fitted
from integration.flows.assigning import pool_state
from integration.flows.assigning.pool_members import unusable
from integration.routing.availability import NO_LOAD
from integration.routing.routing_rules import Routing
from integration.store.outgoing.unassigned import Assigned
from integration.store.people.leads import LeadRow
from integration.wiring.whole_service import Service
from mappings.values.instant import DAY

MAY = "may get a task"


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


def members(service: Service) -> Sequence[Member]:
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


def overview(routing: Routing, rows: Sequence[Member]) -> RenderableType:
    """The pools as a table, and the routes below it."""
    table = fitted("pool", "person", "weight", "open", "today", "now", right=("weight", "open", "today"))
    for row in rows:
        counts = (_of(row.open, row.most_open), _of(row.today, row.most_per_day))
        table.add_row(row.pool, row.person, str(row.weight), *counts, row.passed_over or MAY)
    routes = fitted("line", "route", "goes to", right=("line",))
    for route in routing.routes:
        leads_to = [f"{route.to} of the lead" if route.to == "owner" else str(route.to)] if route.to else []
        routes.add_row(
            str(route.line), route.words, ", else ".join([*leads_to, *(f"pool {each}" for each in route.pools)])
        )
    return Group(table, "", routes)


def answer(lead: LeadRow, found: Assigned) -> Mapping[str, Any]:
    """Whose the next task would be, as JSON."""
    return {
        "lead": {"id": lead.id, "email": lead.email},
        **{name: value for name, value in asdict(found).items() if name != "passed_over"},
        "passed_over": [{"who": who, "why": why} for who, why in found.passed_over],
    }


def _of(count: int, most: int | None) -> str:
    return str(count) if most is None else f"{count} of {most}"
