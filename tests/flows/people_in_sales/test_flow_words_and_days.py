"""A task is in the words of its CRM and due on the day of its person."""

from collections.abc import Callable
from datetime import date, timedelta

import pytest
from flows_crms import person
from flows_roles import ANA, Drain, people
from flows_run import Watch, dead, decided

from integration.flows.reading import reconcile
from integration.wiring.whole_service import Service
from mappings.values.instant import MINUTE, parse, show
from sandbox.salesforce.state.task_statuses import GERMAN_PRIORITIES, GERMAN_STATUSES
from sandbox.server import Sandbox


def test_an_org_with_words_of_its_own_gets_tasks_in_them_and_closes_them_in_them(
    service: Service, sandbox: Sandbox, at: Watch, asked: Callable[..., None], drain_all: Drain
) -> None:
    sandbox.salesforce.set_task_words(GERMAN_STATUSES, GERMAN_PRIORITIES)
    record = person(sandbox, "salesforce", ANA)
    asked()
    (task,) = sandbox.salesforce.records("Task")
    assert (task["Status"], task["Priority"], task["IsHighPriority"]) == ("Nicht begonnen", "Hoch", True)
    at.forward(10 * MINUTE)
    sandbox.salesforce.set("Lead", record, {"HasOptedOutOfEmail": True})
    reconcile.poll(service, "salesforce")
    drain_all(service)
    (task,) = sandbox.salesforce.records("Task")
    assert (task["Status"], task["IsClosed"]) == ("Abgeschlossen", True)
    assert dead(service) == []


@pytest.mark.parametrize(("zone", "later"), [("Pacific/Auckland", 1), ("America/Los_Angeles", 0)])
def test_a_task_falls_due_on_the_day_of_its_person_and_says_the_time_in_their_zone(  # noqa: PLR0917 - fixtures
    service: Service, sandbox: Sandbox, at: Watch, asked: Callable[..., None], zone: str, later: int
) -> None:
    at.now = parse("2026-01-06T15:00:00Z")
    sandbox.salesforce.set("User", people(sandbox)["Nadia"], {"TimeZoneSidKey": zone})
    person(sandbox, "salesforce", ANA)
    asked()
    (task,) = sandbox.salesforce.records("Task")
    (effect,) = decided(service, ANA, "task")
    day = date.fromisoformat(show(effect.payload["due_at"])[:10])
    assert task["ActivityDate"] == (day + timedelta(days=later)).isoformat()
    assert [zone in line for line in task["Description"].splitlines() if line.startswith("Answer due:")] == [True]
