"""HubSpot's privacy deletion erases a person here, in whatever order it comes, and however often."""

from collections.abc import Callable
from typing import TypeAlias

import pytest
from flows_canaries import found
from flows_lives import ANA, BOB, NAMES, canaries, changed, event, known_in_both, live
from flows_run import Watch, activity, counts, receive

from integration.flows.reading import reconcile
from integration.store.audit import audit_trail
from integration.store.overall import erased_people
from integration.store.people import leads
from integration.wiring.whole_service import Service
from mappings.values.instant import MINUTE
from sandbox.server import Sandbox

Drain: TypeAlias = Callable[[Service], int]


@pytest.fixture
def lived(service: Service, sandbox: Sandbox, at: Watch) -> tuple[str, str]:
    """Ana has been known for a while in every way there is; Bob is a colleague who shares her deliveries."""
    return live(service, sandbox, at)


@pytest.mark.parametrize("late", ["before", "after", "in the same delivery"])
def test_hubspots_privacy_deletion_erases_whatever_comes_around_it(
    service: Service, at: Watch, lived: tuple[str, str], drain_all: Drain, late: str
) -> None:
    contact, _ = lived
    deletion = event(contact, "privacyDeletion", 90, at)
    around = [
        changed(contact, 91, at, "firstname", NAMES[0]),
        changed(contact, 92, at, "email", "new.canary@acme.example"),
    ]
    batches = {
        "before": [around, [deletion]],
        "after": [[deletion], around],
        "in the same delivery": [[*around, deletion]],
    }
    for batch in (*batches[late], *batches[late]):
        receive(service, *batch, source="hubspot")
        drain_all(service)
    at.forward(MINUTE)
    reconcile.poll(service, "salesforce")
    receive(
        service, activity(50, "new.canary@acme.example", "email_click", at()), activity(51, BOB, "email_click", at())
    )
    drain_all(service)
    assert found(service.store, [*canaries(*lived), "new.canary"]) == set()
    with service.store.read() as conn:
        assert set(leads.by_email(conn, [ANA, BOB])) == {BOB}
        assert {"privacy deletion", "erase"} <= {each.action for each in audit_trail.recent(conn, 50)}
        assert erased_people.pending(conn, 1) == []


def test_a_privacy_deletion_of_a_record_never_met_keeps_it_out(
    service: Service, sandbox: Sandbox, at: Watch, drain_all: Drain
) -> None:
    contact, _ = known_in_both(sandbox)
    receive(service, event(contact, "privacyDeletion", 1, at), source="hubspot")
    drain_all(service)
    receive(service, changed(contact, 2, at, "email", ANA), source="hubspot")
    drain_all(service)
    reconcile.poll(service, "salesforce")
    assert found(service.store, [ANA, *NAMES]) == set()
    assert counts(service).leads_by_stage == {}


@pytest.mark.usefixtures("webhooks")
def test_a_contact_erased_in_hubspot_is_erased_here(
    service: Service, sandbox: Sandbox, at: Watch, lived: tuple[str, str], drain_all: Drain
) -> None:
    """The events as HubSpot sends them, signed, through the door."""
    assert sandbox.drain()
    drain_all(service)
    sandbox.hubspot.set("contacts", lived[0], {"phone": NAMES[2] + "0"})
    sandbox.hubspot.erase("contacts", lived[0])
    for _ in range(3):
        at.forward(MINUTE)
        assert sandbox.drain()
        for name in service.connections:
            reconcile.poll(service, name)
        drain_all(service)
    assert found(service.store, canaries(*lived)) == set()
    with service.store.read() as conn:
        assert set(leads.by_email(conn, [ANA, BOB])) == {BOB}
