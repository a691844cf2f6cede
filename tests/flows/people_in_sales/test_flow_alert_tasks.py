"""An alert about a lead may be a task for somebody by role; what has no manager is told to those who get the alerts."""

from dataclasses import replace

import pytest
from flows_alerts import asked
from flows_crms import person
from flows_roles import ANA, people
from flows_run import Watch, counts, drain_all, lead
from flows_sinks import receiving, routing

from integration.flows.history.find_explanation import explained
from integration.wiring.whole_service import Service
from mappings.values.instant import HOUR
from sandbox.server import Sandbox


def tasks(sandbox: Sandbox) -> dict[str, tuple[str, str]]:
    """(owner's id, subject) of each task in Salesforce, by its key without the lead."""
    rows = sandbox.salesforce.records("Task")
    return {str(row["Coldframe_Key__c"]).partition("/")[2]: (str(row["OwnerId"]), str(row["Subject"])) for row in rows}


@pytest.fixture
def tasked(service: Service) -> Service:
    """Everything is a task for the manager, and for the owner."""
    return replace(service, routing=routing(service, "alerts: {default: [{task: manager}, {task: owner}]}"))


def test_an_alert_about_a_lead_is_a_task_for_each_role_once(tasked: Service, sandbox: Sandbox, at: Watch) -> None:
    person(sandbox, "salesforce", ANA)
    asked(tasked, at, ANA)
    at.forward(21 * HOUR)
    for _ in range(3):
        drain_all(tasked)
    ids, found = people(sandbox), tasks(sandbox)
    reminders = {key: task for key, task in found.items() if "/reminder/" in key}
    assert {key: owner for key, (owner, _) in reminders.items()} == {
        "clock/first_contact/1/reminder/to_manager": ids["Petra"],
        "clock/first_contact/1/reminder/to_owner": ids["Nadia"],
    }
    assert all("is waiting" in subject for _, subject in reminders.values())
    told = explained(tasked.store, tasked.rules.compiled, ANA, at())
    assert told is not None
    said = {each.key.partition("/")[2]: each.assigned for each in told[1].done}
    assert "given to Petra" in said["clock/first_contact/1/reminder/to_manager"]
    assert told[1].unjustified == ()


def test_a_breach_makes_no_second_task_for_whoever_gets_the_escalation(
    tasked: Service, sandbox: Sandbox, at: Watch
) -> None:
    person(sandbox, "salesforce", ANA)
    asked(tasked, at, ANA)
    at.forward(25 * HOUR)
    for _ in range(3):
        drain_all(tasked)
    found = tasks(sandbox)
    assert found["clock/first_contact/1/escalation"][0] == people(sandbox)["Petra"]
    assert "clock/first_contact/1/breach/to_manager" not in found
    assert "clock/first_contact/1/breach/to_owner" in found


def test_shadow_mode_and_a_second_derivation_write_no_task_of_an_alert_twice(
    tasked: Service, sandbox: Sandbox, at: Watch
) -> None:
    person(sandbox, "salesforce", ANA)
    asked(tasked, at, ANA)
    at.forward(21 * HOUR)
    drain_all(tasked)
    before = tasks(sandbox)
    asked(tasked, at, ANA, 2)  # derived anew with one more activity
    drain_all(tasked)
    assert {key for key in tasks(sandbox) if "/to_" in key} == {key for key in before if "/to_" in key}
    assert len(sandbox.salesforce.records("Task")) == len(tasks(sandbox))


def test_an_escalation_without_a_manager_is_told_once_to_those_who_get_the_alerts(
    service: Service, sandbox: Sandbox, at: Watch
) -> None:
    record = person(sandbox, "salesforce", ANA)
    sandbox.salesforce.set("Lead", record, {"OwnerId": people(sandbox)["Petra"]})  # whom nobody manages
    with receiving("teams", sandbox) as sink:
        text = "alerts: {default: [{teams: ops}, {task: manager}], nobody_available: []}"
        alerting = replace(service, alert_ways={sink.way.name: sink.way}, routing=routing(service, text))
        asked(alerting, at, ANA)
        at.forward(25 * HOUR)
        for _ in range(4):
            drain_all(alerting)
            at.forward(HOUR)
        said = [text for text in sink.messages() if text.startswith("no manager")]
        assert [text.splitlines()[1] for text in said if "escalation" not in text] != []
        assert len(set(said)) == len(said), "each once"
        assert any("Lead in salesforce" in text and "Ana ana" in text for text in said)
    assert sum(each.count for each in counts(alerting).unassigned) >= 1, "it waits for a manager all the same"
    assert lead(alerting, ANA).stage == "mql"
