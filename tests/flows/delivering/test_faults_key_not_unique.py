"""A portal where the key of a task is not unique: nothing but looking first keeps a task from being made twice."""

from collections.abc import Iterator

import pytest
from flows_crms import TASKS, person, tasks
from flows_run import Watch, activity, counts, decided, drain_all, receive

from integration.wiring.whole_service import Service
from mappings.values.instant import SECOND
from sandbox.server import Sandbox
from sandbox.shared.requested_faults import Fault

ANA = "ana@acme.example"


@pytest.fixture
def sandbox(at: Watch) -> Iterator[Sandbox]:
    with Sandbox(now=lambda: at() // 1_000, unique_task_key=False) as box:
        box.hubspot.limits.searches = 0  # on a clock that stands still a second never ends
        yield box


def test_a_task_whose_reply_was_lost_is_looked_for_before_it_is_made_again(
    service: Service, sandbox: Sandbox, at: Watch
) -> None:
    person(sandbox, "hubspot", ANA)
    fault = sandbox.faults.add(Fault(kind="apply_then_drop", times=2, **TASKS["hubspot"]))
    receive(service, activity(1, ANA, "demo_request", at()))
    for _ in range(8):
        drain_all(service)
        at.forward(30 * SECOND)
    (effect,) = [each for each in decided(service, ANA, "task") if each.payload["play"] == "handoff"]
    assert fault.hits >= 1
    assert tasks(sandbox, "hubspot") == {effect.key: 1}
    assert counts(service).outbox["hubspot", "task", "sent"] == 1
