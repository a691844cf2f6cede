"""HubSpot's own leads (0-136): their stages and disqualification reasons are answers, by webhook and by looking."""

from collections.abc import Callable
from dataclasses import replace
from typing import TypeAlias

import pytest
from flows_crms import person
from flows_run import Watch, activity, history, lead, receive
from hubspot_leads import with_leads

from integration.flows.reading import reconcile
from integration.wiring.whole_service import Service
from mappings.values.instant import DAY, HOUR, MINUTE
from sandbox.desk import sales_desk
from sandbox.server import Sandbox

Drain: TypeAlias = Callable[[Service], int]
EMAIL = "ana@acme.example"


@pytest.fixture
def portal(service: Service) -> Service:
    """The service whose HubSpot mapping reads leads."""
    hubspot = replace(service.connections["hubspot"], mapping=with_leads())
    return replace(service, connections={**service.connections, "hubspot": hubspot})


@pytest.fixture
def look(portal: Service, drain_all: Drain, at: Watch, woken: list[str]) -> Callable[[], None]:
    """A minute passes, HubSpot is asked for what is new, and what follows happens."""

    def looking() -> None:
        at.forward(MINUTE)
        reconcile.poll(portal, "hubspot")
        while "poll:hubspot" in woken:
            woken.remove("poll:hubspot")
            reconcile.poll(portal, "hubspot")
        drain_all(portal)

    return looking


@pytest.fixture
def worked(portal: Service, sandbox: Sandbox, at: Watch, look: Callable[[], None]) -> str:
    """The lead record of somebody who was handed over; its id."""
    look()
    contact = person(sandbox, "hubspot", EMAIL)
    at.forward(HOUR)
    receive(portal, activity(1, EMAIL, "demo_request", at()))
    look()
    record = sandbox.hubspot.add("leads", {"hs_lead_name": "Ana"})
    sandbox.hubspot.link("leads", record, "contacts", contact)
    look()
    at.forward(HOUR)
    return record


def said(service: Service) -> list[str]:
    return [row.type for row in history(service, EMAIL) if ":lead:" in row.key]


def test_a_disqualified_lead_is_given_back_with_its_reason_and_note(
    portal: Service, sandbox: Sandbox, look: Callable[[], None], worked: str
) -> None:
    assert said(portal) == [], "a new lead says nothing"
    told = {"hs_lead_disqualification_reason": "BAD_TIMING", "hs_lead_disqualification_note": "In spring"}
    sandbox.hubspot.set("leads", worked, {"hs_pipeline_stage": "unqualified-stage-id", **told})
    for _ in range(3):
        look()
    row = lead(portal, EMAIL)
    assert (row.stage, (row.standing or {})["recycle_reason"]) == ("recycled", "timing")
    (rejected,) = [row for row in history(portal, EMAIL) if row.type == "sales_rejected"]
    assert rejected.properties["note"] == "In spring"


def test_a_reason_that_comes_after_the_stage_completes_the_rejection(
    portal: Service, sandbox: Sandbox, look: Callable[[], None], worked: str
) -> None:
    sandbox.hubspot.set("leads", worked, {"hs_pipeline_stage": "unqualified-stage-id"})
    look()
    assert lead(portal, EMAIL).stage == "mql", "a reason is required"
    sandbox.hubspot.set("leads", worked, {"hs_lead_disqualification_reason": "NOT_A_GOOD_FIT"})
    look()
    assert (lead(portal, EMAIL).standing or {})["recycle_reason"] == "bad_fit"


def test_each_time_that_a_lead_comes_to_a_stage_counts_and_reading_it_again_does_not(
    portal: Service, sandbox: Sandbox, at: Watch, look: Callable[[], None], worked: str
) -> None:
    for _ in range(2):
        sandbox.hubspot.set("leads", worked, {"hs_pipeline_stage": "attempting-stage-id"})
        look()
        at.forward(DAY)
        sandbox.hubspot.set("leads", worked, {"hs_lead_label": "HOT"})
        look()
        sandbox.hubspot.set("leads", worked, {"hs_pipeline_stage": "new-stage-id"})
        look()
    assert said(portal) == ["call_attempt", "call_attempt"]


def test_of_two_leads_of_one_person_the_one_of_the_open_handover_is_read(
    portal: Service, sandbox: Sandbox, at: Watch, look: Callable[[], None]
) -> None:
    look()
    person(sandbox, "hubspot", EMAIL)
    receive(portal, activity(1, EMAIL, "demo_request", at()))
    look()
    look()
    (first,) = sandbox.hubspot.records("leads")
    at.forward(DAY)
    (task,) = sandbox.hubspot.records("tasks")
    sales_desk.close(sandbox, "hubspot", task.id, outcome="rejected", reason="timing")
    look()
    at.forward(30 * DAY)
    receive(portal, activity(3, EMAIL, "demo_request", at()))
    look()
    look()
    _, second = sandbox.hubspot.records("leads")
    assert lead(portal, EMAIL).stage == "mql"
    at.forward(HOUR)
    sandbox.hubspot.set(
        "leads",
        first.id,
        {"hs_pipeline_stage": "unqualified-stage-id", "hs_lead_disqualification_reason": "BAD_TIMING"},
    )
    look()
    assert lead(portal, EMAIL).stage == "mql", "somebody tidies up the record of the first time"
    sandbox.hubspot.set("leads", second.id, {"hs_pipeline_stage": "connected-stage-id"})
    look()
    assert lead(portal, EMAIL).stage == "sal"
    assert said(portal) == ["call_attempt"]
