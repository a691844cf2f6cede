"""What one event costs the database in each lane, in statements and transactions, so that nobody makes it grow unseen.

Each transaction is two more trips to a PostgreSQL, and each statement one. Counted are a lane's turn and the look after
it that finds nothing, with taking the lease and giving it back.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any, TypeAlias

import pytest
from flows_crms import person
from flows_run import Watch, activity, receive
from sqlalchemy import event
from sqlalchemy.engine import Engine

from integration.flows.deciding.advance import advance
from integration.flows.delivering.deliver import deliver
from integration.flows.intake.ingest import ingest
from integration.wiring.whole_service import Service
from mappings.values.instant import DAY, HOUR, MINUTE
from sandbox.server import Sandbox

Drain: TypeAlias = Callable[[Service], int]


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest) -> str:
    """Both kinds of store."""
    return str(request.param)


@dataclass
class Cost:
    """How many statements and transactions there were."""

    statements: int = 0
    transactions: int = 0

    def within(self, statements: int, transactions: int) -> None:
        """Fail where there were more of either."""
        assert self.statements <= statements, self
        assert self.transactions <= transactions, self


@contextmanager
def counted() -> Iterator[Cost]:
    """Count what every store of this process does meanwhile."""
    cost = Cost()

    def asked(_conn: Any, _cursor: Any, statement: str, *_: Any) -> None:
        cost.statements += not statement.startswith("BEGIN")

    def begun(_conn: Any) -> None:
        cost.transactions += 1

    event.listen(Engine, "before_cursor_execute", asked)
    event.listen(Engine, "begin", begun)
    try:
        yield cost
    finally:
        event.remove(Engine, "before_cursor_execute", asked)
        event.remove(Engine, "begin", begun)


@pytest.fixture
def look(database: str) -> int:
    """On PostgreSQL whoever takes a lane that may have several shards looks how many there are."""
    return int(database == "postgresql")


@pytest.fixture
def known(service: Service, sandbox: Sandbox, at: Watch, drain_all: Drain) -> Service:
    """A service on HubSpot alone that has known three people for an hour, with nothing left to do."""
    service = replace(service, connections={"hubspot": service.connections["hubspot"]})
    for number in range(3):
        person(sandbox, "hubspot", f"p{number}@acme.example")
    at.forward(DAY)
    receive(service, *[activity(number, f"p{number}@acme.example", "email_click", at()) for number in range(3)])
    drain_all(service)
    at.forward(HOUR)
    drain_all(service)
    return service


def test_one_event_takes_few_statements_in_each_lane(known: Service, at: Watch, look: int) -> None:
    at.forward(MINUTE)
    receive(known, activity("one", "p1@acme.example", "email_click", at(), url="/pricing"))
    with counted() as cost:
        assert ingest(known) == 1
    cost.within(statements=21 + look, transactions=5)
    with counted() as cost:
        assert advance(known) == 1
    cost.within(statements=35 + look, transactions=11)
    with counted() as cost:
        assert deliver(known, "hubspot") == 1
    cost.within(statements=18, transactions=6)


def test_a_lane_without_work_looks_once(known: Service, look: int) -> None:
    with counted() as cost:
        assert ingest(known) == 0
    cost.within(statements=4 + look, transactions=3)
    with counted() as cost:
        assert advance(known) == 0
    cost.within(statements=6 + look, transactions=3)
    with counted() as cost:
        assert deliver(known, "hubspot") == 0
    cost.within(statements=7, transactions=3)
