"""A task is worded when it is delivered, from what is known of its lead by then: the name, not an id or an e-mail."""

from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

import pytest
from flows_crms import SYSTEMS, TASKS, managed, person, tasks
from flows_run import Watch, activity, decided, lead, receive

from integration.flows.deciding.advance import advance
from integration.flows.delivering.deliver import deliver
from integration.flows.intake.ingest import ingest
from integration.flows.reading import reconcile
from integration.flows.reading.refresh import read_records
from integration.store.outgoing import outbox_backlog
from integration.wiring.whole_service import Service
from mappings.values.instant import DAY, HOUR, MINUTE, SECOND
from sandbox.server import Sandbox
from sandbox.shared.requested_faults import Fault

Drain: TypeAlias = Callable[[Service], int]
EMAIL = "silva@acme.example"


def said(sandbox: Sandbox, system: str) -> dict[str, str]:
    """Subject and body by the cause of each task."""
    if system == "salesforce":
        rows: list[Mapping[str, Any]] = sandbox.salesforce.records("Task")
        return {
            str(row["Coldframe_Key__c"]).partition("/")[2]: f"{row['Subject']}\n{row['Description']}" for row in rows
        }
    return {
        str(task.values["coldframe_key"]).partition("/")[2]: "\n".join(
            task.values[name] for name in ("hs_task_subject", "hs_task_body")
        )
        for task in sandbox.hubspot.records("tasks")
    }


def named(service: Service, text: str) -> bool:
    """Whether a task names the person and the company, and no id, nor calls anything unknown."""
    row = lead(service, EMAIL)
    ids = (row.id, str(row.account_id), "unknown")
    return "Ana silva" in text and "acme.example" in text and not any(each in text for each in ids)


def event(at: Watch, record: str, kind: str, **more: object) -> dict[str, Any]:
    about = {"subscriptionType": f"contact.{kind}", "occurredAt": at() // 1_000, "eventId": 1, "portalId": 1}
    return {**about, "objectId": int(record), "subscriptionId": 1, "appId": 1, **more}


@pytest.mark.parametrize("database", ["sqlite", "postgresql"])
@pytest.mark.parametrize("system", SYSTEMS)
def test_a_record_that_follows_its_web_form_is_named_in_the_task(
    service: Service, sandbox: Sandbox, at: Watch, drain_all: Drain, system: str
) -> None:
    receive(service, activity(1, EMAIL, "demo_request", at(), asset="demo form"))
    drain_all(service)
    (effect,) = decided(service, EMAIL, "task")
    assert EMAIL in effect.payload["subject"], "what was decided is kept as it was"
    at.forward(SECOND)
    person(sandbox, system, EMAIL)
    reconcile.poll(service, system)
    drain_all(service)
    (text,) = said(sandbox, system).values()
    assert named(service, text)
    assert "demo form" in text


@pytest.mark.parametrize("database", ["sqlite", "postgresql"])
@pytest.mark.parametrize("system", SYSTEMS)
def test_what_waits_for_days_goes_out_worded_from_the_record_escalations_too(
    service: Service, sandbox: Sandbox, at: Watch, drain_all: Drain, system: str
) -> None:
    receive(service, activity(1, EMAIL, "demo_request", at()))
    drain_all(service)
    at.forward(2 * DAY)
    advance(service)
    assert decided(service, EMAIL, "escalation")
    managed(sandbox)
    person(sandbox, system, EMAIL)
    reconcile.poll(service, system)
    drain_all(service)
    found = said(sandbox, system)
    assert set(found) == {"play/handoff/1/task/1", "clock/first_contact/1/escalation"}
    assert all(named(service, text) for text in found.values())


def test_a_task_waits_until_the_record_that_a_webhook_names_has_been_read(
    service: Service, sandbox: Sandbox, at: Watch, drain_all: Drain
) -> None:
    """The webhook tells the e-mail and nothing else; the delivery is quicker than the reading."""
    receive(service, activity(1, EMAIL, "demo_request", at()))
    drain_all(service)
    record = person(sandbox, "hubspot", EMAIL)
    told = event(at, record, "propertyChange", propertyName="email", propertyValue=EMAIL)
    receive(service, told, source="hubspot")
    ingest(service)
    advance(service)
    deliver(service, "hubspot")
    deliver(service, "salesforce")
    assert not tasks(sandbox, "hubspot")
    drain_all(service)
    (text,) = said(sandbox, "hubspot").values()
    assert named(service, text)


@pytest.mark.parametrize("system", SYSTEMS)
def test_a_task_waits_until_what_was_read_has_been_taken_in(
    service: Service, sandbox: Sandbox, at: Watch, drain_all: Drain, system: str
) -> None:
    """The record is read and nothing is decided yet: the delivery comes first, and has to wait."""
    receive(service, activity(1, EMAIL, "demo_request", at()))
    drain_all(service)
    person(sandbox, system, EMAIL)
    reconcile.poll(service, system)
    read_records(service, system)
    deliver(service, system)
    assert not tasks(sandbox, system)
    advance(service)
    deliver(service, system)
    (text,) = said(sandbox, system).values()
    assert named(service, text)


@pytest.mark.parametrize("system", SYSTEMS)
def test_a_task_that_sales_has_changed_is_not_rewritten_when_it_is_delivered_again(
    service: Service, sandbox: Sandbox, at: Watch, drain_all: Drain, system: str
) -> None:
    """The reply is lost, sales rewrites the task, and more is known of the lead when it is tried again."""
    record = person(sandbox, system, EMAIL)
    sandbox.faults.add(Fault(kind="apply_then_drop", **TASKS[system]))
    receive(service, activity(1, EMAIL, "demo_request", at()))
    drain_all(service)
    if system == "hubspot":
        (task,) = sandbox.hubspot.records("tasks")
        sandbox.hubspot.set("tasks", task.id, {"hs_task_subject": "Mine"})
        sandbox.hubspot.set("contacts", record, {"firstname": "Anabel"})
    else:
        (made,) = sandbox.salesforce.records("Task")
        sandbox.salesforce.set("Task", made["Id"], {"Subject": "Mine"})
        sandbox.salesforce.set("Lead", record, {"FirstName": "Anabel"})
    at.forward(HOUR)
    reconcile.poll(service, system)
    drain_all(service)
    (text,) = said(sandbox, system).values()
    assert text.startswith("Mine\n")
    assert "Anabel" not in text
    assert sum(tasks(sandbox, system).values()) == 1


def test_what_was_written_is_kept_with_the_task(
    service: Service, sandbox: Sandbox, at: Watch, drain_all: Drain
) -> None:
    """A task that is closed later on is closed under the words that stand in the CRM."""
    receive(service, activity(1, EMAIL, "demo_request", at()))
    drain_all(service)
    person(sandbox, "salesforce", EMAIL)
    reconcile.poll(service, "salesforce")
    drain_all(service)
    at.forward(HOUR)
    receive(service, activity(2, EMAIL, "unsubscribe", at()))
    drain_all(service)
    at.forward(MINUTE)  # by then it shows that no scanner did it
    drain_all(service)
    (task,) = sandbox.salesforce.records("Task")
    assert task["Subject"].startswith("Do not contact: Call Ana silva, acme.example")
    with service.store.read() as conn:
        assert outbox_backlog.counts(conn)["salesforce", "task", "sent"] == 1
