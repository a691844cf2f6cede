"""What sales finds out in a task reaches the record's own fields: once, and never over a person's newer word."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from flows_crms import FIELDS, calls, person
from flows_outward import EMAIL, SYSTEMS, Look, looking, told
from flows_run import Watch, activity, counts, dead, lead, receive
from found_out import RECORD_FIELD, TASK_FIELD, budget, installed, write_budget

from integration.flows.looking import preview
from integration.flows.reading import reconcile
from integration.wiring.whole_service import Service
from mappings.values.instant import DAY, HOUR, MINUTE, SECOND
from sandbox.desk import sales_desk
from sandbox.server import Sandbox
from sandbox.shared.requested_faults import Fault

OUTCOME = {"hubspot": "task_outcome", "salesforce": "Coldframe_Outcome__c"}


@pytest.fixture
def portal(service: Service, sandbox: Sandbox) -> Service:
    """The service whose mappings write the budget."""
    return installed(service, sandbox)


@pytest.fixture
def look(portal: Service, at: Watch) -> Look:
    """Poll both CRMs and let everything that follows happen, some time later."""
    return looking(portal, at)


def handed_over(portal: Service, sandbox: Sandbox, at: Watch, look: Look, *systems: str) -> dict[str, str]:
    """Somebody whom these CRMs know asks for a demo; the ids of their records."""
    records = {system: person(sandbox, system, EMAIL) for system in systems}
    at.forward(DAY)
    receive(portal, activity(1, EMAIL, "demo_request", at() - HOUR))
    look()
    at.forward(HOUR)
    return records


def close(sandbox: Sandbox, said: str) -> str:
    """A person accepts the lead in the one open task, and says what they know of the budget; the system."""
    (task,) = [each for each in sales_desk.tasks(sandbox) if each.open]
    told: dict[str, Any] = {OUTCOME[task.system]: "accepted", TASK_FIELD[task.system]: said}
    if task.system == "hubspot":
        sandbox.hubspot.set("tasks", task.id, {**told, "hs_task_status": "COMPLETED"})
    else:
        sandbox.salesforce.set("Task", task.id, {**told, "Status": "Completed"})
    return task.system


@SYSTEMS
def test_what_sales_finds_out_is_written_to_the_record_once(
    portal: Service, sandbox: Sandbox, at: Watch, look: Look, system: str
) -> None:
    record = handed_over(portal, sandbox, at, look, system)[system]
    close(sandbox, "50 k")
    look()
    look()
    assert lead(portal, EMAIL).stage == "sal"
    assert budget(sandbox, system, record) == "50 k"
    assert told(portal, "budget") == ["50 k"], "its echo is nobody's choice"
    before, written = counts(portal), calls(sandbox, FIELDS[system])
    for _ in range(3):
        look()
    assert (counts(portal), calls(sandbox, FIELDS[system])) == (before, written)
    assert dead(portal) == []


@SYSTEMS
def test_it_takes_the_place_of_an_older_word_and_a_later_one_of_a_person_stays(
    portal: Service, sandbox: Sandbox, at: Watch, look: Look, system: str
) -> None:
    record = handed_over(portal, sandbox, at, look, system)[system]
    write_budget(sandbox, system, record, "40 k")
    look()
    at.forward(HOUR)
    close(sandbox, "50 k")
    look()
    look()
    assert budget(sandbox, system, record) == "50 k"
    at.forward(HOUR)
    write_budget(sandbox, system, record, "40 k")
    look()
    receive(portal, activity(2, EMAIL, "page_view", at(), page="pricing"))
    look()
    assert budget(sandbox, system, record) == "40 k"
    assert lead(portal, EMAIL).fields["budget"] == "40 k", "what a person sets back is their newer word"
    assert told(portal, "budget") == ["40 k", "50 k", "40 k"]


@SYSTEMS
def test_a_word_that_nobody_has_read_yet_is_read_before_anything_is_written(  # noqa: PLR0917 - fixtures
    portal: Service, sandbox: Sandbox, at: Watch, drain_all: Callable[[Service], int], look: Look, system: str
) -> None:
    record = handed_over(portal, sandbox, at, look, system)[system]
    close(sandbox, "50 k")
    at.forward(MINUTE)
    reconcile.poll(portal, system)
    at.forward(MINUTE)
    write_budget(sandbox, system, record, "60 k")
    for _ in range(4):
        drain_all(portal)
        assert budget(sandbox, system, record) == "60 k"
        at.forward(3 * SECOND)
    look()
    assert budget(sandbox, system, record) == "60 k"
    assert lead(portal, EMAIL).fields["budget"] == "60 k"


@SYSTEMS
def test_what_a_person_clears_is_not_written_again(
    portal: Service, sandbox: Sandbox, at: Watch, look: Look, system: str
) -> None:
    record = handed_over(portal, sandbox, at, look, system)[system]
    close(sandbox, "50 k")
    look()
    look()
    write_budget(sandbox, system, record, "")
    look()
    receive(portal, activity(2, EMAIL, "page_view", at(), page="pricing"))
    look()
    look()
    assert budget(sandbox, system, record) == ""
    assert lead(portal, EMAIL).fields["budget"] == "50 k", "a blank takes nothing away"


@SYSTEMS
def test_a_call_that_is_refused_for_a_while_loses_nothing(
    portal: Service, sandbox: Sandbox, at: Watch, look: Look, system: str
) -> None:
    record = handed_over(portal, sandbox, at, look, system)[system]
    close(sandbox, "50 k")
    sandbox.faults.add(Fault(**FIELDS[system], kind="status", status=503, times=2))
    for _ in range(4):
        look()
        at.forward(10 * MINUTE)
    assert budget(sandbox, system, record) == "50 k"


@SYSTEMS
def test_a_preview_shows_what_would_be_written(
    portal: Service, sandbox: Sandbox, at: Watch, look: Look, system: str
) -> None:
    record = handed_over(portal, sandbox, at, look, system)[system]
    close(sandbox, "50 k")
    look()
    connection = portal.connections[system]
    found = preview.find(connection, record)
    assert found is not None
    blank = replace(found, fields={**found.fields, RECORD_FIELD[system]: None})
    with portal.store.read() as conn:
        standing = preview.stored_standing(conn, connection, found)
    seen = preview.preview(connection, portal.rules.compiled, blank, at(), standing)
    assert seen.writes[RECORD_FIELD[system]] == "50 k"
    assert seen.change(RECORD_FIELD[system])


def test_both_records_of_one_person_get_it(portal: Service, sandbox: Sandbox, at: Watch, look: Look) -> None:
    records = handed_over(portal, sandbox, at, look, "hubspot", "salesforce")
    close(sandbox, "50 k")
    look()
    look()
    assert {system: budget(sandbox, system, record) for system, record in records.items()} == {
        "hubspot": "50 k",
        "salesforce": "50 k",
    }


def test_the_owner_of_the_field_counts_and_a_newer_word_stays_where_it_was_written(
    portal: Service, sandbox: Sandbox, at: Watch, look: Look
) -> None:
    records = handed_over(portal, sandbox, at, look, "hubspot", "salesforce")
    assert close(sandbox, "50 k") == "salesforce"
    at.forward(MINUTE)
    write_budget(sandbox, "hubspot", records["hubspot"], "60 k")
    look()
    look()
    assert lead(portal, EMAIL).fields["budget"] == "50 k", "Salesforce owns the field"
    assert budget(sandbox, "salesforce", records["salesforce"]) == "50 k"
    assert budget(sandbox, "hubspot", records["hubspot"]) == "60 k"


def test_an_answer_of_another_system_gives_way_to_the_owners_word(
    portal: Service, sandbox: Sandbox, at: Watch, look: Look
) -> None:
    hubspot = handed_over(portal, sandbox, at, look, "hubspot")["hubspot"]
    salesforce = person(sandbox, "salesforce", EMAIL)
    write_budget(sandbox, "salesforce", salesforce, "40 k")
    look()
    at.forward(HOUR)
    assert close(sandbox, "50 k") == "hubspot"
    look()
    look()
    assert lead(portal, EMAIL).fields["budget"] == "40 k"
    assert budget(sandbox, "salesforce", salesforce) == "40 k"
    assert budget(sandbox, "hubspot", hubspot) == "", "it does not count, so nobody writes it"


@SYSTEMS
def test_a_correction_in_the_closed_task_counts_from_then(
    portal: Service, sandbox: Sandbox, at: Watch, look: Look, system: str
) -> None:
    record = handed_over(portal, sandbox, at, look, system)[system]
    (task,) = [each for each in sales_desk.tasks(sandbox) if each.open]
    close(sandbox, "50 k")
    look()
    at.forward(HOUR)
    told_now = {TASK_FIELD[system]: "55 k"}
    if system == "hubspot":
        sandbox.hubspot.set("tasks", task.id, told_now)
    else:
        sandbox.salesforce.set("Task", task.id, told_now)
    look()
    look()
    assert budget(sandbox, system, record) == "55 k"
    assert told(portal, "budget") == ["50 k", "55 k"]
