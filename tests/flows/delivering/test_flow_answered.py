"""Who has waited too long and is answered then: the task that says so is closed, with a word why, in both CRMs."""

import pytest
from flows_crms import managed, person
from flows_outward import EMAIL, SYSTEMS, Look, looking
from flows_run import Watch, activity, advance, decided, history, receive

from integration.wiring.whole_service import Service
from mappings.values.instant import DAY, HOUR, MINUTE
from sandbox.desk import sales_desk
from sandbox.desk.sales_desk import Task
from sandbox.server import Sandbox


@pytest.fixture
def look(service: Service, sandbox: Sandbox, at: Watch) -> Look:
    """Poll both CRMs and let everything that follows happen, some time later. Whoever calls too late has a manager."""
    managed(sandbox)
    return looking(service, at)


def overdue(service: Service, sandbox: Sandbox, at: Watch, look: Look, system: str) -> tuple[Task, Task]:
    """A lead asked for a demo and waited for two days: the handoff and its escalation, both open."""
    person(sandbox, system, EMAIL)
    look()
    receive(service, activity(1, EMAIL, "demo_request", at()))
    look()
    at.forward(2 * DAY)
    look()
    first, second = sorted((each for each in sales_desk.tasks(sandbox) if each.open), key=lambda each: len(each.key))
    assert second.key.endswith("/escalation")
    return first, second


@SYSTEMS
def test_the_task_that_a_lead_has_waited_is_closed_when_sales_calls(
    service: Service, sandbox: Sandbox, at: Watch, look: Look, system: str
) -> None:
    handoff, escalation = overdue(service, sandbox, at, look, system)
    sales_desk.close(sandbox, system, handoff.id, outcome="connected")
    look()
    (closed,) = [each for each in sales_desk.tasks(sandbox) if each.id == escalation.id]
    assert not closed.open
    assert closed.subject == f"Answered: {escalation.subject}"
    with service.store.read() as conn:
        assert conn.exec_driver_sql("SELECT count(*) FROM audit WHERE action = 'answered'").scalar() == 1


@SYSTEMS
def test_one_that_the_manager_has_closed_is_left_as_it_is(
    service: Service, sandbox: Sandbox, at: Watch, look: Look, system: str
) -> None:
    handoff, escalation = overdue(service, sandbox, at, look, system)
    sales_desk.close(sandbox, system, escalation.id, outcome="connected")
    sales_desk.close(sandbox, system, handoff.id, outcome="connected")
    look()
    (closed,) = [each for each in sales_desk.tasks(sandbox) if each.id == escalation.id]
    assert closed.subject == escalation.subject
    (shut,) = [each for each in history(service, EMAIL) if each.type == "task_closed"]
    assert shut.properties["task"] == "clock/first_contact/1/escalation", "nobody has it any more, whatever was said"


def test_one_that_was_not_sent_yet_is_not_made_any_more(
    service: Service, sandbox: Sandbox, at: Watch, look: Look
) -> None:
    receive(service, activity(1, EMAIL, "demo_request", at()))
    look()
    at.forward(2 * DAY)
    advance(service)
    assert decided(service, EMAIL, "escalation")
    receive(service, activity(2, EMAIL, "call_attempt", at(), outcome="no_answer"))
    look()
    person(sandbox, "hubspot", EMAIL)
    look()
    assert [each.key for each in sales_desk.tasks(sandbox) if each.key.endswith("/escalation")] == []


def test_what_is_answered_in_time_closes_nothing(service: Service, sandbox: Sandbox, at: Watch, look: Look) -> None:
    person(sandbox, "hubspot", EMAIL)
    look()
    receive(service, activity(1, EMAIL, "demo_request", at()))
    look()
    at.forward(HOUR)
    receive(service, activity(2, EMAIL, "call_attempt", at() - MINUTE, outcome="no_answer"))
    look()
    assert len([each for each in sales_desk.tasks(sandbox) if each.open]) == 1
    with service.store.read() as conn:
        assert conn.exec_driver_sql("SELECT count(*) FROM outbox WHERE kind = 'closing'").scalar() == 0


@SYSTEMS
def test_one_that_is_being_made_when_sales_answers_is_closed_then(
    service: Service, sandbox: Sandbox, at: Watch, look: Look, system: str
) -> None:
    person(sandbox, system, EMAIL)
    look()
    receive(service, activity(1, EMAIL, "demo_request", at()))
    look()
    at.forward(2 * DAY)
    advance(service)
    with service.store.write() as conn:  # whether the call arrived is not known yet
        conn.exec_driver_sql("UPDATE outbox SET attempted = true WHERE key LIKE '%/escalation'")
    receive(service, activity(2, EMAIL, "call_attempt", at(), outcome="no_answer"))
    look()
    (closed,) = [each for each in sales_desk.tasks(sandbox) if each.key.endswith("/escalation")]
    assert not closed.open
    assert closed.subject.startswith("Answered: ")
