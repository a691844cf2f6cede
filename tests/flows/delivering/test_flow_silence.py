"""Whoever asks to be left alone is, in both CRMs: opt-outs, tasks that are closed or never made."""

import pytest
from flows_crms import person, tasks
from flows_outward import EMAIL, SYSTEMS, Look, known, looking, told
from flows_run import Watch, activity, dead, decided, lead, receive

from integration.flows.upkeep import drift
from integration.wiring.whole_service import Service
from mappings.values.instant import DAY, HOUR, MINUTE
from sandbox.desk import sales_desk
from sandbox.server import Sandbox


@pytest.fixture
def look(service: Service, at: Watch) -> Look:
    """Poll both CRMs and let everything that follows happen, some time later."""
    return looking(service, at)


@SYSTEMS
def test_who_opted_out_of_one_crm_is_left_alone_and_opted_out_of_the_other(
    service: Service, sandbox: Sandbox, at: Watch, look: Look, system: str
) -> None:
    contact = person(sandbox, "hubspot", EMAIL)
    record = known(service, sandbox, at, look, "salesforce")
    if system == "hubspot":
        sandbox.hubspot.set("contacts", contact, {"hs_email_optout": "true"})
    else:
        sandbox.salesforce.set("Lead", record, {"HasOptedOutOfEmail": True})
    look()
    assert lead(service, EMAIL).stage == "suppressed"
    assert sandbox.salesforce.record("Lead", record)["HasOptedOutOfEmail"] is True
    assert sandbox.hubspot.values("contacts", contact)["hs_email_optout"] == "true"
    # What the other CRM says now is our own word, and what it says of old takes nobody's opt-out back.
    sandbox.hubspot.set("contacts", contact, {"jobtitle": "VP of Sales"})
    sandbox.salesforce.set("Lead", record, {"Title": "VP of Sales"})
    look()
    assert lead(service, EMAIL).stage == "suppressed"
    assert told(service, "opted_out").count(True) == 1


def test_nobody_is_opted_in_by_us_and_whoever_resubscribes_stays_so(
    service: Service, sandbox: Sandbox, at: Watch, look: Look
) -> None:
    record = known(service, sandbox, at, look, "salesforce")
    receive(service, activity(2, EMAIL, "unsubscribe", at()))
    look()
    assert sandbox.salesforce.record("Lead", record)["HasOptedOutOfEmail"] is True
    at.forward(DAY)
    receive(service, activity(3, EMAIL, "resubscribe", at()))
    look()
    assert lead(service, EMAIL).stage != "suppressed"
    assert sandbox.salesforce.record("Lead", record)["HasOptedOutOfEmail"] is True, "a person takes it back, there"
    sandbox.salesforce.set("Lead", record, {"Title": "VP of Sales"})
    look()
    assert lead(service, EMAIL).stage != "suppressed", "our own tick is no new opt-out"


@SYSTEMS
def test_a_suppressed_leads_tasks_are_closed_with_the_reason_and_no_new_one_comes(
    service: Service, sandbox: Sandbox, at: Watch, look: Look, system: str
) -> None:
    known(service, sandbox, at, look, system)
    (task,) = [each for each in sales_desk.tasks(sandbox) if each.open]
    receive(service, activity(2, EMAIL, "unsubscribe", at()))
    look()
    (closed,) = [each for each in sales_desk.tasks(sandbox) if each.id == task.id]
    assert not closed.open
    assert closed.subject == f"Do not contact: {task.subject}"
    # Too late: it happened before, and would have been a reason for another task.
    receive(service, activity(3, EMAIL, "contact_request", at() - 2 * HOUR))
    for page in range(6):
        receive(service, activity(f"4{page}", EMAIL, "page_view", at() - 3 * HOUR, page="pricing"))
    look()
    assert [each.id for each in sales_desk.tasks(sandbox) if each.open] == []
    with service.store.read() as conn:
        waiting = conn.exec_driver_sql("SELECT count(*) FROM outbox WHERE state = 'new' AND kind IN ('task', 'touch')")
        assert waiting.scalar() == 0
        assert conn.exec_driver_sql("SELECT count(*) FROM audit WHERE action = 'silence'").scalar() == 1


@SYSTEMS
def test_a_task_that_sales_has_closed_is_left_as_it_is(
    service: Service, sandbox: Sandbox, at: Watch, look: Look, system: str
) -> None:
    known(service, sandbox, at, look, system)
    (task,) = [each for each in sales_desk.tasks(sandbox) if each.open]
    sales_desk.close(sandbox, system, task.id, outcome="connected")
    receive(service, activity(2, EMAIL, "unsubscribe", at()))
    look()
    (closed,) = [each for each in sales_desk.tasks(sandbox) if each.id == task.id]
    assert (closed.subject, closed.outcome.casefold()) == (task.subject, "connected")


def test_a_task_not_sent_yet_is_dropped_when_the_lead_is_suppressed(
    service: Service, sandbox: Sandbox, at: Watch, look: Look
) -> None:
    person(sandbox, "salesforce", EMAIL)
    look()
    receive(service, activity(1, EMAIL, "demo_request", at() - HOUR), activity(2, EMAIL, "unsubscribe", at() - MINUTE))
    look()
    assert decided(service, EMAIL, "task"), "it was decided"
    assert sum(tasks(sandbox, "salesforce").values()) == 0, "and nobody is to do it any more"


def test_an_org_without_an_opt_out_field_is_read_and_written_and_doctor_says_what_it_lacks(
    service: Service, sandbox: Sandbox, at: Watch, look: Look
) -> None:
    for name in ("Lead", "Contact"):
        sandbox.salesforce.org.remove_field(name, "HasOptedOutOfEmail")
    record = known(service, sandbox, at, look, "salesforce")
    contact = person(sandbox, "hubspot", EMAIL)
    receive(service, activity(2, EMAIL, "unsubscribe", at()))
    look()
    assert lead(service, EMAIL).stage == "suppressed"
    assert sandbox.salesforce.record("Lead", record)["Coldframe_Stage__c"] == "suppressed"
    assert sandbox.hubspot.values("contacts", contact)["hs_email_optout"] == "true"
    assert dead(service) == []
    drift.watch(service)
    looked = drift.last(service.store, "salesforce")
    assert looked is not None
    assert {each.subject for each in looked.troubles} >= {"Lead.HasOptedOutOfEmail", "Contact.HasOptedOutOfEmail"}
