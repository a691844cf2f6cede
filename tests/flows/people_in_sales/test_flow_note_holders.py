"""A task that somebody else closes: who is recorded, who gets the next one; and two hundred closed at once."""

from collections.abc import Callable
from typing import Any, TypeAlias

import pytest
from flows_crms import person
from flows_routing import routed
from flows_run import Watch, activity, dead, history, receive
from found_out import TASK_FIELD, budget, installed

from integration.flows.reading import reconcile
from integration.store.people import leads
from integration.wiring.whole_service import Service
from mappings.values.instant import DAY, HOUR, MINUTE
from sandbox.desk import sales_desk
from sandbox.server import Sandbox

Drain: TypeAlias = Callable[[Service], int]
EMAIL = "ana@acme.example"
SYSTEMS = pytest.mark.parametrize("system", ["hubspot", "salesforce"])
OWNER = {"hubspot": "hubspot_owner_id", "salesforce": "OwnerId"}
OUTCOME = {"hubspot": "task_outcome", "salesforce": "Coldframe_Outcome__c"}
REASON = {"hubspot": "task_rejection_reason", "salesforce": "Coldframe_Rejection_Reason__c"}
MANY = 200


def team(sandbox: Sandbox, system: str) -> list[tuple[str, str, str]]:
    """Two people in sales: id, e-mail, name."""
    if system == "hubspot":
        people = sandbox.hubspot.portal.owners[:2]
        return [(str(each["id"]), str(each["email"]), f"{each['firstName']} {each['lastName']}") for each in people]
    users = sandbox.salesforce.people[1:3]
    return [(str(each["Id"]), str(each["Email"]).lower(), str(each["Name"])) for each in users]


def looked(service: Service, at: Watch, drain_all: Drain, system: str, times: int = 2) -> None:
    for _ in range(times):
        at.forward(MINUTE)
        reconcile.poll(service, system)
        drain_all(service)


def unowned(sandbox: Sandbox, system: str, email: str) -> str:
    """A person whose record nobody in sales owns."""
    record = person(sandbox, system, email)
    if system == "hubspot":
        sandbox.hubspot.set("contacts", record, {"hubspot_owner_id": ""})
    else:
        queue = next((str(each["Id"]) for each in sandbox.salesforce.records("Group")), "")
        sandbox.salesforce.set("Lead", record, {"OwnerId": queue or sandbox.salesforce.queue("In")})
    return record


def put(sandbox: Sandbox, task: sales_desk.Task, by: str, **told: Any) -> None:
    """This person changes a task."""
    if task.system == "hubspot":
        sandbox.hubspot.set("tasks", task.id, told)
    else:
        sandbox.salesforce.set("Task", task.id, told, by=by)


def opened(sandbox: Sandbox) -> list[sales_desk.Task]:
    return [task for task in sales_desk.tasks(sandbox) if task.open]


@SYSTEMS
@pytest.mark.parametrize("takes_over", [True, False], ids=["takes it over", "closes it for them"])
def test_who_has_the_task_gave_the_lead_back_and_gets_it_again(
    service: Service, sandbox: Sandbox, at: Watch, drain_all: Drain, system: str, *, takes_over: bool
) -> None:
    members = team(sandbox, system)
    pool = ", ".join(email for _, email, _ in members)
    service = routed(
        service, f"pools: {{sdr: {{members: [{pool}]}}}}\nroutes: [{{otherwise: sdr}}]\nagain: same_person\n"
    )
    looked(service, at, drain_all, system, 1)
    unowned(sandbox, system, EMAIL)
    receive(service, activity(1, EMAIL, "demo_request", at()))
    looked(service, at, drain_all, system)
    (task,) = opened(sandbox)
    had = next(each for each in members if each[0] == task.owner)
    other = next(each for each in members if each is not had)
    at.forward(HOUR)
    closed: dict[str, Any] = {OUTCOME[system]: "rejected", REASON[system]: "timing"}
    closed |= {"hs_task_status": "COMPLETED"} if system == "hubspot" else {"Status": "Completed"}
    put(sandbox, task, other[0], **closed, **({OWNER[system]: other[0]} if takes_over else {}))
    looked(service, at, drain_all, system)
    at.forward(40 * DAY)
    receive(service, activity(2, EMAIL, "demo_request", at()))
    looked(service, at, drain_all, system)
    (again,) = opened(sandbox)
    whose = other if takes_over else had
    (said,) = [row for row in history(service, EMAIL) if row.type == "sales_rejected"]
    assert said.properties["by"] == whose[2]
    assert f"by {whose[2]}" in sales_desk.plain(again.body)
    assert again.owner == whose[0]


@SYSTEMS
def test_two_hundred_tasks_closed_at_once_each_say_what_they_say_once_in_a_few_calls(
    service: Service, sandbox: Sandbox, at: Watch, drain_all: Drain, system: str
) -> None:
    service = installed(service, sandbox)
    looked(service, at, drain_all, system, 1)
    records = {f"p{number}@firm{number}.example": "" for number in range(MANY)}
    for email in records:
        records[email] = person(sandbox, system, email)
    at.forward(HOUR)
    receive(service, *(activity(email, email, "demo_request", at()) for email in records))
    looked(service, at, drain_all, system)
    tasks = opened(sandbox)
    assert len(tasks) == MANY
    at.forward(HOUR)
    for number, task in enumerate(tasks):  # an import, all in one instant
        told: dict[str, Any] = {OUTCOME[system]: "accepted", TASK_FIELD[system]: f"{number} k"}
        told |= {"hs_task_status": "COMPLETED"} if system == "hubspot" else {"Status": "Completed"}
        put(sandbox, task, "", **told)
    log = (sandbox.hubspot if system == "hubspot" else sandbox.salesforce).log
    before = len(log.entries())
    looked(service, at, drain_all, system, 4)
    calls = len(log.entries()) - before
    with service.store.read() as conn:
        stages = [row.stage for row in leads.get(conn, leads.by_email(conn, records).values())]
    assert stages == ["sal"] * MANY
    assert sorted(budget(sandbox, system, record) for record in records.values()) == sorted(
        f"{number} k" for number in range(MANY)
    )
    kinds = [row.type for email in list(records)[:: MANY // 10] for row in history(service, email)]
    assert sorted(kinds) == ["demo_request"] * 10 + ["sales_accepted"] * 10
    assert calls < MANY, "in batches, and not task by task"
    assert dead(service) == []
