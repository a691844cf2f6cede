"""One person stays one lead, whatever happens to their records: conversion, merges, changes of address, deletion."""

from collections.abc import Callable
from typing import TypeAlias

import pytest
from flows_crms import engagement, person, tasks
from flows_run import Watch, activity, counts, decided, history, lead, receive

from integration.core.model.state import newborn
from integration.core.run.apply_events import advance as fold
from integration.flows.history import load_events
from integration.flows.reading import reconcile
from integration.store.people import leads, record_references
from integration.store.people.leads import LeadRow
from integration.wiring.whole_service import Service
from mappings.values.instant import DAY, HOUR, MINUTE
from sandbox.desk import sales_desk
from sandbox.server import Sandbox

Drain: TypeAlias = Callable[[Service], int]
Look: TypeAlias = Callable[[], None]
EMAIL = "ana@acme.example"
OTHER = "ana.silva@acme.example"


@pytest.fixture
def look(service: Service, drain_all: Drain, at: Watch) -> Look:
    """Poll both CRMs and let everything that follows happen, some time later."""

    def looking() -> None:
        for _ in range(2):
            at.forward(MINUTE)
            for name in service.connections:
                reconcile.poll(service, name)
            drain_all(service)

    looking()
    return looking


def everybody(service: Service) -> list[LeadRow]:
    with service.store.read() as conn:
        ids = [row[0] for row in conn.exec_driver_sql("SELECT id FROM leads WHERE merged_into IS NULL")]
        return leads.get(conn, ids)


def assert_one_lead_with_its_ledger(service: Service, total: int) -> None:
    """One lead, and its ledger, derived from the beginning, sums to the score that is stored."""
    (row,) = everybody(service)
    with service.store.read() as conn:
        events = load_events.whole(conn, [row])[row.id]
    decision = fold(service.rules.compiled, newborn(row.id), events, service.now())
    assert sum(line.points for line in decision.lines) // 1000 == row.total == total
    assert counts(service).dirty == 0


def handoffs(sandbox: Sandbox) -> list[sales_desk.Task]:
    return [task for task in sales_desk.tasks(sandbox) if "/handoff/" in task.key]


def interested(service: Service, at: Watch, email: str, number: int) -> None:
    """Two page views of pricing and a request for a demo."""
    receive(
        service,
        activity(f"{number}1", email, "page_view", at() - HOUR, page="pricing"),
        activity(f"{number}2", email, "demo_request", at() - MINUTE),
    )


def test_a_converted_salesforce_lead_is_the_same_lead_with_one_task(
    service: Service, sandbox: Sandbox, at: Watch, look: Look
) -> None:
    record = person(sandbox, "salesforce", EMAIL)
    at.forward(DAY)
    interested(service, at, EMAIL, 1)
    look()
    total = lead(service, EMAIL).total
    sandbox.salesforce.convert(record)
    look()
    receive(service, activity(3, EMAIL, "email_click", at()))
    look()
    assert_one_lead_with_its_ledger(service, (total or 0) + 3)
    assert len(handoffs(sandbox)) == 1
    (contact,) = sandbox.salesforce.records("Contact")
    with service.store.read() as conn:
        known = record_references.of_leads(conn, [lead(service, EMAIL).id])[lead(service, EMAIL).id]
    assert [(each.object, each.external_id) for each in known] == [("Contact", contact["Id"]), ("Lead", record)]
    assert contact["Coldframe_Engagement__c"] == (lead(service, EMAIL).standing or {})["engagement"]


def test_a_lead_converted_into_a_contact_who_was_another_lead_is_one_of_them(
    service: Service, sandbox: Sandbox, at: Watch, look: Look
) -> None:
    record = person(sandbox, "salesforce", EMAIL)
    contact = sandbox.salesforce.add("Contact", {"LastName": "Silva", "Email": OTHER})
    at.forward(DAY)
    receive(service, activity(1, EMAIL, "email_click", at()), activity(2, OTHER, "email_click", at() - MINUTE))
    look()
    assert len(everybody(service)) == 2
    sandbox.salesforce.convert(record, contact=contact)
    look()
    (row,) = everybody(service)
    assert_one_lead_with_its_ledger(service, row.total or 0)
    assert (row.standing or {})["engagement"] == 6


def test_merged_hubspot_contacts_are_one_lead_with_the_points_of_both_and_one_task(
    service: Service, sandbox: Sandbox, at: Watch, look: Look
) -> None:
    kept, ended = person(sandbox, "hubspot", EMAIL), person(sandbox, "hubspot", OTHER)
    at.forward(DAY)
    interested(service, at, OTHER, 1)
    receive(service, activity(5, EMAIL, "email_click", at() - 2 * HOUR))
    look()
    assert len(everybody(service)) == 2
    assert len(handoffs(sandbox)) == 1
    points = sum(int(str((row.standing or {})["engagement"])) for row in everybody(service))
    sandbox.hubspot.merge("contacts", kept, ended)
    look()
    (row,) = everybody(service)
    assert (row.standing or {})["engagement"] == points
    assert row.stage == "mql"
    assert_one_lead_with_its_ledger(service, row.total or 0)
    assert len([task for task in handoffs(sandbox) if task.open]) == 1
    assert len(decided(service, EMAIL, "task")) == len({effect.key for effect in decided(service, EMAIL, "task")})
    assert engagement(sandbox, "hubspot", kept) == points
    receive(service, activity(6, OTHER, "email_click", at()))
    look()
    assert len(everybody(service)) == 1, "the address of the ended record is still theirs"
    assert len(history(service, EMAIL)) == 4


def test_two_handed_over_leads_that_become_one_have_one_open_task(
    service: Service, sandbox: Sandbox, at: Watch, look: Look
) -> None:
    kept, ended = person(sandbox, "hubspot", EMAIL), person(sandbox, "hubspot", OTHER)
    at.forward(DAY)
    interested(service, at, EMAIL, 1)
    interested(service, at, OTHER, 2)
    look()
    assert len([task for task in handoffs(sandbox) if task.open]) == 2
    sandbox.hubspot.merge("contacts", kept, ended)
    look()
    look()
    (row,) = everybody(service)
    assert row.stage == "mql", "a task that we close ourselves says nothing of sales"
    assert len([task for task in handoffs(sandbox) if task.open]) == 1
    assert_one_lead_with_its_ledger(service, row.total or 0)


def test_a_cross_reference_that_appears_later_makes_two_leads_one(
    service: Service, sandbox: Sandbox, at: Watch, look: Look
) -> None:
    in_hubspot, in_salesforce = person(sandbox, "hubspot", EMAIL), person(sandbox, "salesforce", OTHER)
    at.forward(DAY)
    receive(service, activity(1, EMAIL, "email_click", at()), activity(2, OTHER, "email_click", at() - MINUTE))
    look()
    assert len(everybody(service)) == 2
    sandbox.hubspot.set("contacts", in_hubspot, {"hs_salesforceleadid": in_salesforce})
    look()
    (row,) = everybody(service)
    assert (row.standing or {})["engagement"] == 6
    assert_one_lead_with_its_ledger(service, row.total or 0)
    assert engagement(sandbox, "hubspot", in_hubspot) == engagement(sandbox, "salesforce", in_salesforce) == 6


@pytest.mark.parametrize("system", ["hubspot", "salesforce"])
def test_a_changed_address_is_the_same_lead_under_both(
    service: Service, sandbox: Sandbox, at: Watch, look: Look, system: str
) -> None:
    record = person(sandbox, system, EMAIL)
    at.forward(DAY)
    receive(service, activity(1, EMAIL, "email_click", at()))
    look()
    total = lead(service, EMAIL).total or 0
    if system == "hubspot":
        sandbox.hubspot.set("contacts", record, {"email": OTHER})
    else:
        sandbox.salesforce.set("Lead", record, {"Email": OTHER})
    look()
    receive(service, activity(2, EMAIL, "email_click", at()), activity(3, OTHER, "email_click", at() - MINUTE))
    look()
    assert lead(service, OTHER).email == OTHER
    assert_one_lead_with_its_ledger(service, total + 6)


@pytest.mark.parametrize("system", ["hubspot", "salesforce"])
def test_a_deleted_record_leaves_the_lead_and_coming_back_is_the_same_lead(
    service: Service, sandbox: Sandbox, at: Watch, look: Look, system: str
) -> None:
    record = person(sandbox, system, EMAIL)
    at.forward(DAY)
    receive(service, activity(1, EMAIL, "email_click", at()))
    look()
    total = lead(service, EMAIL).total or 0
    about = {"subscriptionType": "contact.deletion", "occurredAt": at() // 1000, "eventId": 7, "portalId": 1}
    if system == "hubspot":
        sandbox.hubspot.delete("contacts", record)
        receive(service, {**about, "objectId": int(record)}, source="hubspot")
    else:
        sandbox.salesforce.delete("Lead", record)
    look()
    with service.store.read() as conn:
        assert leads.by_reference(conn, [(system, "contact" if system == "hubspot" else "Lead", record)]) == {}
    receive(service, activity(2, EMAIL, "demo_request", at()))
    look()
    assert handoffs(sandbox) == []
    if system == "hubspot":
        sandbox.hubspot.restore("contacts", record)
        receive(service, {**about, "subscriptionType": "contact.restore", "objectId": int(record)}, source="hubspot")
    else:
        sandbox.salesforce.undelete("Lead", record)
    look()
    assert len(handoffs(sandbox)) == 1
    assert sum(tasks(sandbox, system).values()) == len(sales_desk.tasks(sandbox))
    row = lead(service, EMAIL)
    assert row.stage == "mql"
    assert (row.total or 0) > total
    assert_one_lead_with_its_ledger(service, row.total or 0)


def test_a_lead_without_an_email_is_kept_under_its_id_and_comes_back_under_it(
    service: Service, sandbox: Sandbox, look: Look
) -> None:
    record = sandbox.salesforce.add("Lead", {"LastName": "Silva", "Company": "Acme"})
    look()
    (row,) = everybody(service)
    sandbox.salesforce.delete("Lead", record)
    look()
    sandbox.salesforce.undelete("Lead", record)
    look()
    (again,) = everybody(service)
    assert again.id == row.id


def test_whoever_is_new_in_one_crm_is_looked_for_in_the_other(
    service: Service, sandbox: Sandbox, at: Watch, look: Look
) -> None:
    in_salesforce = person(sandbox, "salesforce", EMAIL)
    at.forward(30 * DAY)  # modified long ago: no poll would find it
    with service.store.write() as conn:
        conn.exec_driver_sql("DELETE FROM object_values WHERE purpose = 'poll'")
    look()
    assert everybody(service) == []
    person(sandbox, "hubspot", EMAIL)
    look()
    receive(service, activity(1, EMAIL, "demo_request", at()))
    look()
    (row,) = everybody(service)
    with service.store.read() as conn:
        assert ("salesforce", "Lead", in_salesforce) in leads.by_reference(
            conn, [("salesforce", "Lead", in_salesforce)]
        )
    assert [task.system for task in handoffs(sandbox)] == ["salesforce"]
    assert_one_lead_with_its_ledger(service, row.total or 0)


def test_merged_salesforce_leads_are_one_lead(service: Service, sandbox: Sandbox, at: Watch, look: Look) -> None:
    kept, ended = person(sandbox, "salesforce", EMAIL), person(sandbox, "salesforce", OTHER)
    at.forward(DAY)
    receive(service, activity(1, EMAIL, "email_click", at()), activity(2, OTHER, "email_click", at() - MINUTE))
    look()
    assert len(everybody(service)) == 2
    sandbox.salesforce.set("Lead", ended, {"MasterRecordId": kept})
    sandbox.salesforce.delete("Lead", ended)
    look()
    (row,) = everybody(service)
    assert (row.standing or {})["engagement"] == 6
    assert_one_lead_with_its_ledger(service, row.total or 0)
    with service.store.read() as conn:
        known = record_references.of_leads(conn, [row.id])[row.id]
    assert [each.external_id for each in known if (each.connection, each.object) == ("salesforce", "Lead")] == [kept]


def test_a_merge_told_by_webhook_joins_at_once_and_the_ended_record_is_still_theirs(
    service: Service, sandbox: Sandbox, at: Watch, look: Look, drain_all: Drain
) -> None:
    kept, ended = person(sandbox, "hubspot", EMAIL), person(sandbox, "hubspot", OTHER)
    at.forward(DAY)
    receive(service, activity(1, EMAIL, "email_click", at()), activity(2, OTHER, "email_click", at() - MINUTE))
    look()
    sandbox.hubspot.merge("contacts", kept, ended)
    event = {"subscriptionType": "contact.merge", "occurredAt": at() // 1000, "eventId": 7, "portalId": 1}
    event |= {"objectId": int(kept), "primaryObjectId": int(kept), "mergedObjectIds": [int(ended)]}
    for _ in range(2):
        receive(service, {**event, "newObjectId": int(kept)}, source="hubspot")
        drain_all(service)
    (row,) = everybody(service)
    assert row.email == EMAIL
    assert (row.standing or {})["engagement"] == 6
    assert_one_lead_with_its_ledger(service, row.total or 0)
    told = {"subscriptionType": "contact.propertyChange", "propertyName": "firstname", "propertyValue": "Anna"}
    receive(service, {**event, **told, "objectId": int(ended), "eventId": 8}, source="hubspot")
    drain_all(service)
    assert len(everybody(service)) == 1
