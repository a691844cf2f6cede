"""A mapping may say which CRM creates somebody unknown: once, whatever fails, and nobody who is not to be contacted."""

import os
import signal
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any, TypeAlias

import pytest
from flows_crms import OWNER, SYSTEMS, person, tasks
from flows_run import Watch, activity, counts, dead, decided, drain_all, lead, receive

from connectors.base.port import Receipt, Write
from integration.flows.base.service import Service
from integration.flows.deciding.advance import advance
from integration.flows.delivering.deliver import deliver
from integration.flows.intake.ingest import ingest
from integration.flows.looking import compare_with_crm
from integration.flows.privacy import erase_person
from integration.flows.reading import reconcile
from integration.flows.reading.refresh import read_records
from integration.flows.upkeep.replay_letters import replay
from integration.store.audit import audit_trail
from integration.store.db.session import Store
from mappings.language import mapping_files
from mappings.language.mapping_compiler import compile_mapping
from mappings.values import person_names
from mappings.values.instant import DAY, HOUR, MINUTE, SECOND
from mappings.yaml_files.located_yaml import load
from sandbox.faults import Fault
from sandbox.server import Sandbox

Creating: TypeAlias = Callable[..., Service]
EMAIL = "silva@acme.example"
SAID = {
    "salesforce": """
creates:
  on: [demo_request, contact_request]
  as: Lead
  with:
    FirstName: {from: property.first_name}
    LastName: {from: [property.last_name, email]}
    Company: {from: account.domain, default: (not given)}
    LeadSource: Other
""",
    "hubspot": """
creates:
  on: [demo_request, contact_request]
  as: contact
  with:
    firstname: {from: property.first_name}
    lastname: {from: property.last_name}
""",
}
CREATE = {
    "salesforce": {"system": "salesforce", "method": "POST", "path": "*/composite/sobjects"},
    "hubspot": {"system": "hubspot", "method": "POST", "path": "*/objects/contacts/batch/create"},
}


@pytest.fixture
def creating(service: Service, sandbox: Sandbox) -> Creating:
    """The service, whose mappings of these systems say `creates`; the CRMs' own rules give new people to somebody."""
    sandbox.salesforce.org.assigns, sandbox.hubspot.portal.assigns = sandbox.salesforce.people[1]["Id"], OWNER

    def made(*systems: str) -> Service:
        connections = dict(service.connections)
        for system in systems:
            located, _ = load(mapping_files.shipped(system).text + SAID[system], f"{system}.yaml")
            assert located is not None
            mapping, problems = compile_mapping(located)
            assert mapping is not None, problems
            connections[system] = replace(connections[system], mapping=mapping, located=located)
        return replace(service, connections=connections)

    return made


def people(sandbox: Sandbox, system: str) -> list[dict[str, Any]]:
    """Every person of a CRM: e-mail, names and what else was set."""
    if system == "salesforce":
        return [dict(each) for name in ("Lead", "Contact") for each in sandbox.salesforce.records(name)]
    return [{"Id": each.id, **each.values} for each in sandbox.hubspot.records("contacts")]


def asks(service: Service, at: Watch, email: str = EMAIL, number: object = 1, **more: Any) -> None:
    """Somebody asks for a demo on a web form."""
    receive(service, activity(number, email, "demo_request", at(), **more))


@pytest.mark.parametrize("database", ["sqlite", "postgresql"])
@pytest.mark.parametrize("system", SYSTEMS)
def test_somebody_unknown_who_asks_is_created_and_gets_one_task(
    creating: Creating, sandbox: Sandbox, at: Watch, system: str
) -> None:
    service = creating(system)
    asks(service, at, first_name="Ana", last_name="Silva")
    drain_all(service)
    (record,) = people(sandbox, system)
    if system == "salesforce":
        told = {name: record[name] for name in ("Email", "FirstName", "LastName", "Company", "LeadSource")}
        assert told == {
            "Email": EMAIL,
            "FirstName": "Ana",
            "LastName": "Silva",
            "Company": "acme.example",
            "LeadSource": "Other",
        }
        (subject,) = (str(task["Subject"]) for task in sandbox.salesforce.records("Task"))
        assert float(record["Coldframe_Engagement__c"]) == 10
    else:
        assert (record["email"], record["firstname"], record["lastname"]) == (EMAIL, "Ana", "Silva")
        (subject,) = (task.values["hs_task_subject"] for task in sandbox.hubspot.records("tasks"))
        assert record["coldframe_engagement"] == "10"
    assert "Ana Silva" in subject
    assert dead(service) == []
    with service.store.read() as conn:
        assert [each.action for each in audit_trail.recent(conn, 5)] == ["create person", "publish playbook"]


@pytest.mark.parametrize("system", SYSTEMS)
def test_the_new_records_webhook_and_poll_come_back_as_the_same_person(
    creating: Creating, sandbox: Sandbox, at: Watch, system: str, webhooks: None
) -> None:
    """HubSpot tells of the creation while it answers; both are polled afterwards, and once more."""
    del webhooks
    service = creating(system)
    asks(service, at)
    for _ in range(3):
        drain_all(service)
        at.forward(MINUTE)
        for name in SYSTEMS:
            reconcile.poll(service, name)
    drain_all(service)
    with service.store.read() as conn:
        assert [row[0] for row in conn.exec_driver_sql("SELECT count(*) FROM leads")] == [1]
    assert len(people(sandbox, system)) == 1
    assert sum(tasks(sandbox, system).values()) == 1


def test_nobody_is_created_unless_a_mapping_says_so(service: Service, sandbox: Sandbox, at: Watch) -> None:
    asks(service, at)
    drain_all(service)
    assert people(sandbox, "hubspot") == people(sandbox, "salesforce") == []
    assert not any(kind == "person" for _, kind, _ in counts(service).outbox)


def test_only_the_activities_that_are_named_create_anybody(creating: Creating, sandbox: Sandbox, at: Watch) -> None:
    service = creating("salesforce")
    receive(service, activity(1, EMAIL, "page_view", at(), page="pricing"))
    drain_all(service)
    assert people(sandbox, "salesforce") == []
    receive(service, activity(2, EMAIL, "contact_request", at()))
    drain_all(service)
    assert len(people(sandbox, "salesforce")) == 1


def test_where_both_create_the_first_does_and_only_once(creating: Creating, sandbox: Sandbox, at: Watch) -> None:
    service = creating("salesforce", "hubspot")
    for number in range(3):
        asks(service, at, number=number)
        drain_all(service)
        at.forward(HOUR)
    assert len(people(sandbox, "salesforce")) == 1
    assert people(sandbox, "hubspot") == []


@pytest.mark.parametrize("system", SYSTEMS)
def test_whom_the_other_crm_knows_is_not_created(creating: Creating, sandbox: Sandbox, at: Watch, system: str) -> None:
    other = "hubspot" if system == "salesforce" else "salesforce"
    person(sandbox, other, EMAIL)
    service = creating(system)
    asks(service, at)
    drain_all(service)
    assert people(sandbox, system) == []
    assert sum(tasks(sandbox, other).values()) == 1


@pytest.mark.parametrize("system", SYSTEMS)
def test_a_record_that_appears_before_the_call_is_taken(
    creating: Creating, sandbox: Sandbox, at: Watch, system: str
) -> None:
    """The form's own tool was quicker; nobody has told us."""
    service = creating(system)
    asks(service, at)
    ingest(service)
    for name in SYSTEMS:
        read_records(service, name)
    advance(service)
    person(sandbox, system, EMAIL)
    drain_all(service)
    assert len(people(sandbox, system)) == 1
    assert sum(tasks(sandbox, system).values()) == 1
    with service.store.read() as conn:
        assert [each.action for each in audit_trail.recent(conn, 5)] == ["find person", "publish playbook"]


@pytest.mark.parametrize("system", SYSTEMS)
def test_a_creation_whose_reply_was_lost_is_found_and_not_repeated(
    creating: Creating, sandbox: Sandbox, at: Watch, system: str
) -> None:
    service = creating(system)
    sandbox.faults.add(Fault(kind="apply_then_drop", **CREATE[system]))
    asks(service, at)
    for _ in range(3):
        drain_all(service)
        at.forward(MINUTE)
    assert len(people(sandbox, system)) == 1
    assert sum(tasks(sandbox, system).values()) == 1
    assert dead(service) == []


class _Killed:
    """A connector whose process is killed right after the CRM has carried out a call."""

    def __init__(self, inner: Any) -> None:
        self._inner = inner

    def apply(self, writes: Sequence[Write]) -> Sequence[Receipt]:
        self._inner.apply(writes)
        os.kill(os.getpid(), signal.SIGKILL)
        raise AssertionError

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)


@pytest.mark.parametrize("database", ["sqlite", "postgresql"])
@pytest.mark.parametrize("system", SYSTEMS)
def test_a_kill_between_the_call_and_the_receipt_creates_nobody_twice(
    creating: Creating, sandbox: Sandbox, at: Watch, store_url: str, *, system: str
) -> None:
    service = creating(system)
    asks(service, at)
    ingest(service)
    for name in SYSTEMS:
        read_records(service, name)
    advance(service)
    child = os.fork()
    if not child:
        own = replace(service.connections[system], connector=_Killed(service.connections[system].connector))  # type: ignore[arg-type]
        connections = {**service.connections, system: own}
        deliver(
            replace(service, store=Store.open(store_url), holder="child", lease=SECOND, connections=connections),
            system,
        )
        os._exit(0)
    _, status = os.waitpid(child, 0)
    assert os.WTERMSIG(status) == signal.SIGKILL
    assert len(people(sandbox, system)) == 1
    for _ in range(60):
        if counts(service).outbox.get((system, "person", "sent")):
            break
        drain_all(service)
        at.forward(MINUTE)
        signal.sigtimedwait([], 0.1)
    drain_all(service)
    assert len(people(sandbox, system)) == 1
    assert sum(tasks(sandbox, system).values()) == 1


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
    service = replace(creating("salesforce"), shadow=True)
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
    service = replace(service, shadow=False)
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
