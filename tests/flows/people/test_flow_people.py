"""Who is who: one person is one lead, however many systems know them and in whatever order they arrive."""

import json
from collections.abc import Callable
from typing import Any, TypeAlias

import places
import pytest
from flows_crms import engagement, person, tasks
from flows_run import Watch, activity, counts, dead, decided, history, lead, receive, receive_raw

from integration.flows.deciding.advance import advance
from integration.flows.intake.ingest import ingest
from integration.flows.reading.refresh import read_records
from integration.store.people import accounts, leads, record_references
from integration.wiring.whole_service import Service
from mappings.values.instant import DAY, HOUR, MINUTE, SECOND
from sandbox.server import Sandbox

Drain: TypeAlias = Callable[[Service], int]
EMAIL = "ana@acme.example"
SAMPLES = places.SAMPLES / "hubspot_webhooks"


def told(at: Watch, kind: str, number: int, **more: Any) -> dict[str, Any]:
    """One HubSpot event as recorded ones are shaped."""
    return {
        "eventId": 400_000_000 + number,
        "subscriptionId": 3_530_829,
        "portalId": 523_938_499,
        "appId": 97_366_946,
        "occurredAt": at() // 1_000,
        "subscriptionType": kind,
        "attemptNumber": 0,
        "objectId": 177_516_799_952,
        "changeSource": "CRM_UI",
        "sourceId": "userId:81924865",
        **more,
    }


def created_after_its_changes(at: Watch) -> list[dict[str, Any]]:
    changes = {"phone": "+32470000000", "email": EMAIL, "firstname": "Ana"}
    before = [
        told(at, "contact.propertyChange", n, propertyName=name, propertyValue=value)
        for n, (name, value) in enumerate(changes.items())
    ]
    creation = told(at, "contact.creation", 8, changeFlag="CREATED")
    return [*before, creation, told(at, "contact.propertyChange", 9, propertyName="lastname", propertyValue="Silva")]


def everybody(service: Service) -> list[str]:
    with service.store.read() as conn:
        return [row[0] for row in conn.exec_driver_sql("SELECT id FROM leads")]


def test_a_contact_created_after_its_property_changes_is_one_lead_however_often_delivered(
    service: Service, at: Watch, drain_all: Drain
) -> None:
    batch = created_after_its_changes(at)
    for attempt in range(4):
        receive(service, *[{**event, "attemptNumber": attempt} for event in batch], source="hubspot")
        drain_all(service)
    assert len(everybody(service)) == 1
    known = lead(service, EMAIL).fields
    assert (known["first_name"], known["last_name"], known["phone"]) == ("Ana", "Silva", "+32470000000")


def test_the_recorded_batch_is_one_lead(service: Service, drain_all: Drain) -> None:
    path = SAMPLES / "contact_create_batch.json"
    if not path.exists():
        pytest.skip("the recorded samples are not on this machine")
    for _ in range(3):
        receive_raw(service, path.read_bytes(), source="hubspot")
        drain_all(service)
    assert len(everybody(service)) == 1
    assert [letter for letter in dead(service) if letter.stage == "ingest"] == []
    assert lead(service, json.loads(path.read_bytes())[1]["propertyValue"]).fields["first_name"] == "Max"


def test_a_person_in_both_crms_is_one_lead_with_one_task_where_sales_works(
    service: Service, sandbox: Sandbox, at: Watch, drain_all: Drain
) -> None:
    in_hubspot = person(sandbox, "hubspot", EMAIL)
    in_salesforce = person(sandbox, "salesforce", EMAIL)
    at.forward(DAY)
    receive(service, *[activity(n, EMAIL, "page_view", at() - n * MINUTE, page="pricing") for n in range(1, 4)])
    drain_all(service)
    assert len(everybody(service)) == 1
    assert engagement(sandbox, "hubspot", in_hubspot) == engagement(sandbox, "salesforce", in_salesforce) == 45
    assert sum(tasks(sandbox, "salesforce").values()) == 1
    assert not tasks(sandbox, "hubspot")


def test_a_task_waits_for_its_record_and_goes_where_one_appears(
    service: Service, sandbox: Sandbox, at: Watch, drain_all: Drain
) -> None:
    receive(service, activity(1, EMAIL, "demo_request", at()))
    drain_all(service)
    assert lead(service, EMAIL).stage == "mql"
    record = person(sandbox, "hubspot", EMAIL)
    receive(service, told(at, "contact.creation", 1, objectId=int(record)), source="hubspot")
    drain_all(service)
    assert sum(tasks(sandbox, "hubspot").values()) == 1
    assert not tasks(sandbox, "salesforce")


def test_arrival_order_and_repetition_change_nothing(service: Service, at: Watch, drain_all: Drain) -> None:
    at.forward(40 * DAY)
    first = activity(1, EMAIL, "page_view", at() - 31 * DAY, page="pricing")
    second = activity(2, EMAIL, "page_view", at() - 30 * DAY, page="pricing")
    third = activity(3, EMAIL, "email_click", at() - DAY)
    receive(service, third)
    drain_all(service)
    receive(service, second, third)
    drain_all(service)
    receive(service, first, second)
    drain_all(service)
    late = lead(service, EMAIL)
    other = "bo@acme.example"
    receive(service, *[{**each, "email": other, "id": f"b{n}"} for n, each in enumerate((first, second, third))])
    drain_all(service)
    in_order = lead(service, other)
    assert late.total == in_order.total == 24 + 3
    assert len(history(service, EMAIL)) == 3


def test_a_company_that_changes_scores_its_people_anew(
    service: Service, sandbox: Sandbox, at: Watch, drain_all: Drain
) -> None:
    person(sandbox, "hubspot", EMAIL)
    receive(service, activity(1, EMAIL, "email_click", at()))
    drain_all(service)
    assert lead(service, EMAIL).total == 40 + 3
    company = sandbox.hubspot.records("companies")[0].id
    at.forward(HOUR)
    sandbox.hubspot.set("companies", company, {"numberofemployees": "5000"})
    event = told(at, "company.propertyChange", 5, objectId=int(company), propertyName="numberofemployees")
    receive(service, {**event, "propertyValue": "5000"}, source="hubspot")
    drain_all(service)
    assert lead(service, EMAIL).total == 35 + 3


def test_colleagues_who_view_one_document_are_told_as_internal_sharing(
    service: Service, sandbox: Sandbox, at: Watch, drain_all: Drain
) -> None:
    people = (EMAIL, "bo@acme.example")
    for email in people:
        person(sandbox, "hubspot", email)
    at.forward(3 * DAY)
    for n, email in enumerate(people):
        viewed = activity(n, email, "document_view", at() - (2 - n) * DAY, document="proposal", doc_type="other")
        receive(service, viewed)
        drain_all(service)
    for email in people:
        assert [row.type for row in history(service, email)] == ["document_view", "internal_sharing"]
        assert lead(service, email).total == 40 + 15


def test_references_and_companies_are_stored_once(
    service: Service, sandbox: Sandbox, at: Watch, drain_all: Drain
) -> None:
    person(sandbox, "hubspot", EMAIL)
    receive(service, activity(1, EMAIL, "email_click", at()))
    drain_all(service)
    row = lead(service, EMAIL)
    with service.store.read() as conn:
        assert [each.object for each in record_references.of_leads(conn, [row.id])[row.id]] == ["contact"]
        assert len(accounts.members(conn, [row.account_id or ""])) == 1
        assert leads.by_email(conn, [EMAIL]) == {EMAIL: row.id}
    assert counts(service).refresh == 0


def test_nobody_is_judged_before_every_crm_was_asked_for_them(service: Service, sandbox: Sandbox, at: Watch) -> None:
    person(sandbox, "hubspot", EMAIL)
    receive(service, *[activity(n, EMAIL, "page_view", at() - n * MINUTE, page="pricing") for n in range(1, 4)])
    ingest(service)
    assert advance(service) == 0
    receive(service, activity(9, EMAIL, "email_click", at()))
    ingest(service)
    assert advance(service) == 0
    read_records(service, "salesforce")
    assert advance(service) == 0
    read_records(service, "hubspot")
    assert advance(service) > 0
    assert decided(service, EMAIL, "task")[0].payload["play"] == "handoff"


def test_somebody_no_crm_can_be_asked_for_is_judged_after_the_grace(service: Service, at: Watch) -> None:
    receive(service, activity(1, EMAIL, "demo_request", at()))
    ingest(service)
    assert advance(service) == 0
    at.forward(30 * SECOND)
    assert advance(service) > 0
    assert lead(service, EMAIL).stage == "mql"
