"""With `owner: set`, whoever a pool gives a lead to becomes its owner where it has none; no choice is changed."""

from typing import Any

import pytest
from flows_crms import OWNER, SYSTEMS, person
from flows_roles import ANA, people
from flows_routing import demo, emails, routed
from flows_run import Watch, activity, dead, drain_all, lead, receive
from test_flow_roles import made, owned

from integration.flows.delivering import set_owners
from integration.flows.reading import reconcile
from integration.wiring.whole_service import Service
from mappings.values.instant import MINUTE
from sandbox.server import Sandbox

SECOND_OWNER = "84120027"


def pool_of(service: Service, sandbox: Sandbox, system: str, more: str = "owner: set\n") -> Service:
    """A pool of one: Joaquim in Salesforce, Tomasz in HubSpot."""
    if system == "salesforce":
        email = emails(sandbox)["Joaquim"]
    else:
        (email,) = [str(each["email"]) for each in sandbox.hubspot.portal.owners if each["id"] == SECOND_OWNER]
    return routed(service, f"pools: {{sdr: {{members: [{email}]}}}}\nroutes: [{{otherwise: sdr}}]\n{more}")


def chosen(sandbox: Sandbox, system: str) -> str:
    return people(sandbox)["Joaquim"] if system == "salesforce" else SECOND_OWNER


def owner_of(sandbox: Sandbox, system: str, record: str) -> Any:
    if system == "salesforce":
        return sandbox.salesforce.record("Lead", record).get("OwnerId")
    return sandbox.hubspot.values("contacts", record).get("hubspot_owner_id")


@pytest.mark.parametrize("system", SYSTEMS)
def test_who_gets_the_task_becomes_the_owner_of_a_record_without_one(
    service: Service, sandbox: Sandbox, at: Watch, system: str
) -> None:
    service = pool_of(service, sandbox, system)
    reconcile.poll(service, system)
    at.forward(MINUTE)
    record = person(sandbox, system, ANA)
    owned(sandbox, system, record, "" if system == "hubspot" else sandbox.salesforce.queue("In"))
    receive(service, activity(0, ANA, "page_view", at()))
    drain_all(service)  # the record is read, before it changes
    at.forward(MINUTE)
    demo(service, at, ANA)
    assert list(made(sandbox, system).values()) == [chosen(sandbox, system)]
    assert owner_of(sandbox, system, record) == chosen(sandbox, system)
    assert dead(service) == []
    at.forward(10 * MINUTE)
    reconcile.poll(service, system)
    drain_all(service)
    assert lead(service, ANA).owner == chosen(sandbox, system), "it comes back as the CRM's word"


def test_the_integration_user_is_no_choice_of_anybody(service: Service, sandbox: Sandbox, at: Watch) -> None:
    service = pool_of(service, sandbox, "salesforce")
    record = person(sandbox, "salesforce", ANA)
    owned(sandbox, "salesforce", record, people(sandbox)["Integration"])
    demo(service, at, ANA)
    assert owner_of(sandbox, "salesforce", record) == people(sandbox)["Joaquim"]


@pytest.mark.parametrize("system", SYSTEMS)
def test_whoever_has_left_owns_nothing_any_more(service: Service, sandbox: Sandbox, at: Watch, system: str) -> None:
    service = pool_of(service, sandbox, system)
    record = person(sandbox, system, ANA)
    theirs = OWNER if system == "hubspot" else people(sandbox)["Petra"]
    owned(sandbox, system, record, theirs)
    if system == "hubspot":
        sandbox.hubspot.archive_owner(theirs)
    else:
        sandbox.salesforce.deactivate(theirs)
    demo(service, at, ANA)
    assert list(made(sandbox, system).values()) == [chosen(sandbox, system)]
    assert owner_of(sandbox, system, record) == chosen(sandbox, system)


@pytest.mark.parametrize("system", SYSTEMS)
def test_a_choice_made_meanwhile_stays(
    service: Service, sandbox: Sandbox, at: Watch, system: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    service = pool_of(service, sandbox, system)
    record = person(sandbox, system, ANA)
    theirs = OWNER if system == "hubspot" else people(sandbox)["Petra"]
    owned(sandbox, system, record, "" if system == "hubspot" else sandbox.salesforce.queue("In"))
    before = set_owners.writes

    def chosen_first(*given: Any) -> Any:
        owned(sandbox, system, record, theirs)
        return before(*given)

    monkeypatch.setattr(set_owners, "writes", chosen_first)
    demo(service, at, ANA)
    assert owner_of(sandbox, system, record) == theirs
    with service.store.read() as conn:
        states = conn.exec_driver_sql("SELECT state FROM outbox WHERE kind = 'owner'").scalars().all()
    assert states == ["sent"], "there is nothing to do any more"


@pytest.mark.parametrize("system", SYSTEMS)
def test_an_owner_stays_and_without_the_word_a_record_stays_without_one(
    service: Service, sandbox: Sandbox, at: Watch, system: str
) -> None:
    kept = pool_of(service, sandbox, system)
    record = person(sandbox, system, ANA)
    was = owner_of(sandbox, system, record)
    demo(kept, at, ANA)
    assert owner_of(sandbox, system, record) == was
    other = person(sandbox, system, "bo@blue.example")
    nobody = "" if system == "hubspot" else sandbox.salesforce.queue("In")
    owned(sandbox, system, other, nobody)
    demo(pool_of(service, sandbox, system, ""), at, "bo@blue.example", 2)
    assert (owner_of(sandbox, system, other) or "") == nobody
