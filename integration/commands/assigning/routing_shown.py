"""Who is in which pool and may get a task, and whose the next one would be, for people and for scripts."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from rich.console import Group, RenderableType

from integration.commands.shared.fitted_tables import fitted
from integration.flows.looking.pool_standing import Member
from integration.routing.routing_rules import Routing
from integration.store.outgoing.unassigned import Assigned
from integration.store.people.leads import LeadRow

MAY = "may get a task"


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
