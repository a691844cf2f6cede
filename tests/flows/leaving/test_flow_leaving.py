"""Nobody's leads and tasks stay with somebody who has left: they go to whoever the routing finds, or to the manager."""

from typing import Any

import pytest
from flows_crms import OWNER, SYSTEMS, managed, person
from flows_roles import people
from flows_routing import demo, emails, routed
from flows_run import Watch, activity, dead, decided, drain_all, lead, receive, with_parts

from integration.flows.leaving.pass_on_leads import pass_on_leads
from integration.flows.leaving.pass_on_tasks import pass_on_tasks
from integration.flows.people_in_sales.user_directory import read_users
from integration.flows.reading import reconcile
from integration.store.assigning import assigned_tasks
from integration.wiring.whole_service import Service
from mappings.values.instant import DAY, HOUR, MINUTE
from sandbox.server import Sandbox

LEADS = ("ana@acme.example", "bo@blue.example", "cy@cyan.example")
HEIRS = {"hubspot": "84120027"}


def pool_of(service: Service, sandbox: Sandbox, system: str, owner: str = "set") -> Service:
    """A pool of one, who is to have what somebody leaves: Joaquim in Salesforce, Tomasz in HubSpot."""
    if system == "salesforce":
        email = emails(sandbox)["Joaquim"]
    else:
        (email,) = [str(each["email"]) for each in sandbox.hubspot.portal.owners if each["id"] == HEIRS[system]]
    return routed(service, f"pools: {{sdr: {{members: [{email}]}}}}\nroutes: [{{otherwise: sdr}}]\nowner: {owner}\n")


def theirs(sandbox: Sandbox, system: str) -> str:
    """Who owns what `person` makes."""
    return OWNER if system == "hubspot" else people(sandbox)["Nadia"]


def heir(sandbox: Sandbox, system: str) -> str:
    return HEIRS.get(system) or people(sandbox)["Joaquim"]


def accepted(service: Service, sandbox: Sandbox, at: Watch, system: str) -> list[str]:
    """Three people whom their owner in sales has called: their records. Nothing about them is open."""
    reconcile.poll(service, system)
    at.forward(MINUTE)
    records = []
    for number, email in enumerate(LEADS):
        records.append(person(sandbox, system, email))
        if system == "salesforce":
            sandbox.salesforce.set("Lead", records[-1], {"OwnerId": theirs(sandbox, system)})
        demo(service, at, email, number)
        receive(service, activity(f"call {number}", email, "call_attempt", at(), outcome="connected"))
    for each in tasks(sandbox, system):
        close(sandbox, system, each["id"])
    seen(service, at, system)
    return records


def seen(service: Service, at: Watch, system: str) -> None:
    """What stands in the CRM is read, and what follows is done."""
    at.forward(10 * MINUTE)
    reconcile.poll(service, system)
    drain_all(service)


def tasks(sandbox: Sandbox, system: str) -> list[dict[str, Any]]:
    """Id, key, owner, subject, body and status of each task of ours."""
    if system == "hubspot":
        names = ("coldframe_key", "hubspot_owner_id", "hs_task_subject", "hs_task_body", "hs_task_status")
        rows = [(each.id, each.values) for each in sandbox.hubspot.records("tasks")]
    else:
        names = ("Coldframe_Key__c", "OwnerId", "Subject", "Description", "Status")
        rows = [(each["Id"], each) for each in sandbox.salesforce.records("Task")]
    said = ("key", "owner", "subject", "body", "status")
    return [{"id": id_} | dict(zip(said, map(values.get, names), strict=True)) for id_, values in rows]


def close(sandbox: Sandbox, system: str, task: str) -> None:
    if system == "hubspot":
        sandbox.hubspot.set("tasks", task, {"hs_task_status": "COMPLETED"})
    else:
        sandbox.salesforce.set("Task", task, {"Status": "Completed"})


def leave(service: Service, sandbox: Sandbox, at: Watch, system: str) -> int:
    """Whoever owns the leads leaves the company; how many tasks and leads are passed on."""
    if system == "hubspot":
        sandbox.hubspot.archive_owner(theirs(sandbox, system))
    else:
        sandbox.salesforce.deactivate(theirs(sandbox, system))
    return an_hour_later(service, at)


def an_hour_later(service: Service, at: Watch) -> int:
    at.forward(HOUR)
    read_users(service)
    passed = pass_on_tasks(service) + pass_on_leads(service)
    drain_all(service)
    return passed


def owner_of(sandbox: Sandbox, system: str, record: str) -> Any:
    if system == "salesforce":
        return sandbox.salesforce.record("Lead", record).get("OwnerId")
    return sandbox.hubspot.values("contacts", record).get("hubspot_owner_id")


@pytest.mark.parametrize("system", SYSTEMS)
def test_leads_of_somebody_who_has_left_get_another_owner_who_is_told_in_one_task(
    service: Service, sandbox: Sandbox, at: Watch, system: str
) -> None:
    service = pool_of(service, sandbox, system)
    records = accepted(service, sandbox, at, system)
    before = {each["key"] for each in tasks(sandbox, system)}
    assert leave(service, sandbox, at, system) == len(LEADS)
    assert {owner_of(sandbox, system, each) for each in records} == {heir(sandbox, system)}
    (told,) = [each for each in tasks(sandbox, system) if each["key"] not in before]
    assert told["owner"] == heir(sandbox, system)
    assert told["subject"].startswith("3 leads of ")
    assert told["subject"].endswith(" are yours now")
    assert all(record in told["body"] for record in records)
    assert dead(service) == []
    (effect,) = [each for each in decided(service, LEADS[2], "task") if "/left/" in each.key]
    assert effect.because[0].endswith("who had this lead, has left")
    assert effect.assigned is not None
    assert effect.assigned["user"] == heir(sandbox, system)
    seen(service, at, system)
    assert an_hour_later(service, at) == 0, "once"


@pytest.mark.parametrize("system", SYSTEMS)
def test_where_owners_stay_as_they_are_the_manager_gets_one_task_for_all_leads(
    service: Service, sandbox: Sandbox, at: Watch, system: str
) -> None:
    if system == "hubspot":
        managed(sandbox)
    service = pool_of(service, sandbox, system, "keep")
    records = accepted(service, sandbox, at, system)
    before = {each["key"] for each in tasks(sandbox, system)}
    assert leave(service, sandbox, at, system) == len(LEADS)
    assert {owner_of(sandbox, system, each) for each in records} == {theirs(sandbox, system)}
    (told,) = [each for each in tasks(sandbox, system) if each["key"] not in before]
    assert told["owner"] not in {theirs(sandbox, system), heir(sandbox, system) if system == "salesforce" else ""}
    assert ", who has left, have nobody" in told["subject"]
    assert an_hour_later(service, at) == 0, "once, whatever becomes of the task"


@pytest.mark.parametrize("system", SYSTEMS)
def test_an_open_task_of_somebody_who_has_left_goes_to_somebody_else_once(
    service: Service, sandbox: Sandbox, at: Watch, system: str
) -> None:
    service = pool_of(service, sandbox, system)
    record = person(sandbox, system, LEADS[0])
    demo(service, at, LEADS[0])
    (old,) = tasks(sandbox, system)
    assert old["owner"] == theirs(sandbox, system)
    assert leave(service, sandbox, at, system) == 1
    (new,) = [each for each in tasks(sandbox, system) if each["key"] == f"{old['key']}/again"]
    assert new["owner"] == owner_of(sandbox, system, record) == heir(sandbox, system)
    assert "has left the company. This is yours now" in new["body"]
    (closed,) = [each for each in tasks(sandbox, system) if each["id"] == old["id"]]
    assert closed["status"] in {"Completed", "COMPLETED"}
    assert an_hour_later(service, at) == 0
    assert len(tasks(sandbox, system)) == 2


def test_a_task_that_goes_on_to_somebody_who_leaves_too_goes_on_again(
    service: Service, sandbox: Sandbox, at: Watch
) -> None:
    mails = emails(sandbox)
    service = routed(
        service, f"pools: {{sdr: {{members: [{mails['Joaquim']}, {mails['Petra']}]}}}}\nroutes: [{{otherwise: sdr}}]\n"
    )
    person(sandbox, "salesforce", LEADS[0])
    demo(service, at, LEADS[0])
    leave(service, sandbox, at, "salesforce")
    (second,) = [each for each in tasks(sandbox, "salesforce") if each["key"].endswith("/again")]
    sandbox.salesforce.deactivate(second["owner"])
    assert an_hour_later(service, at) == 1
    (third,) = [each for each in tasks(sandbox, "salesforce") if each["key"].endswith("/again/again")]
    assert third["owner"] not in {second["owner"], theirs(sandbox, "salesforce")}
    assert third["subject"].count("Taken over") == 1
    assert [each["status"] != "Completed" for each in tasks(sandbox, "salesforce")].count(True) == 1
    receive(service, activity("said", LEADS[0], "call_attempt", at(), outcome="connected"))
    close(sandbox, "salesforce", third["id"])
    seen(service, at, "salesforce")
    assert [each.payload["after"] for each in decided(service, LEADS[0], "stage")] == ["mql", "sal"]


@pytest.mark.parametrize("system", SYSTEMS)
def test_what_people_have_passed_on_by_themselves_is_left_as_it_is(
    service: Service, sandbox: Sandbox, at: Watch, system: str
) -> None:
    service = pool_of(service, sandbox, system, "keep")
    record = person(sandbox, system, LEADS[0])
    demo(service, at, LEADS[0])
    (task,) = tasks(sandbox, system)
    field, kind, who = (
        ("hubspot_owner_id", "tasks", sandbox.hubspot)
        if system == "hubspot"
        else ("OwnerId", "Task", sandbox.salesforce)
    )
    who.set(kind, task["id"], {field: heir(sandbox, system)})  # type: ignore[attr-defined] # both can
    assert leave(service, sandbox, at, system) == 0, "a colleague has the task: neither it nor the lead has nobody"
    assert len(tasks(sandbox, system)) == 1
    assert owner_of(sandbox, system, record) == theirs(sandbox, system)
    with service.store.read() as conn:
        ((mine,),) = assigned_tasks.open_of_leads(conn, [lead(service, LEADS[0]).id]).values()
    assert mine.user == heir(sandbox, system), "and it counts as theirs"


def test_a_task_that_was_passed_on_to_somebody_who_then_leaves_goes_on(
    service: Service, sandbox: Sandbox, at: Watch
) -> None:
    service = pool_of(service, sandbox, "salesforce", "keep")
    reconcile.poll(service, "salesforce")
    at.forward(MINUTE)
    person(sandbox, "salesforce", LEADS[0])
    demo(service, at, LEADS[0])
    (task,) = tasks(sandbox, "salesforce")
    sandbox.salesforce.set("Task", task["id"], {"OwnerId": people(sandbox)["Petra"]})
    seen(service, at, "salesforce")
    sandbox.salesforce.deactivate(people(sandbox)["Petra"])
    assert an_hour_later(service, at) == 1
    (new,) = [each for each in tasks(sandbox, "salesforce") if each["key"].endswith("/again")]
    assert new["owner"] == people(sandbox)["Nadia"], "who owns the lead"


def test_a_lead_of_a_queue_goes_on_where_whoever_had_its_last_task_has_left(
    service: Service, sandbox: Sandbox, at: Watch
) -> None:
    service = pool_of(service, sandbox, "salesforce")
    record, *others = accepted(service, sandbox, at, "salesforce")
    sandbox.salesforce.set("Lead", record, {"OwnerId": sandbox.salesforce.queue("In")})
    for each in others:
        sandbox.salesforce.set("Lead", each, {"OwnerId": people(sandbox)["Hanna"]})
    seen(service, at, "salesforce")
    assert leave(service, sandbox, at, "salesforce") == 1, "the others have somebody"
    assert owner_of(sandbox, "salesforce", record) == heir(sandbox, "salesforce")
    assert {owner_of(sandbox, "salesforce", each) for each in others} == {people(sandbox)["Hanna"]}


def test_in_shadow_mode_it_is_recorded_and_never_carried_out(service: Service, sandbox: Sandbox, at: Watch) -> None:
    service = pool_of(service, sandbox, "salesforce")
    records = accepted(service, sandbox, at, "salesforce")
    shadow = with_parts(service, shadow=True)
    count = len(tasks(sandbox, "salesforce"))
    assert leave(shadow, sandbox, at, "salesforce") == len(LEADS)
    assert {each.withheld for email in LEADS for each in decided(service, email, "task") if "/left/" in each.key} == {
        "shadow mode"
    }
    at.forward(DAY)
    assert an_hour_later(service, at) == 0
    assert len(tasks(sandbox, "salesforce")) == count
    assert {owner_of(sandbox, "salesforce", each) for each in records} == {theirs(sandbox, "salesforce")}
