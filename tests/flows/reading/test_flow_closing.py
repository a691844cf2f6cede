"""Closing a task means something, from end to end in both CRMs: words in the note, missing reasons, recycling."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any, TypeAlias

import pytest
from flows_crms import person
from flows_run import Watch, activity, decided, history, lead, receive

from integration.flows.reading import reconcile
from integration.store.events import unrecognised_words
from integration.wiring.whole_service import Service
from mappings.model.compiled_mapping import Rule, Source
from mappings.values.instant import DAY, HOUR, MINUTE
from sandbox.desk import sales_desk
from sandbox.server import Sandbox

Look: TypeAlias = Callable[[], None]
EMAIL = "ana@acme.example"
SYSTEMS = pytest.mark.parametrize("system", ["hubspot", "salesforce"])
NOTE = {"hubspot": "hs_task_body", "salesforce": "Description"}
OUTCOME = {"hubspot": "task_outcome", "salesforce": "Coldframe_Outcome__c"}
REASON = {"hubspot": "task_rejection_reason", "salesforce": "Coldframe_Rejection_Reason__c"}


@pytest.fixture
def look(service: Service, drain_all: Callable[[Service], int], at: Watch, woken: list[str]) -> Look:
    """A minute passes, both CRMs are asked for what is new, and what follows happens."""

    def looking() -> None:
        at.forward(MINUTE)
        for name in service.connections:
            reconcile.poll(service, name)
            while f"poll:{name}" in woken:  # a stint was over
                woken.remove(f"poll:{name}")
                reconcile.poll(service, name)
        drain_all(service)

    return looking


def handed_over(service: Service, sandbox: Sandbox, at: Watch, look: Look, system: str) -> sales_desk.Task:
    """The handoff task of somebody who asked for a demo and whom this CRM knows."""
    look()
    person(sandbox, system, EMAIL)
    at.forward(HOUR)
    receive(service, activity(1, EMAIL, "demo_request", at()))
    look()
    look()
    (task,) = opened(sandbox)
    assert task.system == system
    at.forward(HOUR)
    return task


def opened(sandbox: Sandbox) -> list[sales_desk.Task]:
    return [task for task in sales_desk.tasks(sandbox) if task.open]


def close(sandbox: Sandbox, task: sales_desk.Task, **said: Any) -> None:
    """A person completes a task, with these fields and words after the text that stands there."""
    note = said.pop("note", "")
    if task.system == "hubspot":
        body = f"{task.body}<p>{note}</p>"
        sandbox.hubspot.set("tasks", task.id, {**said, "hs_task_body": body, "hs_task_status": "COMPLETED"})
    else:
        body = f"{sales_desk.plain(task.body)}\n{note}"
        sandbox.salesforce.set("Task", task.id, {**said, "Description": body, "Status": "Completed"})


@SYSTEMS
@pytest.mark.parametrize(
    ("note", "stage", "reason"),
    [
        ("#qualified", "sql", None),
        ("No money this year. #Rejected: budget", "recycled", "budget"),
        ("He was rejected by the board, we connected though", "mql", None),
    ],
)
def test_a_word_in_the_note_says_what_came_of_the_task(  # noqa: PLR0917 - fixtures, and what a case names
    service: Service, sandbox: Sandbox, at: Watch, look: Look, system: str, note: str, stage: str, reason: str | None
) -> None:
    task = handed_over(service, sandbox, at, look, system)
    close(sandbox, task, note=note)
    look()
    look()
    row = lead(service, EMAIL)
    assert (row.stage, (row.standing or {})["recycle_reason"]) == (stage, reason)


@SYSTEMS
def test_a_word_that_nobody_knows_says_nothing_and_is_shown(
    service: Service, sandbox: Sandbox, at: Watch, look: Look, system: str
) -> None:
    if system == "hubspot":
        sandbox.hubspot.portal.properties("tasks")["task_outcome"].options["not now"] = "Not now"
    else:
        fields = sandbox.salesforce.org.fields["Task"]
        offered = fields["Coldframe_Outcome__c"]
        fields["Coldframe_Outcome__c"] = replace(offered, values=(*offered.values, "not now"))
    task = handed_over(service, sandbox, at, look, system)
    close(sandbox, task, **{OUTCOME[system]: "not now"})
    look()
    assert lead(service, EMAIL).stage == "mql"
    with service.store.read() as conn:
        (seen, *_) = unrecognised_words.oftenest(conn, 9, ("value",))
    assert (seen.word.place, seen.word.word) == ("lead.sales_answer", "not now")


@SYSTEMS
def test_a_rejection_without_a_reason_has_one_follow_up_that_completes_it(
    service: Service, sandbox: Sandbox, at: Watch, look: Look, system: str
) -> None:
    task = handed_over(service, sandbox, at, look, system)
    close(sandbox, task, **{OUTCOME[system]: "rejected"})
    look()
    assert opened(sandbox) == [], "the reason may follow by itself"
    at.forward(HOUR)
    look()
    look()
    (asked,) = opened(sandbox)
    assert asked.owner == task.owner
    assert "given back" in asked.subject
    assert "given back without a reason" in asked.body
    at.forward(HOUR)
    close(sandbox, asked, **{REASON[system]: "timing"})
    for _ in range(3):
        look()
    at.forward(2 * DAY)
    look()
    row = lead(service, EMAIL)
    assert (row.stage, (row.standing or {})["recycle_reason"]) == ("recycled", "timing")
    assert opened(sandbox) == []
    assert len([each for each in decided(service, EMAIL, "task") if "/rejection/" in each.key]) == 1


@SYSTEMS
def test_a_follow_up_that_is_overtaken_is_closed(
    service: Service, sandbox: Sandbox, at: Watch, look: Look, system: str
) -> None:
    task = handed_over(service, sandbox, at, look, system)
    close(sandbox, task, **{OUTCOME[system]: "rejected"})
    look()
    at.forward(HOUR)
    look()
    look()
    assert len(opened(sandbox)) == 1
    receive(service, activity(2, EMAIL, "sales_rejected", at(), reason="budget"))
    look()
    look()
    assert opened(sandbox) == []


@SYSTEMS
def test_who_comes_back_is_handed_over_with_what_was_said_last_time(
    service: Service, sandbox: Sandbox, at: Watch, look: Look, system: str
) -> None:
    task = handed_over(service, sandbox, at, look, system)
    close(sandbox, task, note="Come back in spring. #rejected timing")
    look()
    look()
    assert lead(service, EMAIL).stage == "recycled"
    (said,) = [row for row in history(service, EMAIL) if row.type == "sales_rejected"]
    assert said.properties["note"] == "Come back in spring. #rejected timing"
    at.forward(100 * DAY)
    receive(service, activity(3, EMAIL, "demo_request", at()))
    look()
    look()
    (again,) = opened(sandbox)
    body = sales_desk.plain(again.body)
    assert f"by {said.properties['by']}: timing, “Come back in spring." in body
    assert again.owner == task.owner


@SYSTEMS
def test_a_task_that_is_closed_twice_and_one_that_is_opened_again_count_once(
    service: Service, sandbox: Sandbox, at: Watch, look: Look, system: str
) -> None:
    task = handed_over(service, sandbox, at, look, system)
    open_again = {"hs_task_status": "NOT_STARTED"} if system == "hubspot" else {"Status": "Not Started"}
    for _ in range(2):
        close(sandbox, task, **{OUTCOME[system]: "no_answer"})
        look()
        if system == "hubspot":
            sandbox.hubspot.set("tasks", task.id, open_again)
        else:
            sandbox.salesforce.set("Task", task.id, open_again)
        look()
    assert [row.type for row in history(service, EMAIL) if row.source == system] == ["call_attempt"]
    close(sandbox, task, **{OUTCOME[system]: "connected"})
    look()
    assert lead(service, EMAIL).stage == "sal"


@SYSTEMS
def test_what_sales_writes_into_the_task_is_known_of_the_lead(
    service: Service, sandbox: Sandbox, at: Watch, look: Look, system: str
) -> None:
    name = "hs_task_reminders" if system == "hubspot" else "CallType"
    connection = service.connections[system]
    (kind, found) = next((each, each.task) for each in connection.mapping.objects.values() if each.task)
    rule = Rule(name="budget", sources=(Source(field=name, values={}),))
    tasks = replace(kind, task=replace(found, found_out=(rule,)))
    mapping = replace(connection.mapping, objects={**connection.mapping.objects, kind.name: tasks})
    service.connections[system] = replace(connection, mapping=mapping)  # type: ignore[index]
    task = handed_over(service, sandbox, at, look, system)
    close(sandbox, task, **{OUTCOME[system]: "accepted", name: "Inbound"})
    look()
    (said,) = [row for row in history(service, EMAIL) if row.type == "sales_accepted"]
    assert said.properties == {}, "it is a word about the lead's field, as one of the record would be"
    assert lead(service, EMAIL).fields["budget"] == "Inbound"
