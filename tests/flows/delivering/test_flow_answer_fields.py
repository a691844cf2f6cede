"""Sales answers in the task itself: its text says how, and what was set comes back, in both CRMs."""

from collections.abc import Callable
from typing import TypeAlias

import pytest
from flows_crms import person
from flows_run import Watch, activity, lead, receive

from integration.flows.reading import reconcile
from integration.wiring.whole_service import Service
from mappings.values.instant import HOUR, MINUTE
from sandbox.desk import sales_desk
from sandbox.server import Sandbox

Drain: TypeAlias = Callable[[Service], int]
EMAIL = "ana@acme.example"
SAYS = 'When you close this task, set "{}" to Accepted, Rejected or what came of it; with Rejected, set "{}" too.'
LABELS = {
    "hubspot": ("Ergebnis", "Rejection reason"),
    "salesforce": ("Coldframe Outcome", "Coldframe Rejection Reason"),
}
"""As the admin of the one has called them, and as the sandbox's other one calls them."""
SYSTEMS = pytest.mark.parametrize("system", ["hubspot", "salesforce"])


def handed_over(service: Service, sandbox: Sandbox, at: Watch, drain_all: Drain, system: str) -> sales_desk.Task:
    """The handoff task of somebody whom this CRM knows."""
    person(sandbox, system, EMAIL)
    receive(service, activity(1, EMAIL, "demo_request", at()))
    drain_all(service)
    at.forward(MINUTE)
    drain_all(service)
    (task,) = [task for task in sales_desk.tasks(sandbox) if "/handoff/" in task.key]
    assert task.system == system
    return task


@SYSTEMS
def test_the_text_of_a_task_says_in_a_line_how_to_answer_in_the_words_of_its_crm(
    service: Service, sandbox: Sandbox, at: Watch, drain_all: Drain, system: str
) -> None:
    if system == "hubspot":
        sandbox.hubspot.portal.properties("tasks")["task_outcome"].label = LABELS[system][0]
    task = handed_over(service, sandbox, at, drain_all, system)
    (line,) = [line for line in sales_desk.plain(task.body).splitlines() if "close this task" in line]
    assert line == f"How to close it: {SAYS.format(*LABELS[system])}"


@SYSTEMS
def test_where_a_crm_does_not_have_the_fields_the_text_promises_none(
    service: Service, sandbox: Sandbox, at: Watch, drain_all: Drain, system: str
) -> None:
    if system == "hubspot":
        sandbox.hubspot.portal.remove_property("tasks", "task_outcome")
    else:
        del sandbox.salesforce.org.fields["Task"]["Coldframe_Outcome__c"]
    task = handed_over(service, sandbox, at, drain_all, system)
    assert "close this task" not in task.body


def closed(service: Service, sandbox: Sandbox, at: Watch, drain_all: Drain, said: tuple[str, str, str]) -> None:
    """The task is closed with an outcome and a reason, as a person does; HubSpot sends it, Salesforce is asked."""
    system, outcome, reason = said
    task = handed_over(service, sandbox, at, drain_all, system)
    at.forward(HOUR)
    if system == "hubspot":
        answer = {"task_outcome": outcome} | ({"task_rejection_reason": reason} if reason else {})
        sandbox.hubspot.set("tasks", task.id, {**answer, "hs_task_status": "COMPLETED"})
        sandbox.drain()
    else:
        fields = {"Coldframe_Outcome__c": outcome} | ({"Coldframe_Rejection_Reason__c": reason} if reason else {})
        sandbox.salesforce.set("Task", task.id, {**fields, "Status": "Completed"})
        at.forward(MINUTE)
        for _ in sandbox.salesforce.org.fields:
            reconcile.poll(service, "salesforce")
    drain_all(service)


@SYSTEMS
@pytest.mark.usefixtures("webhooks")
def test_a_task_that_is_closed_as_accepted_comes_back_as_accepted(
    service: Service, sandbox: Sandbox, at: Watch, drain_all: Drain, system: str
) -> None:
    closed(service, sandbox, at, drain_all, (system, "accepted", ""))
    assert lead(service, EMAIL).stage == "sal"


@SYSTEMS
@pytest.mark.usefixtures("webhooks")
def test_a_task_that_is_closed_as_rejected_brings_its_reason(
    service: Service, sandbox: Sandbox, at: Watch, drain_all: Drain, system: str
) -> None:
    closed(service, sandbox, at, drain_all, (system, "rejected", "budget"))
    row = lead(service, EMAIL)
    assert (row.stage, (row.standing or {})["recycle_reason"]) == ("recycled", "budget")
