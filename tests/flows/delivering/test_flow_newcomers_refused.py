"""Whom a CRM does not create, or creates no second time: its own rules, and those who are not to be contacted."""

import pytest
from flows_crms import OWNER, SYSTEMS, tasks
from flows_newcomers import CREATE, EMAIL, Creating, asks, made_creating, people
from flows_run import Watch, activity, counts, dead, decided, drain_all, lead, receive, with_parts

from integration.flows.deciding.advance import advance
from integration.flows.intake.ingest import ingest
from integration.flows.looking import compare_with_crm
from integration.flows.privacy import erase_person
from integration.flows.reading import reconcile
from integration.flows.reading.refresh import read_records
from integration.flows.upkeep.replay_letters import replay
from integration.wiring.whole_service import Service
from mappings.values import person_names
from mappings.values.instant import DAY, HOUR, MINUTE, SECOND
from sandbox.server import Sandbox
from sandbox.shared.requested_faults import Fault


@pytest.fixture
def creating(service: Service, sandbox: Sandbox) -> Creating:
    """The service, whose mappings of the systems that are named say `creates`."""
    return made_creating(service, sandbox)


@pytest.mark.parametrize(("system", "reason"), [("salesforce", "integration_user"), ("hubspot", "no_owner")])
def test_somebody_created_whom_the_crm_gives_to_nobody_waits_for_an_owner(
    creating: Creating, sandbox: Sandbox, at: Watch, system: str, reason: str
) -> None:
    service = creating(system)
    sandbox.salesforce.org.assigns = sandbox.hubspot.portal.assigns = ""
    asks(service, at, first_name="Ana", last_name="Silva")
    drain_all(service)
    assert len(people(sandbox, system)) == 1
    assert not tasks(sandbox, system)
    assert [each.reason for each in counts(service).unassigned] == [reason]


def test_a_duplicate_rule_that_names_several_is_a_letter_in_the_crms_words(
    creating: Creating, sandbox: Sandbox, at: Watch
) -> None:
    """Somebody merges the two, and the letter is replayed: the one that is left is the person."""
    sandbox.salesforce.org.duplicate_rule = True
    named = {"FirstName": "Ana", "LastName": "Silva", "Company": "acme.example"}
    first, second = (sandbox.salesforce.add("Lead", {**named, "Email": f"a{n}@home.example"}) for n in range(2))
    service = creating("salesforce")
    asks(service, at, first_name="Ana", last_name="Silva")
    drain_all(service)
    (letter,) = dead(service)
    assert letter.reason.startswith("DUPLICATES_DETECTED: Use one of these records?")
    assert first in letter.reason
    assert len(people(sandbox, "salesforce")) == 2
    sandbox.salesforce.delete("Lead", second)
    replay(service, [letter.id], actor="test", now=at())
    drain_all(service)
    assert [row["Id"] for row in people(sandbox, "salesforce")] == [first]
    assert [task["WhoId"] for task in sandbox.salesforce.records("Task")] == [first]


def test_a_second_address_of_a_hubspot_contact_is_that_contact(creating: Creating, sandbox: Sandbox, at: Watch) -> None:
    ana = {"email": "ana@home.example", "firstname": "Ana", "lastname": "Silva", "hubspot_owner_id": OWNER}
    contact = sandbox.hubspot.add("contacts", ana)
    service = creating("hubspot")
    asks(service, at)
    ingest(service)
    for name in SYSTEMS:
        read_records(service, name)
    advance(service)
    sandbox.hubspot.set("contacts", contact, {"hs_additional_emails": EMAIL})
    drain_all(service)
    assert [each["Id"] for each in people(sandbox, "hubspot")] == [contact]
    assert sum(tasks(sandbox, "hubspot").values()) == 1
    row = lead(service, "ana@home.example")
    assert (row.fields["first_name"], row.stage) == ("Ana", "mql")


def test_somebody_who_is_another_lead_here_is_not_made_one_by_a_rule_that_goes_by_name(
    creating: Creating, sandbox: Sandbox, at: Watch
) -> None:
    """Two people of one name at one company: nothing shows that they are one, and a person has to look."""
    sandbox.salesforce.org.duplicate_rule = True
    named = {"FirstName": "Ana", "LastName": "Silva", "Company": "acme.example"}
    sandbox.salesforce.add("Lead", {**named, "Email": "other@acme.example"})
    service = creating("salesforce")
    at.forward(MINUTE)
    reconcile.poll(service, "salesforce")
    drain_all(service)
    asks(service, at, first_name="Ana", last_name="Silva")
    for _ in range(12):
        drain_all(service)
        at.forward(HOUR)
    (letter,) = dead(service)
    assert "somebody else's here" in letter.reason
    assert lead(service, EMAIL).id != lead(service, "other@acme.example").id
    assert not tasks(sandbox, "salesforce")


def test_a_refusal_is_a_letter_and_the_others_are_created(creating: Creating, sandbox: Sandbox, at: Watch) -> None:
    sandbox.salesforce.rule(object="Lead", field="LastName", pattern="BO", message="No shouting")
    service = creating("salesforce")
    for number, name in enumerate(("Ana", "BO", "Cid")):
        asks(service, at, f"{name.lower()}@{name.lower()}.example", number, last_name=name)
    drain_all(service)
    assert {row["LastName"] for row in people(sandbox, "salesforce")} == {"Ana", "Cid"}
    (letter,) = dead(service)
    assert "No shouting" in letter.reason
    assert sum(tasks(sandbox, "salesforce").values()) == 2


def test_suppressed_people_are_not_created(creating: Creating, sandbox: Sandbox, at: Watch) -> None:
    service = creating("salesforce")
    receive(service, activity(1, EMAIL, "unsubscribe", at()))
    drain_all(service)
    asks(service, at, number=2)
    drain_all(service)
    assert people(sandbox, "salesforce") == []


def test_who_is_suppressed_before_the_call_is_not_created(creating: Creating, sandbox: Sandbox, at: Watch) -> None:
    service = creating("salesforce")
    sandbox.faults.add(Fault(kind="unavailable", times=1, **CREATE["salesforce"]))
    asks(service, at)
    drain_all(service)
    at.forward(SECOND)
    receive(service, activity(2, EMAIL, "unsubscribe", at()))
    drain_all(service)
    at.forward(HOUR)
    drain_all(service)
    assert people(sandbox, "salesforce") == []
    assert counts(service).outbox["salesforce", "person", "lapsed"] == 1


def test_excluded_people_are_not_created(creating: Creating, sandbox: Sandbox, at: Watch) -> None:
    """Nobody at a company of nine is handed over, so nobody there is created for sales either."""
    firm = {"name": "Acme", "domain": "acme.example", "numberofemployees": "9"}
    company = sandbox.hubspot.add("companies", firm)
    colleague = sandbox.hubspot.add("contacts", {"email": "bo@acme.example"})
    sandbox.hubspot.link("contacts", colleague, "companies", company)
    service = creating("salesforce")
    at.forward(MINUTE)
    reconcile.poll(service, "hubspot")
    drain_all(service)
    receive(service, {**activity(1, EMAIL, "demo_request", at()), "account": "acme.example"})
    drain_all(service)
    assert not decided(service, EMAIL, "task")
    assert people(sandbox, "salesforce") == []


def test_the_erased_are_not_created(creating: Creating, sandbox: Sandbox, at: Watch) -> None:
    service = creating("salesforce")
    receive(service, activity(1, EMAIL, "page_view", at(), page="blog"))
    drain_all(service)
    erase_person.erase(service, person_names.of_email(EMAIL), actor="test")
    asks(service, at, number=2)
    drain_all(service)
    assert people(sandbox, "salesforce") == []


@pytest.mark.parametrize("database", ["sqlite", "postgresql"])
def test_shadow_mode_creates_nobody_and_history_never_does(creating: Creating, sandbox: Sandbox, at: Watch) -> None:
    """Of those who asked in shadow mode, the last day's are created when it ends; the others were history."""
    service = with_parts(creating("salesforce"), shadow=True)
    asks(service, at, "old@old.example", 1)
    drain_all(service)
    at.forward(2 * DAY)
    asks(service, at, "new@new.example", 2)
    drain_all(service)
    assert people(sandbox, "salesforce") == []
    shown = [
        item for items in compare_with_crm.pending(service) for item in items if isinstance(item, compare_with_crm.Task)
    ]
    assert [(item.kind, item.who, item.subject) for item in shown if item.kind == "person"] == [
        ("person", "old@old.example", "a new Lead"),
        ("person", "new@new.example", "a new Lead"),
    ]
    service = with_parts(service, shadow=False)
    at.forward(HOUR)
    for _ in range(2):
        drain_all(service)
        at.forward(MINUTE)
    assert [row["Email"] for row in people(sandbox, "salesforce")] == ["new@new.example"]
    receive(service, activity(3, "old@old.example", "page_view", at(), page="blog"))
    drain_all(service)
    assert len(people(sandbox, "salesforce")) == 1, "a later visit does not bring an old request back"
    asks(service, at, "old@old.example", 4)
    drain_all(service)
    assert len(people(sandbox, "salesforce")) == 2, "a later request does"
