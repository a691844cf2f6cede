"""What sales does in the CRM comes back: closed tasks, statuses, deals; once, however often it is looked at."""

from collections.abc import Callable
from typing import Any, TypeAlias

import pytest
from flows_crms import calls, person, tasks
from flows_run import Watch, activity, counts, decided, history, lead, receive, receive_raw, with_parts

from connectors.base.port import Page, Record
from integration.flows.reading import reconcile
from integration.flows.reading.reconcile import OVERLAP, begun, moved
from integration.store.crm import connection_pauses
from integration.store.people import opportunities
from integration.wiring.whole_service import Service
from mappings.values.instant import DAY, HOUR, MINUTE, SECOND, parse
from sandbox.desk import sales_desk
from sandbox.server import Sandbox
from sandbox.shared.requested_faults import Fault

Drain: TypeAlias = Callable[[Service], int]
EMAIL = "ana@acme.example"
SYSTEMS = pytest.mark.parametrize("system", ["hubspot", "salesforce"])


@pytest.fixture
def look(service: Service, drain_all: Drain, at: Watch, woken: list[str]) -> Callable[[], int]:
    """Poll both CRMs and let everything that follows happen, some time later; the number of batches done."""

    def looking() -> int:
        at.forward(MINUTE)
        for name in service.connections:
            reconcile.poll(service, name)
            while f"poll:{name}" in woken:  # a stint was over
                woken.remove(f"poll:{name}")
                reconcile.poll(service, name)
        return drain_all(service)

    return looking


def mql(service: Service, sandbox: Sandbox, at: Watch, look: Callable[[], int], system: str) -> tuple[str, str]:
    """A lead with an open handoff task; the ids of person and task."""
    look()
    record = person(sandbox, system, EMAIL)
    at.forward(DAY)
    receive(service, activity(1, EMAIL, "demo_request", at() - HOUR))
    look()
    look()
    assert lead(service, EMAIL).stage == "mql"
    (task,) = [task for task in sales_desk.tasks(sandbox) if "/handoff/" in task.key]
    at.forward(HOUR)
    return record, task.id


def types(service: Service) -> list[str]:
    return [row.type for row in history(service, EMAIL)]


@SYSTEMS
@pytest.mark.parametrize(
    ("outcome", "reason", "stage", "heard"),
    [
        ("connected", "", "sal", "call_attempt"),
        ("accepted", "", "sal", "sales_accepted"),
        ("rejected", "timing", "recycled", "sales_rejected"),
        ("no_answer", "", "mql", "call_attempt"),
    ],
)
def test_a_task_closed_in_the_crm_is_heard_once(  # noqa: PLR0917 - fixtures, and what a case names
    service: Service,
    sandbox: Sandbox,
    at: Watch,
    look: Callable[[], int],
    system: str,
    outcome: str,
    reason: str,
    stage: str,
    heard: str,
) -> None:
    _, task = mql(service, sandbox, at, look, system)
    sales_desk.close(sandbox, system, task, outcome=outcome, reason=reason)
    for _ in range(4):
        look()
    said = [row for row in history(service, EMAIL) if row.source == system]
    assert [row.type for row in said] == [heard]
    in_whose_name = {"by": said[0].properties["by"]} if reason else {}
    called = {"outcome": outcome, "task": "play/handoff/1/task/1"} if heard == "call_attempt" else {}
    assert said[0].properties == in_whose_name | ({"reason": reason} if reason else called)
    row = lead(service, EMAIL)
    assert row.stage == stage
    if reason:
        assert (row.standing or {})["recycle_reason"] == reason, "the reason, though the status changed with the task"
    assert len(tasks(sandbox, system)) == len(sales_desk.tasks(sandbox))


@SYSTEMS
def test_who_asks_again_after_their_task_was_closed_without_a_word_gets_another(
    service: Service, sandbox: Sandbox, at: Watch, look: Callable[[], int], system: str
) -> None:
    _, task = mql(service, sandbox, at, look, system)
    receive(service, activity(2, EMAIL, "demo_request", at()))
    look()
    assert len(decided(service, EMAIL, "task")) == 1, "somebody is at work on it"
    if system == "hubspot":
        sandbox.hubspot.set("tasks", task, {"hs_task_status": "COMPLETED"})
    else:
        sandbox.salesforce.set("Task", task, {"Status": "Completed"})
    look()
    assert types(service)[-1] == "task_closed"
    assert lead(service, EMAIL).stage == "mql"
    at.forward(HOUR)
    receive(service, activity(3, EMAIL, "demo_request", at()))
    look()
    first, second = decided(service, EMAIL, "task")
    assert second.key == first.key.replace("handoff/1", "handoff/2")
    assert "that task is closed" in second.payload["body"]


@SYSTEMS
def test_looking_again_and_the_echo_of_our_own_writes_change_nothing(
    service: Service, sandbox: Sandbox, at: Watch, look: Callable[[], int], system: str
) -> None:
    _, task = mql(service, sandbox, at, look, system)
    sales_desk.close(sandbox, system, task, outcome="connected")
    look()
    look()
    seen, written = (
        types(service),
        calls(sandbox, {"system": system, "method": "PATCH", "path": "*/composite/sobjects*"}),
    )
    before = counts(service)
    for _ in range(5):
        assert look() == 0
    assert types(service) == seen
    assert counts(service) == before
    assert calls(sandbox, {"system": system, "method": "PATCH", "path": "*/composite/sobjects*"}) == written


def test_a_person_whom_two_crms_describe_differently_does_not_flap(
    service: Service, sandbox: Sandbox, at: Watch, look: Callable[[], int]
) -> None:
    look()
    in_hubspot, in_salesforce = person(sandbox, "hubspot", EMAIL), person(sandbox, "salesforce", EMAIL)
    sandbox.hubspot.set("contacts", in_hubspot, {"jobtitle": "VP of Sales"})
    receive(service, activity(1, EMAIL, "email_click", at()))
    for _ in range(3):
        look()
    title = lead(service, EMAIL).fields["title"]
    score = lead(service, EMAIL).total
    for _ in range(4):
        assert look() == 0
        assert (lead(service, EMAIL).fields["title"], lead(service, EMAIL).total) == (title, score)
    sandbox.salesforce.set("Lead", in_salesforce, {"Title": "Chief Executive Officer"})
    look()
    assert lead(service, EMAIL).fields["seniority"] == "c_level", "a change is a change, whoever makes it"


def test_a_status_that_a_person_sets_wins(
    service: Service, sandbox: Sandbox, at: Watch, look: Callable[[], int]
) -> None:
    record, _ = mql(service, sandbox, at, look, "salesforce")
    sandbox.salesforce.set("Lead", record, {"Status": "Closed - Not Converted"})
    look()
    assert lead(service, EMAIL).stage == "recycled"
    assert len([effect for effect in decided(service, EMAIL, "stage") if effect.payload["after"] == "recycled"]) == 1


def closed_deal(sandbox: Sandbox, system: str, record: str, *, won: bool) -> Callable[[], None]:
    """A deal about the person; call the answer to close it."""
    if system == "hubspot":
        deal = sandbox.hubspot.add("deals", {"dealname": "Acme", "dealstage": "qualifiedtobuy", "amount": "9000"})
        sandbox.hubspot.link("deals", deal, "contacts", record)
        values = {"dealstage": "closedwon" if won else "closedlost", "hs_is_closed": "true"}
        values |= {"hs_is_closed_won": "true"} if won else {"closed_lost_reason": "Budget"}
        return lambda: sandbox.hubspot.set("deals", deal, values)
    contact = sandbox.salesforce.convert(record, opportunity="Acme")
    deal = contact["ConvertedOpportunityId"]
    change: dict[str, Any] = (
        {"StageName": "Closed Won"} if won else {"StageName": "Closed Lost", "Loss_Reason__c": "Budget"}
    )
    return lambda: sandbox.salesforce.set("Opportunity", deal, {"Amount": 9000, **change})


@SYSTEMS
@pytest.mark.parametrize("won", [True, False])
def test_deals_tell_of_their_contacts_once(
    service: Service, sandbox: Sandbox, at: Watch, look: Callable[[], int], *, system: str, won: bool
) -> None:
    record, _ = mql(service, sandbox, at, look, system)
    close = closed_deal(sandbox, system, record, won=won)
    look()
    look()
    assert lead(service, EMAIL).stage == "sql"
    at.forward(DAY)
    close()
    for _ in range(3):
        look()
    row = lead(service, EMAIL)
    assert row.stage == ("customer" if won else "recycled")
    told = [each for each in history(service, EMAIL) if each.type.startswith("opportunity_")]
    assert [each.type for each in told] == ["opportunity_created", "opportunity_won" if won else "opportunity_lost"]
    assert told[1].properties["amount"] == 9000
    with service.store.read() as conn:
        (deal,) = opportunities.of_accounts(conn, [row.account_id or ""])
    assert deal.fields["is_closed"] is True
    if not won:
        assert (row.standing or {})["recycle_reason"] == "budget"


def test_more_than_a_page_is_read_whole_and_a_pass_that_broke_off_goes_on_where_it_was(
    service: Service, sandbox: Sandbox, at: Watch, look: Callable[[], int], drain_all: Drain
) -> None:
    look()
    for number in range(450):
        sandbox.hubspot.add("contacts", {"email": f"p{number}@acme.example"})
    # Every page takes longer than a stint: task, company, then contacts page by page, then deal.
    breaking = with_parts(service, monotonic=iter(range(0, 900, 9)).__next__)
    at.forward(MINUTE)
    search = {"system": "hubspot", "method": "POST", "path": "*/contacts/search"}
    before = calls(sandbox, search)
    for _ in range(6):
        at.forward(SECOND)  # the sandbox counts searches by the second, on this clock
        assert reconcile.poll(breaking, "hubspot") == 1
    assert calls(sandbox, search) - before == 3
    drain_all(service)
    with service.store.read() as conn:
        assert conn.exec_driver_sql("SELECT count(*) FROM leads").scalar() == 450


def test_a_crm_that_is_away_is_asked_again_and_nothing_is_missed(
    service: Service, sandbox: Sandbox, at: Watch, look: Callable[[], int]
) -> None:
    _, task = mql(service, sandbox, at, look, "salesforce")
    sales_desk.close(sandbox, "salesforce", task, outcome="accepted")
    sandbox.faults.add(Fault(kind="unavailable", system="salesforce", path="*/queryAll", times=1))
    look()
    assert lead(service, EMAIL).stage == "mql"
    with service.store.read() as conn:
        assert "salesforce" in connection_pauses.paused(conn, at())
    look()
    assert lead(service, EMAIL).stage == "sal"


def test_a_pass_overlaps_until_one_has_begun_after_the_overlap_was_over() -> None:
    now = parse("2026-01-05T09:00:00Z")
    mark = begun(None, now)
    assert mark.since == now - OVERLAP
    page = Page(records=(Record(object="x", id="1", fields={}, modified_at=now + SECOND),))
    mark = moved(mark, page, now + SECOND)
    for minutes in range(1, 6):
        mark = begun(mark, now + minutes * MINUTE)
        assert mark.since == now + SECOND - OVERLAP
        mark = moved(mark, page, now + minutes * MINUTE)
    mark = moved(begun(mark, now + 6 * MINUTE), page, now + 6 * MINUTE)
    assert begun(mark, now + 7 * MINUTE).since == now + SECOND


def changes_of(task: str, at: Watch, first: int, values: dict[str, str]) -> list[dict[str, Any]]:
    """HubSpot's events for changed properties of a task."""
    event = {"subscriptionType": "object.propertyChange", "objectTypeId": "0-27", "objectId": int(task), "portalId": 1}
    event |= {"occurredAt": at() // 1000, "changeSource": "INTEGRATION", "sourceId": "97"}
    return [
        {**event, "eventId": number, "propertyName": name, "propertyValue": value}
        for number, (name, value) in enumerate(values.items(), first)
    ]


def test_a_task_closed_in_hubspot_comes_back_by_webhook_and_our_own_tasks_cost_no_reading(
    service: Service, sandbox: Sandbox, at: Watch, look: Callable[[], int], drain_all: Drain
) -> None:
    _, task = mql(service, sandbox, at, look, "hubspot")
    ours = {"hs_task_status": "NOT_STARTED", "hs_task_subject": "Call Ana", "coldframe_key": "k", "hs_timestamp": "1"}
    receive(service, *changes_of(task, at, 1, ours), source="hubspot")
    drain_all(service)
    assert calls(sandbox, {"system": "hubspot", "method": "POST", "path": "*/tasks/batch/read"}) == 0
    sales_desk.close(sandbox, "hubspot", task, outcome="rejected", reason="budget")
    closed = {"hs_task_status": "COMPLETED", "task_outcome": "rejected", "task_rejection_reason": "budget"}
    for _ in range(2):
        receive(service, *changes_of(task, at, 20, closed), source="hubspot")
        drain_all(service)
    row = lead(service, EMAIL)
    assert (row.stage, (row.standing or {})["recycle_reason"]) == ("recycled", "budget")
    assert types(service).count("sales_rejected") == 1


def test_a_task_closed_in_salesforce_comes_back_by_outbound_message(
    service: Service, sandbox: Sandbox, at: Watch, look: Callable[[], int], drain_all: Drain
) -> None:
    record, task = mql(service, sandbox, at, look, "salesforce")
    sales_desk.close(sandbox, "salesforce", task, outcome="accepted")
    for number in range(2):
        body = (
            '<e:Envelope xmlns:e="http://schemas.xmlsoap.org/soap/envelope/" '
            'xmlns:x="http://www.w3.org/2001/XMLSchema-instance"><e:Body>'
            '<notifications xmlns="http://soap.sforce.com/2005/09/outbound"><OrganizationId>00D</OrganizationId>'
            f'<Notification><Id>04l{number}</Id><sObject x:type="sf:Task" xmlns:sf="urn:s"><sf:Id>{task}</sf:Id>'
            "</sObject></Notification><Notification><Id>05l</Id>"
            f'<sObject x:type="sf:Lead" xmlns:sf="urn:s"><sf:Id>{record}</sf:Id></sObject>'
            "</Notification></notifications></e:Body></e:Envelope>"
        )
        receive_raw(service, body.encode(), source="salesforce_outbound")
        drain_all(service)
    assert lead(service, EMAIL).stage == "sal"
    assert types(service).count("sales_accepted") == 1
