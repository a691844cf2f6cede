"""What no database can store, in what a CRM says: the record is read, cleaned, and everybody else with it."""

import pytest
from flows_crms import SYSTEMS, person
from flows_run import Watch, activity, dead, drain_all, lead, receive

from integration.flows.reading import first_sync, reconcile
from integration.store.crm import connection_pauses
from integration.wiring.whole_service import Service
from mappings.values.instant import MINUTE
from sandbox.server import Sandbox
from sandbox.shared.requested_faults import Fault

ODD, PLAIN = "odd@acme.example", "plain@blue.example"
WHERE = {"hubspot": ("contacts", "jobtitle"), "salesforce": ("Lead", "Title")}


@pytest.mark.parametrize("database", ["sqlite", "postgresql"])
@pytest.mark.parametrize("system", SYSTEMS)
@pytest.mark.parametrize("title", ["Director \ud83d of \x00 Sales", "\udc00"])
def test_a_title_with_half_an_emoji_stops_neither_refresh_nor_poll_nor_sync(
    service: Service, sandbox: Sandbox, at: Watch, system: str, title: str
) -> None:
    records = {email: person(sandbox, system, email) for email in (ODD, PLAIN)}
    kind, field = WHERE[system]
    handle = sandbox.hubspot if system == "hubspot" else sandbox.salesforce
    handle.set(kind, records[ODD], {field: title})  # type: ignore[attr-defined]
    receive(service, *(activity(email, email, "page_view", at(), page="pricing") for email in (ODD, PLAIN)))
    drain_all(service)
    at.forward(MINUTE)
    for email, record in records.items():
        handle.set(kind, record, {"phone" if system == "hubspot" else "Phone": f"+49 {len(email)}"})  # type: ignore[attr-defined]
    reconcile.poll(service, system)
    steps = first_sync.sync(service, system, lambda _step: None)
    first_sync.release(service)
    drain_all(service)
    assert all(step.course.done for step in steps)
    assert {lead(service, email).email for email in records} == set(records)
    assert dead(service) == []


@pytest.mark.parametrize("database", ["sqlite", "postgresql"])
@pytest.mark.parametrize("system", SYSTEMS)
def test_the_words_of_an_outage_are_kept_whatever_they_hold(
    service: Service, sandbox: Sandbox, at: Watch, system: str
) -> None:
    person(sandbox, system, ODD)
    body = "<html>back \ud83d soon\x00!</html>"
    sandbox.faults.add(Fault(kind="page", system=system, status=503, body=body, times=0))
    receive(service, activity(1, ODD, "page_view", at(), page="pricing"))
    drain_all(service)
    with service.store.read() as conn:
        assert "back \ufffd soon\ufffd!" in connection_pauses.paused(conn, at())[system].reason
