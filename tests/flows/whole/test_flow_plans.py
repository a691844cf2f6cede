"""No lane and no periodic job reads a growing table of PostgreSQL's whole, however much was stored before.

A planner goes by statistics: what it does with a small table, or with sequential scans forbidden, says nothing. So it
is told what a table measures after years (see large_tables.py).
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import large_tables
import pytest
from flows_crms import person
from flows_run import Watch, activity, drain_all, receive
from sqlalchemy import event
from sqlalchemy.engine import Engine

from integration.flows.reading.reconcile import poll
from integration.processes.jobs import PERIODIC
from integration.store.db.session import Store
from integration.wiring.whole_service import Service
from mappings.values.instant import DAY, HOUR, MINUTE
from sandbox.server import Sandbox

MOST_COST = 5_000
"""What a statement may cost by the planner's count. A look at every activity costs a hundred times as much, and a batch
of ten leads with all that they ever did some hundreds."""
WALKS = ("leads.id > %(after)s", "accounts.id > %(after)s", "leads.id > %(behind)s")
"""Pages of a walk through everybody: for another version of the rules, and hourly for leads of those who have left."""


@pytest.fixture
def database() -> str:
    """PostgreSQL alone: SQLite's planner asks for no statistics."""
    return "postgresql"


@contextmanager
def noted() -> Iterator[dict[str, Any]]:
    """Every statement that this process sends meanwhile, with the values of its first time."""
    sent: dict[str, Any] = {}

    def note(_conn: Any, _cursor: Any, statement: str, given: Any, *_: Any) -> None:
        if statement.lstrip("( \n").startswith(("SELECT", "WITH", "INSERT", "UPDATE", "DELETE")):
            sent.setdefault(statement, given[0] if isinstance(given, list) else given)

    event.listen(Engine, "before_cursor_execute", note)
    try:
        yield sent
    finally:
        event.remove(Engine, "before_cursor_execute", note)


def whole(plan: Mapping[str, Any]) -> Iterator[str]:
    """The growing tables that a plan reads from end to end."""
    if plan["Node Type"] == "Seq Scan" and plan["Relation Name"] in large_tables.LARGE:
        yield plan["Relation Name"]
    for each in plan.get("Plans", ()):
        yield from whole(each)


def plans(store: Store, sent: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """What PostgreSQL would do for each statement."""
    with store.write() as conn:
        for statement, given in sent.items():
            (plan,) = conn.exec_driver_sql(f"EXPLAIN (FORMAT JSON) {statement}", given).scalar_one()
            yield statement, plan["Plan"]


def work(service: Service, sandbox: Sandbox, at: Watch) -> None:
    """Let every lane and every periodic job have something to do, about people of whom much is stored and others."""
    for number in range(3):
        person(sandbox, "hubspot", f"n{number}@acme.example")
    for number in range(3):
        at.forward(HOUR)
        receive(
            service,
            *[activity(f"{number}{n}", f"n{n}@acme.example", "demo_request", at()) for n in range(3)],
            *[activity(f"k{number}{n}", f"p{n}@firm{n}.example", "email_click", at()) for n in range(1, 4)],
        )
        drain_all(service)
    receive(service, activity("late", "n1@acme.example", "email_click", at() - DAY))
    for job in PERIODIC:
        job.work(service)
    for name in service.connections:
        poll(service, name)
    at.forward(MINUTE)
    drain_all(service)


def test_no_lane_reads_a_growing_table_whole(service: Service, sandbox: Sandbox, store: Store, at: Watch) -> None:
    large_tables.fill(store.url.set(drivername="postgresql").render_as_string(hide_password=False))
    at.now = large_tables.T
    with noted() as sent:
        work(service, sandbox, at)
    assert len(sent) > 150, "every lane has worked"
    found = {
        statement: (*whole(plan), plan["Total Cost"])
        for statement, plan in plans(store, sent)
        if (any(whole(plan)) or plan["Total Cost"] > MOST_COST) and not any(walk in statement for walk in WALKS)
    }
    assert not found, "\n\n".join(f"{reads}: {statement}" for statement, reads in found.items())
