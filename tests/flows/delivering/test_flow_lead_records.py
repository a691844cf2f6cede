"""HubSpot's own leads are created for handovers where the mapping says so: one each, with contact and owner."""

from collections.abc import Callable
from dataclasses import replace
from typing import TypeAlias

import pytest
from flows_crms import OWNER, person
from flows_run import Watch, activity, dead, receive
from hubspot_leads import with_leads
from joined_tasks import with_further_reasons

from integration.wiring.whole_service import Service
from mappings.values.instant import DAY, HOUR, MINUTE
from sandbox.server import Sandbox
from sandbox.shared.requested_faults import Fault

Drain: TypeAlias = Callable[[Service], int]
EMAIL = "ana@acme.example"
CREATE = {"system": "hubspot", "method": "POST", "path": "*/leads/batch/create"}


@pytest.fixture
def portal(service: Service) -> Service:
    """The service whose HubSpot mapping reads and creates leads."""
    hubspot = replace(service.connections["hubspot"], mapping=with_leads())
    return replace(service, connections={**service.connections, "hubspot": hubspot})


def asked(service: Service, drain_all: Drain, at: Watch, number: int = 1) -> None:
    receive(service, activity(number, EMAIL, "demo_request", at()))
    for _ in range(3):
        drain_all(service)
        at.forward(HOUR)


def test_a_handover_has_one_lead_with_its_contact_and_the_owner_of_the_task(
    portal: Service, sandbox: Sandbox, at: Watch, drain_all: Drain
) -> None:
    contact = person(sandbox, "hubspot", EMAIL)
    asked(portal, drain_all, at)
    (made,) = sandbox.hubspot.records("leads")
    assert list(made.links["contacts"]) == [contact]
    assert made.values["hs_lead_name"] == "Ana ana"
    assert (made.values["hubspot_owner_id"], made.values["hs_lead_type"]) == (OWNER, "NEW_BUSINESS")
    assert made.values["hs_pipeline_stage"] == "new-stage-id"
    at.forward(DAY)
    drain_all(portal)
    assert len(sandbox.hubspot.records("leads")) == 1


@pytest.mark.parametrize("at_once", [False, True])
def test_a_handover_that_is_a_further_reason_in_another_task_has_a_lead_too(
    portal: Service, sandbox: Sandbox, at: Watch, drain_all: Drain, *, at_once: bool
) -> None:
    service = with_further_reasons(portal)
    person(sandbox, "hubspot", EMAIL)
    receive(service, activity(2, EMAIL, "page_view", at(), page="roi"))
    if not at_once:
        drain_all(service)
        assert sandbox.hubspot.records("leads") == [], "no handover yet"
    at.forward(MINUTE)
    asked(service, drain_all, at)
    (task,), (made,) = sandbox.hubspot.records("tasks"), sandbox.hubspot.records("leads")
    assert made.values["hubspot_owner_id"] == task.values["hubspot_owner_id"] == OWNER
    assert made.values["coldframe_key"].endswith("/record/handoff/1")


def test_without_the_line_none_is_created(service: Service, sandbox: Sandbox, at: Watch, drain_all: Drain) -> None:
    person(sandbox, "hubspot", EMAIL)
    asked(service, drain_all, at)
    assert sandbox.hubspot.records("tasks")
    assert sandbox.hubspot.records("leads") == []


def test_a_creation_whose_answer_was_lost_is_not_made_twice(
    portal: Service, sandbox: Sandbox, at: Watch, drain_all: Drain
) -> None:
    person(sandbox, "hubspot", EMAIL)
    sandbox.faults.add(Fault(kind="apply_then_drop", **CREATE))
    asked(portal, drain_all, at)
    asked(portal, drain_all, at, 2)
    assert len(sandbox.hubspot.records("leads")) == 1
    assert dead(portal) == []


def test_a_portal_that_lacks_our_key_refuses_and_a_sync_error_says_so(
    portal: Service, sandbox: Sandbox, at: Watch, drain_all: Drain
) -> None:
    sandbox.hubspot.portal.remove_property("leads", "coldframe_key")
    person(sandbox, "hubspot", EMAIL)
    asked(portal, drain_all, at)
    assert sandbox.hubspot.records("leads") == []
    assert any("coldframe_key" in letter.reason for letter in dead(portal))
    assert sandbox.hubspot.records("tasks"), "the task is there all the same"
