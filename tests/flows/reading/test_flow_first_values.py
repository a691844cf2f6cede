"""First values: a record counts from before everything that its person did before it was read, in whatever order."""

import json
from collections.abc import Callable, Sequence
from itertools import count
from typing import Any, TypeAlias

import pytest
from flows_crms import OWNER, person, tasks
from flows_run import Watch, activity, decided, lead, receive
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from connectors.base.port import Record
from integration.flows.deciding.advance import advance
from integration.flows.history.find_explanation import explained
from integration.flows.history.stored_history import recorded
from integration.flows.intake.ingest import ingest
from integration.flows.reading import reconcile
from integration.flows.reading.store_records import store_records
from integration.wiring.whole_service import Service
from mappings.values.instant import DAY, HOUR, MINUTE, SECOND
from sandbox.server import Sandbox

Drain: TypeAlias = Callable[[Service], int]
EMAIL = "ana@acme.example"
RIVAL: dict[str, dict[str, Any]] = {
    "hubspot": {"coldframe_is_competitor": "true"},
    "salesforce": {"Coldframe_Is_Competitor__c": True},
}
SYSTEMS = ("hubspot", "salesforce")


def rival(sandbox: Sandbox, system: str) -> str:
    """A director of a competitor, in one of the CRMs."""
    record = person(sandbox, system, EMAIL)
    if system == "hubspot":
        sandbox.hubspot.set("contacts", record, RIVAL[system])
    else:
        sandbox.salesforce.set("Lead", record, RIVAL[system])
    return record


def come_in(service: Service, at: Watch, system: str, record: str, how: str) -> None:
    """The record is heard of: a webhook names it, or a poll finds it."""
    if how == "webhook" and system == "hubspot":
        event = {"subscriptionType": "contact.creation", "occurredAt": at() // 1_000, "eventId": 1, "portalId": 1}
        receive(service, {**event, "objectId": int(record), "subscriptionId": 1, "appId": 1}, source="hubspot")
    else:
        reconcile.poll(service, system)


@pytest.mark.parametrize("database", ["sqlite", "postgresql"])
@pytest.mark.parametrize("system", SYSTEMS)
def test_what_was_done_before_the_record_was_made_is_judged_by_the_record(
    service: Service, sandbox: Sandbox, at: Watch, drain_all: Drain, system: str
) -> None:
    """The web form comes weeks late, and is seconds older than the record that it led to."""
    asked = at() - 2 * SECOND
    rival(sandbox, system)
    at.forward(MINUTE)
    reconcile.poll(service, system)
    drain_all(service)
    at.forward(20 * DAY)
    receive(service, activity(1, EMAIL, "demo_request", asked))
    drain_all(service)
    assert lead(service, EMAIL).stage == "inquiry"
    assert not decided(service, EMAIL, "task")
    assert not tasks(sandbox, system)


@pytest.mark.parametrize("database", ["sqlite", "postgresql"])
@pytest.mark.parametrize("how", ["webhook", "poll"])
@pytest.mark.parametrize("system", SYSTEMS)
def test_a_web_form_whose_record_follows_hands_no_competitor_over(
    service: Service, sandbox: Sandbox, at: Watch, drain_all: Drain, *, system: str, how: str
) -> None:
    """Judged as a stranger's at first; what waits for a record is taken back when the record shows who it is."""
    receive(service, activity(1, EMAIL, "demo_request", at()))
    drain_all(service)
    at.forward(SECOND)
    record = rival(sandbox, system)
    come_in(service, at, system, record, how)
    drain_all(service)
    at.forward(MINUTE)
    drain_all(service)
    assert lead(service, EMAIL).stage == "inquiry"
    assert not tasks(sandbox, "hubspot")
    assert not tasks(sandbox, "salesforce")
    told = explained(service.store, service.rules.compiled, EMAIL, at(), service.ownership)
    assert told is not None
    assert [each.kind for each in told[1].unjustified if each.kind == "task"] == [], "it was never made"


@pytest.mark.parametrize("system", SYSTEMS)
def test_a_web_form_whose_record_follows_makes_one_task(
    service: Service, sandbox: Sandbox, at: Watch, drain_all: Drain, system: str
) -> None:
    receive(service, activity(1, EMAIL, "demo_request", at()))
    drain_all(service)
    at.forward(SECOND)
    record = person(sandbox, system, EMAIL)
    come_in(service, at, system, record, "webhook")
    drain_all(service)
    assert sum(tasks(sandbox, system).values()) == 1
    assert (lead(service, EMAIL).standing or {})["fit"] == 40


@pytest.mark.parametrize("first", ["salesforce", "hubspot"])
def test_of_two_crms_each_fields_first_value_counts_from_the_beginning(
    service: Service, sandbox: Sandbox, at: Watch, drain_all: Drain, first: str
) -> None:
    """HubSpot knows that they compete, Salesforce knows their title; whichever is read first."""
    asked = at() - 3 * DAY
    person(sandbox, "salesforce", EMAIL)
    rival(sandbox, "hubspot")
    at.forward(MINUTE)
    for system in (first, *(set(SYSTEMS) - {first})):
        reconcile.poll(service, system)
    drain_all(service)
    receive(service, activity(1, EMAIL, "demo_request", asked))
    drain_all(service)
    row = lead(service, EMAIL)
    assert (row.stage, (row.standing or {})["fit"]) == ("inquiry", 40)
    assert not decided(service, EMAIL, "task")


def test_a_company_that_is_read_last_counts_from_before_what_its_people_did(
    service: Service, sandbox: Sandbox, at: Watch, drain_all: Drain
) -> None:
    """Nine people work there: such a company is never handed over, also where its size is learned last."""
    ana = {"email": EMAIL, "firstname": "Ana", "lastname": "Silva", "hubspot_owner_id": OWNER}
    contact = sandbox.hubspot.add("contacts", ana)
    receive(service, activity(1, EMAIL, "demo_request", at() - HOUR))
    drain_all(service)
    assert sum(tasks(sandbox, "hubspot").values()) == 1
    at.forward(DAY)
    company = sandbox.hubspot.add("companies", {"name": "Acme", "domain": "acme.example", "numberofemployees": "9"})
    sandbox.hubspot.link("contacts", contact, "companies", company)
    at.forward(MINUTE)
    reconcile.poll(service, "hubspot")
    drain_all(service)
    assert lead(service, EMAIL).stage == "inquiry"


def story(service: Service, at: Watch, email: str, number: int) -> list[Callable[[], Any]]:
    """What can happen in any order: two web forms, a webhook, and the first reading of a record in each CRM."""
    start, domain = at(), email.partition("@")[2]
    made = {"created_at": start, "modified_at": start}
    known = {"Email": email, "LastName": "Silva", "Company": domain, "Website": domain, "Title": "Director of Sales"}
    in_salesforce = Record(object="Lead", id=f"00Q{number:012}AAA", fields=known, **made)
    told = {"email": email, "firstname": "Ana", "jobtitle": "Consultant", "associatedcompanyid": str(number)}
    in_hubspot = Record(object="contact", id=str(number), fields=told | RIVAL["hubspot"], **made)
    firm = {"name": "Acme", "domain": domain, "numberofemployees": "120", "industry": "COMPUTER_SOFTWARE"}
    company = Record(object="company", id=str(number), fields=firm, **made)

    def read(system: str, *records: Record) -> None:
        with service.store.write() as conn:
            store_records(conn, service, service.connections[system], records, asked_at=at())

    def webhook() -> None:
        event = {"occurredAt": start // 1_000, "eventId": 7, "subscriptionId": 1, "appId": 1, "portalId": 1}
        about = {**event, "subscriptionType": "contact.propertyChange", "objectId": number}
        values = {"email": email, "firstname": "Ana"}
        receive(
            service,
            *[{**about, "propertyName": name, "propertyValue": value} for name, value in values.items()],
            source="hubspot",
        )

    return [
        lambda: receive(service, activity(f"{number}-1", email, "demo_request", start - 2 * SECOND)),
        lambda: receive(service, activity(f"{number}-2", email, "page_view", start - 9 * DAY, page="pricing")),
        webhook,
        lambda: read("hubspot", in_hubspot, company),
        lambda: read("hubspot", company),
        lambda: read("salesforce", in_salesforce),
    ]


@pytest.mark.parametrize("database", ["sqlite", "postgresql"])
def test_whatever_arrives_first_the_lead_stands_the_same(service: Service, at: Watch) -> None:
    start, numbers = at(), count(700_000_001)

    def lived(order: Sequence[int]) -> tuple[str, str]:
        number = next(numbers)
        email = f"ana@acme{number}.example"
        at.now = start
        steps = story(service, at, email, number)
        for place in order:
            at.forward(MINUTE)
            steps[place]()
            ingest(service)
            advance(service)
        at.now = start + HOUR
        while advance(service):
            pass
        row = lead(service, email)
        own = {row.id: "LEAD", str(row.account_id): "ACCOUNT", str(number): "#"}
        standing = json.dumps({**(row.standing or {}), "scored_at": None}, sort_keys=True)
        state = str(row.state)
        for mine, name in own.items():
            state = state.replace(mine, name)
        return state, standing

    usual = lived(range(6))
    assert '"stage":"inquiry"' in usual[0], "a competitor's"
    assert '"fit": 40' in usual[1]

    @given(st.permutations(range(6)))
    @settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
    def same(order: Sequence[int]) -> None:
        assert lived(order) == usual

    same()


def test_a_backtest_sees_first_values_as_the_service_does(
    service: Service, sandbox: Sandbox, at: Watch, drain_all: Drain
) -> None:
    receive(service, activity(1, EMAIL, "page_view", at() - 9 * DAY, page="pricing"))
    drain_all(service)
    person(sandbox, "salesforce", EMAIL)
    reconcile.poll(service, "salesforce")
    drain_all(service)
    with service.store.read() as conn:
        told = [event for who, event in recorded(conn, service.ownership) if who and not hasattr(event, "type")]
    assert [(event.at, event.fields.get("title")) for event in told] == [(at() - 9 * DAY, "Director of Sales")]
