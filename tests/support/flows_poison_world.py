"""The world in which lanes are poisoned: a service with healthy neighbours, and what one case looks at."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import NoReturn

from flows_crms import person
from flows_run import Watch, activity, drain_all, receive
from sqlalchemy import text

from connectors.base.port import Connector
from integration.flows.reading import reconcile
from integration.wiring.whole_service import Service
from mappings.values.instant import MINUTE, parse
from sandbox.server import Sandbox

ANA, BOB, EVE = "ana@acme.example", "bob@blue.example", "eve@mallory.example"
"""Two who are well, and the one who is not."""
FAR = parse("0001-01-01T00:00:00Z") - 1
"""A time that no calendar has: what is dated ahead waits for its time, so it lies in the past."""


class PoisonError(Exception):
    """What a poisoned row raises."""


def fail(*_: object, **__: object) -> NoReturn:
    message = "poison"
    raise PoisonError(message)


@dataclass(frozen=True, kw_only=True)
class World:
    """A service that knows three people in HubSpot, and the CRMs that it works with."""

    service: Service
    sandbox: Sandbox
    at: Watch
    records: Mapping[str, str]

    def sql(self, statement: str, **values: object) -> None:
        with self.service.store.write() as conn:
            conn.execute(text(statement), values)

    def connected(self, connector: Callable[[Connector], Connector]) -> Service:
        """The same service whose HubSpot is reached through another connector."""
        hubspot = self.service.connections["hubspot"]
        changed = replace(hubspot, connector=connector(hubspot.connector))
        return replace(self.service, connections={**self.service.connections, "hubspot": changed})


@dataclass(kw_only=True)
class Case:
    """How a lane is made to work, whether it has done the others' rows, and how the poison is taken away."""

    lane: str
    stage: str
    run: Callable[[], object]
    others: Callable[[], bool]
    mended: Callable[[], object]
    wait: int = 0
    """How long what failed alone is put off, between tries."""
    letters: int = 1


def world(service: Service, sandbox: Sandbox, at: Watch) -> World:
    """Everybody has viewed the pricing page, is known in HubSpot and was decided about; the house is quiet."""
    records = {email: person(sandbox, "hubspot", email) for email in (ANA, BOB, EVE)}
    for number, email in enumerate(records):
        receive(service, activity(number, email, "page_view", at(), page="pricing"))
    for name in service.connections:
        reconcile.poll(service, name)
    drain_all(service)
    at.forward(MINUTE)
    return World(service=service, sandbox=sandbox, at=at, records=records)


def viewed(here: World, *who: str) -> None:
    for email in who:
        receive(here.service, activity(f"v-{email}", email, "page_view", here.at() + MINUTE, page="case_study"))
