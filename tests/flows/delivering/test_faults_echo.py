"""What we write comes back as webhooks, and leads to nothing; what a person changes does."""

import json
from collections.abc import Callable

import pytest
from flows_crms import FIELDS, TASKS, calls, engagement, person
from flows_outward import known, looking
from flows_run import Watch, activity, drain_all, lead, receive

from integration.flows.base.connection_of_system import routed
from integration.flows.deciding.advance import advance
from integration.flows.delivering.deliver import deliver
from integration.flows.intake import store_deliveries
from integration.flows.intake.ingest import ingest
from integration.flows.reading.refresh import read_records
from integration.wiring.whole_service import Service
from sandbox.server import Sandbox
from webhooks import parsers

ANA = "ana@acme.example"


def _outgoing(service: Service) -> dict[str, int]:
    """Every row of the outbox with how often it was wanted."""
    with service.store.read() as conn:
        rows = conn.exec_driver_sql("SELECT key, seq FROM outbox").all()
    return {str(key): int(seq) for key, seq in rows}


def _received(service: Service, text: str) -> int:
    """How many deliveries hold this text."""
    with service.store.read() as conn:
        bodies = conn.exec_driver_sql("SELECT body FROM inbox WHERE state = 'done'").scalars()
        return sum(text.encode() in body for body in bodies)


def _writes(sandbox: Sandbox) -> int:
    return sum(calls(sandbox, wanted) for table in (FIELDS, TASKS) for wanted in table.values())


@pytest.mark.usefixtures("webhooks")
def test_the_echo_of_our_own_writes_leads_to_no_further_write(service: Service, sandbox: Sandbox, at: Watch) -> None:
    record = person(sandbox, "hubspot", ANA)
    assert sandbox.drain()
    receive(service, activity(1, ANA, "demo_request", at()))
    ingest(service)
    for name in service.connections:
        read_records(service, name)
    advance(service)
    assert deliver(service, "hubspot")
    assert engagement(sandbox, "hubspot", record) == 10
    before, writes = _outgoing(service), _writes(sandbox)
    for _ in range(3):
        at.forward(60_000_000)
        assert sandbox.drain()
        drain_all(service)
    assert _received(service, "coldframe_score"), "the echo did come in"
    assert _outgoing(service) == before
    assert _writes(sandbox) == writes


@pytest.mark.usefixtures("webhooks")
def test_a_persons_change_is_no_echo(service: Service, sandbox: Sandbox, at: Watch) -> None:
    record = person(sandbox, "hubspot", ANA)
    receive(service, activity(1, ANA, "page_view", at(), page="pricing"))
    _until_quiet(service, sandbox)
    fit = (lead(service, ANA).standing or {})["fit"]
    at.forward(60_000_000)
    sandbox.hubspot.set("contacts", record, {"jobtitle": "Analyst"})
    _until_quiet(service, sandbox)
    assert (lead(service, ANA).standing or {})["fit"] < fit
    assert float(sandbox.hubspot.values("contacts", record)["coldframe_fit"]) < fit


def _change(record: str, at: Watch, name: str, value: str, **more: object) -> dict[str, object]:
    """HubSpot's event of a property that an integration has changed."""
    about = {"subscriptionType": "contact.propertyChange", "occurredAt": at() // 1_000, "eventId": 7, "portalId": 1}
    change = {"propertyName": name, "propertyValue": value, "changeSource": "INTEGRATION"}
    return {**about, "objectId": int(record), **change, **more}


def test_what_our_own_app_wrote_is_known_by_its_origin(service: Service, sandbox: Sandbox, at: Watch) -> None:
    """Nothing is remembered of a title: that our app changed it is all that tells the echo."""
    record = person(sandbox, "hubspot", ANA)
    receive(service, activity(1, ANA, "page_view", at(), page="pricing"))
    drain_all(service)
    before = lead(service, ANA).fields["title"]
    at.forward(60_000_000)
    receive(service, _change(record, at, "jobtitle", "Echo", appId=77, sourceId="77"), source="hubspot")
    assert ingest(service)
    assert lead(service, ANA).fields["title"] == before
    receive(service, _change(record, at, "jobtitle", "Choice", appId=77, sourceId="78"), source="hubspot")
    assert ingest(service)
    assert lead(service, ANA).fields["title"] == "Choice", "another app's change is no echo"


def test_what_we_wrote_is_known_by_its_value_where_no_origin_is_given(
    service: Service, sandbox: Sandbox, at: Watch
) -> None:
    record = known(service, sandbox, at, looking(service, at), "hubspot")
    ours = sandbox.hubspot.values("contacts", record)["lifecyclestage"]
    assert ours == "marketingqualifiedlead"

    def left(value: str) -> int:
        body = json.dumps([_change(record, at, "lifecyclestage", value)]).encode()
        noticed = parsers.parse("hubspot", body, received_at=at()).noticed
        assert len(noticed) == 1
        with service.store.read() as conn:
            changes = routed(service.connections, noticed)
            return len(store_deliveries._without_echoes(conn, changes))  # noqa: SLF001 - what follows is kept away twice

    assert left(ours) == 0
    assert left("customer") == 1, "a value that is not ours is somebody's choice"


def _until_quiet(service: Service, sandbox: Sandbox, drained: Callable[[Service], int] = drain_all) -> None:
    for _ in range(5):
        assert sandbox.drain()
        if not drained(service):
            return
