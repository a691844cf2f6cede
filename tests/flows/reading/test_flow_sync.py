"""A first sync: everything once, history without work for anybody, and live activities as ever."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeAlias

import pytest
from flows_crms import engagement, person, tasks
from flows_history import eager
from flows_run import Watch, activity, decided, history, lead, receive, with_parts
from sqlalchemy import Engine, event

from integration.flows.reading import first_sync, reconcile
from integration.flows.reading.first_sync import Step
from integration.rig.drill.drill_check import check
from integration.rig.drill.drill_run import Drill, Plan, ground
from integration.store.events import activities
from integration.store.events import live_since as lives
from integration.store.outgoing import outbox_backlog
from integration.store.overall import store_figures
from integration.store.people import leads
from integration.store.queues import leases
from integration.wiring.whole_service import Service
from mappings.values.instant import DAY, HOUR, MINUTE
from sandbox.both.fill_systems import fill
from sandbox.desk import sales_desk
from sandbox.server import Sandbox

Drain: TypeAlias = Callable[[Service], int]
EMAIL = "ana@acme.example"
MOST_OF_NOTHING = 9
"""Statements for an object of which nothing has changed."""


def read(service: Service, *, restart: bool = False) -> list[Step]:
    """Sync every connection, and let everybody be decided about."""
    names = list(service.connections)
    found = [
        step
        for name in names
        for step in first_sync.sync(service, name, lambda _step: None, others=names, restart=restart)
    ]
    first_sync.release(service)
    first_sync.decide(service, lambda _left: None)
    return found


def test_a_poll_that_finds_nothing_asks_the_store_little(service: Service, at: Watch) -> None:
    reconcile.poll(service, "salesforce")
    at.forward(HOUR)
    asked: list[str] = []

    def note(*said: Any) -> None:
        asked.append(said[2])

    event.listen(Engine, "before_cursor_execute", note)
    try:
        assert reconcile.poll(service, "salesforce")
    finally:
        event.remove(Engine, "before_cursor_execute", note)
    assert len(asked) <= MOST_OF_NOTHING * len(service.connections["salesforce"].mapping.objects), asked


def ms(instant: int) -> int:
    return instant // 1_000


@pytest.mark.parametrize("database", ["sqlite", "postgresql"])
def test_everybody_is_one_lead_and_everything_they_did_counts_once(
    service: Service, sandbox: Sandbox, drain_all: Drain
) -> None:
    filled = fill(sandbox.hubspot, sandbox.salesforce, leads=60, seed=4, activities=400)
    read(service)
    drain_all(service)
    with service.store.read() as conn:
        found = store_figures.counts(conn)
        assert sum(found.leads_by_stage.values()) == 60
        assert store_figures.activities(conn) == filled.activities == 400
        assert {kind for _, kind, _ in outbox_backlog.counts(conn)} == {"fields"}
        assert lives.withheld(conn)[lives.HISTORY] > 0
    assert not [task for task in sales_desk.tasks(sandbox) if task.key]


def test_a_second_sync_and_the_polls_after_it_add_nothing(
    service: Service, sandbox: Sandbox, at: Watch, drain_all: Drain
) -> None:
    fill(sandbox.hubspot, sandbox.salesforce, leads=20, seed=4, activities=100)
    read(service)
    drain_all(service)
    again = read(service)
    assert all(step.course.done for step in again)
    whole = read(service, restart=True)
    assert sum(step.course.read for step in whole) == sum(step.course.read for step in again) > 100
    at.forward(MINUTE)
    for task in sandbox.salesforce.records("Task"):
        sandbox.salesforce.set("Task", task["Id"], {"Description": "looked at again"})
    for call in sandbox.hubspot.records("calls"):
        sandbox.hubspot.set("calls", call.id, {"hs_call_title": "Looked at again"})
    for name in service.connections:
        reconcile.poll(service, name)
    drain_all(service)
    with service.store.read() as conn:
        assert store_figures.activities(conn) == 100
        assert sum(store_figures.counts(conn).leads_by_stage.values()) == 20


def test_what_is_done_in_the_crm_after_the_sync_is_found_by_the_poll(
    service: Service, sandbox: Sandbox, at: Watch, drain_all: Drain
) -> None:
    ana, bo = (person(sandbox, "hubspot", f"{name}@acme.example") for name in ("ana", "bo"))
    read(service)
    at.forward(HOUR)
    call = sandbox.hubspot.add(
        "calls",
        {"hs_timestamp": str(ms(at())), "hs_call_disposition": "f240bbac-87c9-4f6e-bf70-924b57d47db7"},
    )
    for each in (ana, bo):
        sandbox.hubspot.link("calls", call, "contacts", each)
    for _ in range(2):
        at.forward(MINUTE)
        sandbox.hubspot.set("calls", call, {"hs_call_title": f"seen at {at()}"})
        reconcile.poll(service, "hubspot")
        drain_all(service)
    assert [(row.type, dict(row.properties)) for row in history(service, EMAIL)] == [
        ("call_attempt", {"outcome": "connected"})
    ]
    sandbox.hubspot.merge("contacts", ana, bo)
    sandbox.hubspot.set("calls", call, {"hs_call_title": "after the merge"})
    for _ in range(2):
        at.forward(MINUTE)
        reconcile.poll(service, "hubspot")
        drain_all(service)
    with service.store.read() as conn:
        held = activities.holders(conn, [f"hubspot:call:{call}", f"hubspot:call:{call}:2", f"hubspot:call:{call}:3"])
    assert len(held) == 2, "once for each of the two, before they were one"


def test_somebody_who_signed_up_and_then_came_did_both(
    service: Service, sandbox: Sandbox, at: Watch, drain_all: Drain
) -> None:
    ana = person(sandbox, "salesforce", EMAIL)
    campaign = sandbox.salesforce.add("Campaign", {"Name": "Cold leads", "Type": "Webinar"})
    member = {"CampaignId": campaign, "LeadId": ana, "Status": "Registered"}
    made = sandbox.salesforce.add("CampaignMember", member)
    read(service)
    for _ in range(2):
        at.forward(HOUR)
        sandbox.salesforce.set("CampaignMember", made, {"Status": "Attended"})
        reconcile.poll(service, "salesforce")
        drain_all(service)
    assert [row.type for row in history(service, EMAIL)] == ["webinar_signup", "webinar_attend"]
    assert {row.properties["webinar"] for row in history(service, EMAIL)} == {"Cold leads"}


@pytest.mark.parametrize("database", ["sqlite", "postgresql"])
def test_an_mql_of_the_past_is_scored_and_written_and_makes_nobody_any_work(
    service: Service, sandbox: Sandbox, at: Watch, drain_all: Drain
) -> None:
    record = eager(sandbox, EMAIL, since=ms(at() - 30 * DAY), at=ms(at() - HOUR))
    read(service)
    drain_all(service)
    assert lead(service, EMAIL).stage == "mql"
    assert sandbox.salesforce.record("Lead", record)["Coldframe_Stage__c"] == "mql"
    assert engagement(sandbox, "salesforce", record) == lead(service, EMAIL).standing["engagement"]  # type: ignore[index]
    assert [row.withheld for row in decided(service, EMAIL, "task")] == ["history"]
    for _ in range(10):  # the clock that began in history runs out after it
        at.forward(DAY)
        drain_all(service)
    escalations = decided(service, EMAIL, "escalation")
    assert escalations
    assert {row.withheld for row in escalations} == {"history"}
    assert not tasks(sandbox, "salesforce").keys() - {"None"}


def test_what_is_told_after_the_sync_is_news_with_its_task_and_its_clock(
    service: Service, sandbox: Sandbox, at: Watch, drain_all: Drain
) -> None:
    person(sandbox, "salesforce", EMAIL)
    at.forward(30 * DAY)
    read(service)
    receive(service, activity(1, EMAIL, "demo_request", at() - HOUR))  # it happened before, and is told now
    drain_all(service)
    (key,) = (key for key in tasks(sandbox, "salesforce") if "/handoff/" in key)
    assert [row.withheld for row in decided(service, EMAIL, "task") if row.key == key] == [None]
    for _ in range(5):
        at.forward(DAY)
        drain_all(service)
    assert any("/clock/" in key for key in tasks(sandbox, "salesforce")), "nobody answered: the manager is told"


def test_a_fresh_service_that_only_polls_does_not_flood_sales(
    service: Service, sandbox: Sandbox, at: Watch, drain_all: Drain
) -> None:
    record = eager(sandbox, EMAIL, since=ms(at() - 90 * DAY), at=ms(at() - 5 * DAY))
    reconcile.poll(service, "salesforce")
    at.forward(MINUTE)
    sandbox.salesforce.set("Lead", record, {"Phone": "+49 555 1"})
    for kind in ("CampaignMember", "Task"):
        for one in sandbox.salesforce.records(kind):
            sandbox.salesforce.set(kind, one["Id"], {"Status": one["Status"]})
    reconcile.poll(service, "salesforce")
    at.forward(HOUR)
    drain_all(service)
    assert lead(service, EMAIL).stage == "mql"
    assert not tasks(sandbox, "salesforce").keys() - {"None"}


def test_while_it_reads_nobody_is_decided_about_until_everything_is_there(
    service: Service, sandbox: Sandbox, drain_all: Drain
) -> None:
    eager(sandbox, EMAIL, since=ms(service.now() - 30 * DAY), at=ms(service.now() - DAY))
    first_sync.sync(service, "salesforce", lambda _step: None, others=list(service.connections))
    drain_all(service)
    assert lead(service, EMAIL).standing is None
    first_sync.release(service)
    drain_all(service)
    assert lead(service, EMAIL).standing is not None


def test_two_syncs_of_one_connection_do_not_run_at_once(service: Service) -> None:
    with service.store.write() as conn:
        assert leases.take(conn, "sync:hubspot", "somebody", HOUR)
    clock = iter(range(0, 1_000, 10))
    hasty = with_parts(service, monotonic=lambda: float(next(clock)), sleep=lambda _seconds: None)
    with pytest.raises(first_sync.SyncError, match="another sync of hubspot is running"):
        first_sync.sync(hasty, "hubspot", lambda _step: None)


def test_a_sync_moves_the_beginning_of_live_and_the_polls_begin_there(
    service: Service, sandbox: Sandbox, at: Watch
) -> None:
    person(sandbox, "hubspot", EMAIL)
    at.forward(DAY)
    read(service)
    with service.store.read() as conn:
        live = lives.get(conn)
        assert live is not None
        assert live.since == at()
        assert leads.by_email(conn, [EMAIL])


def test_a_sync_killed_twice_ends_complete_with_no_duplicate_and_no_loss(tmp_path: Path) -> None:
    plan = Plan(leads=300, activities=3_000, kills=2, seed=11)
    with ground(tmp_path, plan) as place:
        drill = Drill(place, plan, lambda _drill: None)
        drill.run()
        finding = check(place, plan.seed)
    assert finding.differences == []
    assert len(drill.kills) == 2
    assert finding.figures["activities stored"] == 3_000
