"""A mapping may say which CRM creates somebody unknown: once, whatever fails, and nobody who is not to be contacted."""

import os
import signal
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest
from flows_crms import SYSTEMS, person, tasks
from flows_newcomers import CREATE, EMAIL, Creating, asks, made_creating, people
from flows_run import Watch, activity, counts, dead, drain_all, receive, with_parts

from connectors.base.port import Receipt, Write
from integration.flows.deciding.advance import advance
from integration.flows.delivering.deliver import deliver
from integration.flows.intake.ingest import ingest
from integration.flows.reading import reconcile
from integration.flows.reading.refresh import read_records
from integration.store.audit import audit_trail
from integration.store.db.session import Store
from integration.wiring.whole_service import Service
from mappings.values.instant import HOUR, MINUTE, SECOND
from sandbox.server import Sandbox
from sandbox.shared.requested_faults import Fault


@pytest.fixture
def creating(service: Service, sandbox: Sandbox) -> Creating:
    """The service, whose mappings of the systems that are named say `creates`."""
    return made_creating(service, sandbox)


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
            with_parts(service, store=Store.open(store_url), holder="child", lease=SECOND, connections=connections),
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
