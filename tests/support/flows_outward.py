"""A lead known to one CRM, looked at again and again: what the tests of what goes out have in common."""

from collections.abc import Callable
from typing import TypeAlias

import pytest
from flows_crms import person
from flows_run import Watch, activity, drain_all, lead, receive

from integration.flows.reading import reconcile
from integration.store.people import field_changes
from integration.wiring.whole_service import Service
from mappings.model.canonical import Value
from mappings.values.instant import DAY, HOUR, MINUTE
from sandbox.server import Sandbox

Look: TypeAlias = Callable[[], None]
EMAIL = "ana@acme.example"
SYSTEMS = pytest.mark.parametrize("system", ["hubspot", "salesforce"])


def looking(service: Service, at: Watch) -> Look:
    """Poll both CRMs and let everything that follows happen, some time later; once now, and twice in each call."""

    def once() -> None:
        for name in service.connections:
            reconcile.poll(service, name)
        drain_all(service)

    def look() -> None:
        for _ in range(2):
            at.forward(MINUTE)
            once()

    at.forward(2 * MINUTE)
    once()
    return look


def known(service: Service, sandbox: Sandbox, at: Watch, look: Look, system: str) -> str:
    """A lead who asked for a demo, known to one CRM; the id of the record."""
    record = person(sandbox, system, EMAIL)
    at.forward(DAY)
    receive(service, activity(1, EMAIL, "demo_request", at() - HOUR))
    look()
    assert lead(service, EMAIL).stage == "mql"
    at.forward(HOUR)
    return record


def told(service: Service, name: str) -> list[Value]:
    """Everything that is stored of one field of the lead."""
    with service.store.read() as conn:
        return [
            row.fields[name] for row in field_changes.history(conn, [lead(service, EMAIL).id]) if name in row.fields
        ]
