"""HubSpot and Salesforce at once, and several connections of one system: nobody is taken for somebody else."""

from collections.abc import Iterator, Mapping
from dataclasses import replace

import flows_signin
import pytest
from flows_crms import person, tasks
from flows_run import Watch, activity, counts, drain_all, lead, receive
from structlog.testing import capture_logs

from integration.flows.base.connection_of_system import addressed, named, of_account, routed
from integration.flows.base.service import Connection
from integration.flows.reading.store_records import store_records
from integration.settings.environment import load
from integration.store.audit.sealing import Sealed
from integration.store.crm.connections import Details, Row
from integration.store.db.session import Store, serialise
from integration.store.people import leads
from integration.store.queues import look_ups
from integration.web.app import trusted
from integration.wiring import build, connection_names
from integration.wiring.connection_names import Known
from integration.wiring.whole_service import Service
from mappings.translate.translation import Inward
from mappings.values.instant import MINUTE
from sandbox.both.both_systems import PORTAL_ID
from sandbox.server import Sandbox
from webhooks.facts import Noticed
from webhooks.sources import salesforce_messages

ANA = "ana@acme.example"
OTHER_PORTAL = PORTAL_ID + 1


@pytest.fixture
def second(at: Watch) -> Iterator[Sandbox]:
    """Another HubSpot portal, where the same ids mean other people."""
    with Sandbox(now=lambda: at() // 1_000) as box:
        yield box


@pytest.fixture
def both(service: Service, store: Store, sandbox: Sandbox, at: Watch) -> Iterator[Service]:
    """HubSpot as the marketing system beside Salesforce as the CRM, each signed in to."""
    for system in ("hubspot", "salesforce"):
        flows_signin.sign_in(store, sandbox, system, at())
    found = flows_signin.connected(store, at, "salesforce", "hubspot")
    yield replace(service, connections=found)
    for each in found.values():
        each.connector.close()


@pytest.fixture
def portals(service: Service, store: Store, sandbox: Sandbox, second: Sandbox, at: Watch) -> Iterator[Service]:
    """Two portals and one org."""
    flows_signin.sign_in(store, sandbox, "salesforce", at())
    flows_signin.sign_in(store, sandbox, "hubspot", at(), account=str(PORTAL_ID))
    flows_signin.sign_in(store, second, "hubspot", at(), name="hubspot-emea", account=str(OTHER_PORTAL))
    found = flows_signin.connected(store, at, "salesforce", "hubspot", "hubspot-emea")
    yield replace(service, connections=found)
    for each in found.values():
        each.connector.close()


def event(portal: int, record: str, at: int) -> dict[str, object]:
    return {
        "subscriptionType": "contact.propertyChange",
        "occurredAt": at // 1_000,
        "eventId": 1,
        "portalId": portal,
        "objectId": int(record),
        "propertyName": "jobtitle",
        "propertyValue": "Director of Sales",
    }


def noticed(system: str, account: str) -> Noticed:
    return Noticed(
        system=system,
        object="contact",
        id="17",
        at=0,
        what="changed",
        property=None,
        value=None,
        key="k",
        account=account,
    )


def test_marketing_in_hubspot_and_sales_in_salesforce_are_one_lead_one_task_and_two_scores(
    both: Service, sandbox: Sandbox, at: Watch
) -> None:
    lead_id, contact = person(sandbox, "salesforce", ANA), person(sandbox, "hubspot", ANA)
    receive(both, event(PORTAL_ID, contact, at()), source="hubspot")
    receive(both, activity(1, ANA, "demo_request", at()))
    for _ in range(4):
        drain_all(both)
        at.forward(MINUTE)
    assert (sum(tasks(sandbox, "salesforce").values()), sum(tasks(sandbox, "hubspot").values())) == (1, 0)
    assert sandbox.salesforce.record("Lead", lead_id)["Coldframe_Score__c"]
    assert sandbox.hubspot.values("contacts", contact)["coldframe_score"]
    with both.store.read() as conn:
        found = leads.by_reference(conn, [("salesforce", "Lead", lead_id), ("hubspot", "contact", contact)])
    assert len(set(found.values())) == 1


def test_each_connection_rests_for_itself(both: Service, sandbox: Sandbox, at: Watch) -> None:
    lead_id, contact = person(sandbox, "salesforce", ANA), person(sandbox, "hubspot", ANA)
    receive(both, activity(1, ANA, "page_view", at(), page="pricing"))
    for _ in range(2):
        drain_all(both)
        at.forward(MINUTE)
    at.forward(60 * MINUTE)  # HubSpot's token has expired by now
    sandbox.hubspot.gate.issuer.revoke()
    receive(both, activity(2, ANA, "page_view", at(), page="pricing"))
    before = sandbox.hubspot.values("contacts", contact)["coldframe_score"]
    drain_all(both)
    assert str(sandbox.salesforce.record("Lead", lead_id)["Coldframe_Score__c"]) != before
    assert sandbox.hubspot.values("contacts", contact)["coldframe_score"] == before
    assert counts(both).outbox["hubspot", "fields", "new"] == 1


def test_the_same_id_in_two_portals_is_two_people(
    portals: Service, sandbox: Sandbox, second: Sandbox, at: Watch
) -> None:
    ours, theirs = person(sandbox, "hubspot", ANA), person(second, "hubspot", "bo@blue.example")
    assert ours == theirs
    receive(portals, event(PORTAL_ID, ours, at()), event(OTHER_PORTAL, theirs, at()), source="hubspot")
    for _ in range(3):
        drain_all(portals)
        at.forward(MINUTE)
    with portals.store.read() as conn:
        found = leads.by_reference(conn, [("hubspot", "contact", ours), ("hubspot-emea", "contact", theirs)])
    assert found["hubspot", "contact", ours] == lead(portals, ANA).id
    assert found["hubspot-emea", "contact", theirs] == lead(portals, "bo@blue.example").id
    assert sandbox.hubspot.values("contacts", ours)["coldframe_score"]
    assert second.hubspot.values("contacts", theirs)["coldframe_score"]


def test_a_change_of_a_portal_that_is_not_connected_is_left_out_and_told(portals: Service, at: Watch) -> None:
    receive(portals, event(PORTAL_ID + 7, "17", at()), source="hubspot")
    with capture_logs() as logged:
        drain_all(portals)
    assert [each["account"] for each in logged if "not connected" in each["event"]] == [str(PORTAL_ID + 7)]
    with portals.store.read() as conn:
        assert look_ups.take(conn, "hubspot", at(), 9) + look_ups.take(conn, "hubspot-emea", at(), 9) == []


def test_the_only_connection_takes_what_names_no_account_or_was_never_asked_for_its_own(both: Service) -> None:
    for account in ("", "1", "0"):
        assert [each.connection.name for each in routed(both.connections, [noticed("hubspot", account)])] == ["hubspot"]
    known = {"hubspot": replace(both.connections["hubspot"], account="5")}
    assert of_account(known, "hubspot", "") is known["hubspot"]
    assert of_account(known, "hubspot", "5") is known["hubspot"]
    assert of_account(known, "hubspot", "6") is None


def test_an_organizations_id_is_known_with_15_and_with_18_characters(both: Service) -> None:
    known = {"salesforce": replace(both.connections["salesforce"], account="00D5e000000HsandEA")}
    assert of_account(known, "salesforce", "00D5e000000Hsan") is known["salesforce"]


def test_references_go_to_the_connection_of_their_system_and_to_none_where_there_are_two(portals: Service) -> None:
    told = Inward(references=(("hubspot", "contact", "17"), ("salesforce", "Lead", "00Q1")))
    connections = portals.connections
    emea, sales = connections["hubspot-emea"], connections["salesforce"]
    assert addressed(connections, emea, told) == (("hubspot-emea", "contact", "17"), ("salesforce", "Lead", "00Q1"))
    assert addressed(connections, sales, told) == (("salesforce", "Lead", "00Q1"),)
    alone: Mapping[str, Connection] = {"hubspot-emea": emea}
    assert addressed(alone, emea, told)[1] == ("salesforce", "Lead", "00Q1"), "kept for the day it is connected"
    assert named(connections, "salesforce") == "salesforce"
    assert named({"crm": replace(sales, name="crm")}, "salesforce") == "crm"
    assert named(connections, "segment") == "segment"


def test_a_hubspot_contact_that_names_its_salesforce_lead_is_joined_to_it_under_any_name(
    service: Service, store: Store, sandbox: Sandbox, at: Watch
) -> None:
    flows_signin.sign_in(store, sandbox, "salesforce", at(), name="sales-cloud")
    flows_signin.sign_in(store, sandbox, "hubspot", at(), name="portal")
    found = flows_signin.connected(store, at, "sales-cloud", "portal")
    mine = replace(service, connections=found)
    lead_id = person(sandbox, "salesforce", ANA)
    contact = sandbox.hubspot.add("contacts", {"email": "ana@private.example", "hs_salesforceleadid": lead_id})
    for name, object_name, record in (("sales-cloud", "Lead", lead_id), ("portal", "contact", contact)):
        connection = found[name]
        records = connection.connector.read(object_name, [record], connection.mapping.reads(object_name))
        with store.write() as conn:
            serialise(conn, "people")
            store_records(conn, mine, connection, records, asked_at=mine.now())
    with store.read() as conn:
        known = leads.by_reference(conn, [("sales-cloud", "Lead", lead_id), ("portal", "contact", contact)])
    assert len(known) == 2
    assert len(set(known.values())) == 1
    for each in found.values():
        each.connector.close()


def test_connections_stand_salesforce_first_and_the_environments_beside_those_of_the_store(
    store: Store, sandbox: Sandbox, at: Watch
) -> None:
    for system, name in (("hubspot", "hubspot"), ("hubspot", "emea"), ("salesforce", "sales-cloud")):
        flows_signin.sign_in(store, sandbox, system, at(), name=name)
    given = load(
        {
            "COLDFRAME_SECRET_KEY": flows_signin.KEY,
            "COLDFRAME_PUBLIC_URL": "https://coldframe.example",
            "HUBSPOT_ACCESS_TOKEN": "old",
            "HUBSPOT_CLIENT_SECRET": "c" * 36,
            "SALESFORCE_ACCESS_TOKEN": "s",
            "SALESFORCE_INSTANCE_URL": "https://acme.my.salesforce.com",
        }
    )
    found = connection_names.known(given, store)
    assert [(each.name, each.origin, each.hides) for each in found] == [
        ("salesforce", "environment", False),
        ("sales-cloud", "store", False),
        ("hubspot", "store", True),
        ("emea", "store", False),
    ]
    built = build.connections(given, store)
    assert [(each.name, each.system) for each in built.values()] == [
        ("salesforce", "salesforce"),
        ("sales-cloud", "salesforce"),
        ("hubspot", "hubspot"),
        ("emea", "hubspot"),
    ]
    for each in built.values():
        each.connector.close()


def test_outbound_messages_of_every_connected_organization_are_let_in_and_no_others() -> None:
    given = load(
        {
            "COLDFRAME_SECRET_KEY": flows_signin.KEY,
            "COLDFRAME_OUTBOUND_SECRET": "o" * 24,
            "SALESFORCE_ORGANIZATION_ID": "00D000000000001",
        }
    )
    accounts = ["00D000000000002AAA", "", "00D000000000001"]
    known = [_signed_in("salesforce", f"org-{number}", account) for number, account in enumerate(accounts)]
    others = [
        _signed_in("hubspot", "hubspot", "00D000000000003"),
        Known(name="emea", system="salesforce", origin="environment"),
    ]
    accounts = trusted(given, [*known, *others], "salesforce").accounts
    assert accounts == ("00D000000000001", "00D000000000002AAA")
    for organization, known in (("00D000000000001EAA", True), ("00D000000000002", True), ("00D000000000003", False)):
        assert salesforce_messages.check(_message(organization), accounts) is known
    (change,) = salesforce_messages.parse(_message("00D000000000002AAA"), 1_795_000_000_000_000).noticed
    assert change.account == "00D000000000002AAA"


def _signed_in(system: str, name: str, account: str) -> Known:
    row = Row(
        name=name,
        system=system,
        grant="token",
        details=Details(account=account),
        sealed=Sealed(data=b"", key_id=""),
        expires_at=None,
        version=1,
        state="live",
        reason="",
        created_at=1,
        updated_at=1,
    )
    return Known(name=name, system=system, origin="store", row=row)


def _message(organization: str) -> bytes:
    return f"""<soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/"><soapenv:Body>
<notifications xmlns="http://soap.sforce.com/2005/09/outbound"
 xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xmlns:sf="urn:sobject.enterprise.soap.sforce.com">
<OrganizationId>{organization}</OrganizationId>
<Notification><Id>04l1</Id><sObject xsi:type="sf:Lead"><sf:Id>00Q000000000001AAA</sf:Id></sObject></Notification>
</notifications></soapenv:Body></soapenv:Envelope>""".encode()
