"""Two people who become one, each with open tasks: one open conversation remains, and nothing is lost."""

from dataclasses import dataclass
from typing import Any

import pytest
from crm_texts import words_of
from flows_crms import OWNER, SYSTEMS, person
from flows_run import Watch, activity, dead, drain_all, receive
from joined_tasks import HANDOFF, ROI, with_further_reasons

from integration.core.model.state import LeadState
from integration.flows.deciding.advance import advance
from integration.flows.history import load_events
from integration.flows.intake.ingest import ingest
from integration.flows.reading import reconcile
from integration.store.people import leads
from integration.store.people.leads import LeadRow
from integration.wiring.whole_service import Service
from mappings.values.instant import HOUR, MINUTE
from sandbox.desk import sales_desk
from sandbox.desk.sales_desk import Task
from sandbox.server import Sandbox

KEPT, ENDED = "ana@acme.example", "ana.silva@acme.example"
REASON = "Offer the numbers of a peer"


@dataclass
class Twice:
    """Somebody whom a CRM has twice, until the two records are merged."""

    service: Service
    sandbox: Sandbox
    system: str
    at: Watch

    def __post_init__(self) -> None:
        self.records = [person(self.sandbox, self.system, each) for each in (KEPT, ENDED)]
        self.number = 0
        self.look()

    def look(self) -> None:
        """Read what happened in the CRM, and let everything follow."""
        for _ in range(2):
            self.at.forward(MINUTE)
            reconcile.poll(self.service, self.system)
            drain_all(self.service)

    def did(self, email: str, kind: str, **properties: Any) -> None:
        self.at.forward(MINUTE)
        self.number += 1
        receive(self.service, activity(self.number, email, kind, self.at(), **properties))
        drain_all(self.service)

    def merge(self) -> None:
        self.at.forward(HOUR)
        kept, ended = self.records
        if self.system == "hubspot":
            self.sandbox.hubspot.merge("contacts", kept, ended)
        else:
            self.sandbox.salesforce.set("Lead", ended, {"MasterRecordId": kept})
            self.sandbox.salesforce.delete("Lead", ended)
            for each in self.sandbox.salesforce.records("Task"):  # Salesforce moves them
                if each["WhoId"] == ended:
                    self.sandbox.salesforce.set("Task", each["Id"], {"WhoId": kept})
        self.look()
        self.look()

    def tasks(self) -> list[Task]:
        return sales_desk.tasks(self.sandbox)

    def open(self) -> list[str]:
        """The causes of the tasks that are open in the CRM."""
        return sorted(each.key.partition("/")[2] for each in self.tasks() if each.open)

    def close(self, cause: str, outcome: str = "") -> None:
        """Sales closes an open task, without a word where there is no outcome, and that is read."""
        self.at.forward(MINUTE)
        (task,) = [each for each in self.tasks() if each.open and each.key.endswith(cause)]
        if outcome:
            sales_desk.close(self.sandbox, self.system, task.id, outcome=outcome)
        elif self.system == "hubspot":
            self.sandbox.hubspot.set("tasks", task.id, {"hs_task_status": "COMPLETED"})
        else:
            self.sandbox.salesforce.set("Task", task.id, {"Status": "Completed"})
        self.look()

    def lead(self) -> LeadRow:
        """The one that both are by now."""
        with self.service.store.read() as conn:
            (found,) = conn.exec_driver_sql("SELECT id FROM leads WHERE merged_into IS NULL").all()
            return leads.get(conn, [found[0]])[0]

    def state(self) -> LeadState:
        row = self.lead()
        with self.service.store.read() as conn:
            return load_events.states_of(conn, [row.id])[row.id]

    def waited_for(self) -> set[str]:
        """The plays that sales has yet to answer."""
        return {name for name, opening in self.state().plays.items() if opening.open}


@pytest.fixture
def twice(service: Service, sandbox: Sandbox, system: str, at: Watch) -> Twice:
    return Twice(with_further_reasons(service), sandbox, system, at)


@pytest.mark.parametrize("database", ["sqlite", "postgresql"])
@pytest.mark.parametrize("system", SYSTEMS)
def test_what_had_joined_the_task_that_is_closed_joins_the_one_that_stays(twice: Twice) -> None:
    twice.did(KEPT, "demo_request")
    twice.did(ENDED, "demo_request")
    twice.did(ENDED, "page_view", page="roi")
    assert twice.open() == [HANDOFF, HANDOFF]
    twice.merge()
    (task,) = [each for each in twice.tasks() if each.open]
    assert task.key.endswith(HANDOFF)
    assert words_of(task.body).count(REASON) == 1, "the reason that the other task said"
    assert len(twice.state().conversations) == 1
    twice.close(HANDOFF)
    assert twice.waited_for() == set()
    assert len(twice.tasks()) == 2
    assert dead(twice.service) == []


@pytest.mark.parametrize("database", ["sqlite", "postgresql"])
@pytest.mark.parametrize("first", [KEPT, ENDED], ids=["the kept one's first", "the ended one's first"])
@pytest.mark.parametrize("system", SYSTEMS)
def test_two_tasks_of_two_reasons_become_one_that_says_both_and_its_answer_is_heard(twice: Twice, first: str) -> None:
    second = ENDED if first == KEPT else KEPT
    twice.did(first, "demo_request")
    twice.did(second, "page_view", page="roi")
    assert twice.open() == [HANDOFF, ROI]
    twice.merge()
    assert twice.open() == [HANDOFF]
    (task,) = [each for each in twice.tasks() if each.open]
    text = words_of(task.body)
    assert (text.count(REASON), text.count("Why now:"), text.count("Also:")) == (1, 1, 1)
    (closed,) = [each for each in twice.tasks() if not each.open]
    assert closed.subject.startswith("Now one with another task: ")
    assert twice.waited_for() == {"handoff", "roi"}, "our own closing says nothing of sales"
    twice.close(HANDOFF, "accepted")
    assert twice.lead().stage == "sal"
    assert twice.waited_for() == set()
    assert dead(twice.service) == []


@pytest.mark.parametrize("system", SYSTEMS)
def test_a_task_of_whoever_lives_on_as_another_is_closed_without_a_word_as_any_other(twice: Twice) -> None:
    twice.did(ENDED, "page_view", page="roi")
    twice.merge()
    assert (twice.open(), twice.waited_for()) == ([ROI], {"roi"})
    twice.close(ROI)
    assert twice.waited_for() == set()
    twice.did(KEPT, "page_view", page="comparison")
    assert twice.open() == ["play/rival/1/task/1"]


@pytest.mark.parametrize("system", SYSTEMS)
def test_where_sales_has_closed_the_one_before_they_are_joined_the_other_stays_open(twice: Twice) -> None:
    twice.did(KEPT, "demo_request")
    twice.did(ENDED, "page_view", page="roi")
    twice.at.forward(MINUTE)
    (task,) = [each for each in twice.tasks() if each.key.endswith(HANDOFF)]
    if twice.system == "hubspot":
        twice.sandbox.hubspot.set("tasks", task.id, {"hs_task_status": "COMPLETED"})
    else:
        twice.sandbox.salesforce.set("Task", task.id, {"Status": "Completed"})
    twice.merge()
    assert (twice.open(), twice.waited_for()) == ([ROI], {"roi"})
    twice.close(ROI)
    assert twice.waited_for() == set()


@pytest.mark.parametrize("system", SYSTEMS)
def test_an_answer_in_the_ended_one_s_task_is_heard_whichever_task_it_stands_in(twice: Twice) -> None:
    twice.did(KEPT, "demo_request")
    twice.did(ENDED, "page_view", page="roi")
    twice.at.forward(MINUTE)
    (task,) = [each for each in twice.tasks() if each.key.endswith(ROI)]
    sales_desk.close(twice.sandbox, twice.system, task.id, outcome="accepted")
    twice.merge()
    assert twice.lead().stage == "sal"
    assert twice.waited_for() == set()


@pytest.mark.parametrize("system", SYSTEMS)
def test_what_is_not_delivered_yet_when_two_become_one_is_one_task_that_says_both(twice: Twice) -> None:
    twice.at.forward(MINUTE)
    seen = activity(2, ENDED, "page_view", twice.at(), page="roi")
    receive(twice.service, activity(1, KEPT, "demo_request", twice.at()), seen)
    ingest(twice.service)
    advance(twice.service)
    assert twice.tasks() == []
    twice.merge()
    assert twice.open() == [HANDOFF]
    (task,) = twice.tasks()
    assert words_of(task.body).count(REASON) == 1
    assert twice.waited_for() == {"handoff", "roi"}


@pytest.mark.parametrize("system", ["hubspot"])
def test_whoever_owned_the_ended_record_alone_has_no_task_any_more(twice: Twice) -> None:
    other = next(each["id"] for each in twice.sandbox.hubspot.portal.owners if each["id"] != OWNER)
    twice.sandbox.hubspot.set("contacts", twice.records[1], {"hubspot_owner_id": other})
    twice.look()
    twice.did(KEPT, "demo_request")
    twice.did(ENDED, "page_view", page="roi")
    owners = {each.values["hubspot_owner_id"] for each in twice.sandbox.hubspot.records("tasks")}
    assert owners == {OWNER, other}
    twice.merge()
    assert twice.open() == [HANDOFF]
    (task,) = [each for each in twice.sandbox.hubspot.records("tasks") if each.values["hs_task_status"] != "COMPLETED"]
    assert task.values["hubspot_owner_id"] == OWNER
    assert words_of(task.values["hs_task_body"]).count(REASON) == 1
