"""Each task goes to the person its role means, in the CRM's words and on their day; where there is nobody it waits.

It waits where people look: doctor, metrics, explain, an alert. It never goes silently to the user as whom we sign in.
"""

from collections.abc import Callable
from typing import Any

import pytest
from flows_crms import OWNER, SYSTEMS, person, tasks
from flows_roles import ANA, BO, Drain, people
from flows_run import Watch, activity, counts, dead, decided, receive

from integration.examining import doctor_staff
from integration.flows.deciding.advance import advance
from integration.flows.history.find_explanation import explained
from integration.flows.intake.ingest import ingest
from integration.flows.looking import compare_with_crm
from integration.flows.people_in_sales import user_directory
from integration.flows.reading import reconcile
from integration.flows.reading.refresh import read_records
from integration.flows.upkeep.sweep import sweep
from integration.store.crm import crm_users
from integration.store.outgoing import alerts, outbox
from integration.wiring.whole_service import Service
from mappings.values.instant import DAY, HOUR, MINUTE
from sandbox.server import Sandbox
from sandbox.shared.requested_faults import Fault

TWO = ("84120027", "Tomasz Wilk")


def made(sandbox: Sandbox, system: str = "salesforce") -> dict[str, str]:
    """To whom each task went, by its key."""
    if system == "hubspot":
        rows: list[tuple[Any, Any]] = [
            (each.values["coldframe_key"], each.values.get("hubspot_owner_id"))
            for each in sandbox.hubspot.records("tasks")
        ]
    else:
        rows = [(each["Coldframe_Key__c"], each["OwnerId"]) for each in sandbox.salesforce.records("Task")]
    return {str(key): str(owner or "") for key, owner in rows}


def waiting(service: Service) -> dict[str, int]:
    """How many tasks wait for somebody, by the reason."""
    return {each.reason: each.count for each in counts(service).unassigned}


def raised(service: Service) -> list[str]:
    """The alerts that tasks have nobody to go to."""
    with service.store.read() as conn:
        return [each.text for each in alerts.recent(conn, 0) if each.alert == "nobody_available"]


def told(service: Service, email: str = ANA) -> list[str]:
    """What explain says of whom each task was given to."""
    found = explained(service.store, service.rules.compiled, email, service.now())
    assert found is not None
    return [each.assigned for each in found[1].done if each.kind == "task"]


def owned(sandbox: Sandbox, system: str, record: str, owner: str) -> None:
    if system == "salesforce":
        sandbox.salesforce.set("Lead", record, {"OwnerId": owner})
    else:
        sandbox.hubspot.set("contacts", record, {"hubspot_owner_id": owner})


@pytest.mark.parametrize("system", SYSTEMS)
def test_a_task_goes_to_the_owner_and_explain_says_why(
    service: Service, sandbox: Sandbox, asked: Callable[..., None], system: str
) -> None:
    person(sandbox, system, ANA)
    asked()
    owner = OWNER if system == "hubspot" else people(sandbox)["Nadia"]
    assert set(made(sandbox, system).values()) == {owner}
    name = "Maren Holt" if system == "hubspot" else "Nadia Rasmussen"
    assert told(service) == [f"given to {name} in {system} (owner of the lead)"]
    assert waiting(service) == {}


@pytest.mark.parametrize("system", SYSTEMS)
def test_a_task_of_somebody_who_has_left_waits_where_people_look_and_goes_out_once_there_is_somebody(  # noqa: PLR0917 - fixtures
    service: Service, sandbox: Sandbox, at: Watch, asked: Callable[..., None], drain_all: Drain, system: str
) -> None:
    record, other = person(sandbox, system, ANA), person(sandbox, system, BO)
    gone, next_one = (OWNER, TWO[0]) if system == "hubspot" else (people(sandbox)["Nadia"], people(sandbox)["Hanna"])
    owned(sandbox, system, other, next_one)
    if system == "hubspot":
        sandbox.hubspot.archive_owner(gone)
    else:
        sandbox.salesforce.deactivate(gone)
    asked()
    asked(BO, 2)
    assert list(made(sandbox, system).values()) == [next_one], "others do not wait"
    assert waiting(service) == {"left": 1}
    (line,) = doctor_staff.waiting(service.store)
    assert "has left" in line.detail
    assert "1 wait since" in line.detail
    assert line.remedy
    assert len(raised(service)) == 1
    (said,) = told(service)
    assert "waits for somebody to give it to" in said
    assert "has left" in said
    at.forward(HOUR)
    drain_all(service)
    assert len(raised(service)) == 2, "again every hour"
    at.forward(10 * MINUTE)
    owned(sandbox, system, record, next_one)
    reconcile.poll(service, system)
    drain_all(service)
    assert sorted(made(sandbox, system).values()) == [next_one, next_one]
    assert (waiting(service), dead(service)) == ({}, [])
    assert list(doctor_staff.waiting(service.store)) == []


@pytest.mark.parametrize("who", ["queue", "Integration"])
def test_a_queue_and_the_integration_user_get_no_task(
    service: Service, sandbox: Sandbox, asked: Callable[..., None], who: str
) -> None:
    owner = sandbox.salesforce.queue("Inbound") if who == "queue" else people(sandbox)[who]
    owned(sandbox, "salesforce", person(sandbox, "salesforce", ANA), owner)
    asked()
    assert made(sandbox) == {}
    assert waiting(service) == {"queue" if who == "queue" else "integration_user": 1}


def test_a_task_without_any_owner_waits_in_hubspot_and_goes_to_the_companys_where_that_has_one(
    service: Service, sandbox: Sandbox, at: Watch, asked: Callable[..., None], drain_all: Drain
) -> None:
    record = person(sandbox, "hubspot", ANA)
    owned(sandbox, "hubspot", record, "")
    asked()
    assert (made(sandbox, "hubspot"), waiting(service)) == ({}, {"no_owner": 1})
    at.forward(10 * MINUTE)
    (company,) = sandbox.hubspot.find("companies", domain="acme.example")
    sandbox.hubspot.set("companies", company.id, {"hubspot_owner_id": TWO[0]})
    reconcile.poll(service, "hubspot")
    drain_all(service)
    assert list(made(sandbox, "hubspot").values()) == [TWO[0]]


def test_an_escalation_goes_to_the_manager_and_never_to_whom_it_is_about(
    service: Service, sandbox: Sandbox, at: Watch, asked: Callable[..., None], drain_all: Drain
) -> None:
    ids = people(sandbox)
    person(sandbox, "salesforce", ANA)
    owned(sandbox, "salesforce", person(sandbox, "salesforce", BO), ids["Petra"])  # whom nobody manages
    asked()
    asked(BO, 2)
    at.forward(2 * DAY)
    drain_all(service)
    assert [len(decided(service, email, "escalation")) for email in (ANA, BO)] == [1, 1]
    (key,) = [key for key in made(sandbox) if key.endswith("escalation")]
    assert made(sandbox)[key] == ids["Petra"]
    escalated = [each for each in sandbox.salesforce.records("Task") if each["OwnerId"] == ids["Petra"]]
    assert len(escalated) == 2, "the escalation about Nadia, and Petra's own task"
    assert waiting(service) == {"no_manager": 1}
    (line,) = doctor_staff.waiting(service.store)
    assert "no CRM names their manager" in line.detail


def test_an_escalation_in_hubspot_goes_to_the_manager_whom_the_other_crm_names(
    service: Service, sandbox: Sandbox, at: Watch, asked: Callable[..., None], drain_all: Drain
) -> None:
    person(sandbox, "hubspot", ANA)
    asked()
    at.forward(2 * DAY)
    advance(service)
    drain_all(service)
    assert waiting(service) == {"no_manager": 1}, "HubSpot names no manager, and nobody here is in both"
    for first, owner in (("Nadia", OWNER), ("Petra", TWO[0])):
        (email,) = [each["email"] for each in sandbox.hubspot.portal.owners if each["id"] == owner]
        sandbox.salesforce.set("User", people(sandbox)[first], {"Email": email})
    user_directory.read_users(service)
    at.forward(10 * MINUTE)
    drain_all(service)
    assert [owner for key, owner in made(sandbox, "hubspot").items() if key.endswith("escalation")] == [TWO[0]]
    assert waiting(service) == {}


def test_who_leaves_between_two_readings_gets_nothing_more_and_no_letter_is_written(
    service: Service, sandbox: Sandbox, at: Watch, asked: Callable[..., None], drain_all: Drain
) -> None:
    ids = people(sandbox)
    record = person(sandbox, "salesforce", ANA)
    user_directory.read_users(service)
    sandbox.salesforce.deactivate(ids["Nadia"])
    asked()
    assert (made(sandbox), waiting(service), dead(service)) == ({}, {"left": 1}, [])
    at.forward(10 * MINUTE)
    owned(sandbox, "salesforce", record, ids["Joaquim"])
    reconcile.poll(service, "salesforce")
    drain_all(service)
    assert list(made(sandbox).values()) == [ids["Joaquim"]]


def test_a_user_beside_the_usual_ones_is_asked_for_by_id_and_still_there_after_the_next_reading(
    service: Service, sandbox: Sandbox, at: Watch, asked: Callable[..., None]
) -> None:
    partner = people(sandbox)["Joaquim"]
    sandbox.salesforce.set("User", partner, {"UserType": "PowerPartner"})
    for number, email in enumerate((ANA, BO)):
        owned(sandbox, "salesforce", person(sandbox, "salesforce", email), partner)
        asked(email, number)
        assert (len(made(sandbox)), waiting(service)) == (number + 1, {})
        user_directory.read_users(service)
        at.forward(HOUR)
    assert set(made(sandbox).values()) == {partner}


def test_where_we_may_not_read_users_tasks_wait_and_everything_else_goes_on(
    service: Service, sandbox: Sandbox, at: Watch, asked: Callable[..., None], drain_all: Drain
) -> None:
    record = person(sandbox, "hubspot", ANA)
    sandbox.faults.add(
        Fault(kind="status", system="hubspot", path="*/owners*", status=403, code="MISSING_SCOPES", times=50)
    )
    asked()
    assert (made(sandbox, "hubspot"), waiting(service)) == ({}, {"hidden": 1})
    assert sandbox.hubspot.values("contacts", record).get("coldframe_engagement")
    sandbox.faults.clear()
    at.forward(10 * MINUTE)
    drain_all(service)
    assert list(made(sandbox, "hubspot").values()) == [OWNER]


def test_the_shadow_report_says_who_would_get_a_task_or_that_nobody_would(
    service: Service, sandbox: Sandbox, at: Watch
) -> None:
    person(sandbox, "salesforce", ANA)
    owned(sandbox, "salesforce", person(sandbox, "salesforce", BO), sandbox.salesforce.queue("Inbound"))
    receive(service, activity(1, ANA, "demo_request", at()), activity(2, BO, "demo_request", at()))
    ingest(service)
    read_records(service, "salesforce")
    advance(service)
    pending = [
        item for items in compare_with_crm.pending(service) for item in items if isinstance(item, compare_with_crm.Task)
    ]
    found = {item.who: item.owner for item in pending if item.kind == "task"}
    assert {name: owner.partition(":")[0] for name, owner in found.items()} == {
        f"Ana ana <{ANA}>": "Nadia Rasmussen",
        f"Ana bo <{BO}>": "nobody to give it to",
    }


def test_tasks_that_wait_are_looked_at_again_by_themselves_and_are_no_backlog(
    service: Service, sandbox: Sandbox, at: Watch, woken: list[str], asked: Callable[..., None]
) -> None:
    owned(sandbox, "salesforce", person(sandbox, "salesforce", ANA), sandbox.salesforce.queue("Inbound"))
    asked()
    with service.store.read() as conn:
        assert outbox.oldest(conn, "salesforce") is None
    woken.clear()
    sweep(service)
    assert "deliver:salesforce" not in woken
    at.forward(6 * MINUTE)
    sweep(service)
    assert "deliver:salesforce" in woken


def test_a_reading_of_users_is_told_by_doctor_with_who_has_left(service: Service, sandbox: Sandbox) -> None:
    sandbox.salesforce.deactivate(people(sandbox)["Hanna"])
    sandbox.salesforce.queue("Inbound")
    assert user_directory.read_users(service) == 2
    with service.store.read() as conn:
        found = crm_users.counts(conn)
    assert found["salesforce", "person", False] == 1
    assert found["salesforce", "queue", True] == 1
    assert tasks(sandbox, "salesforce") == {}
