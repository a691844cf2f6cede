"""Recycling from end to end, in both CRMs: given back, nurtured, held, handed over again; and who opted out, never.

A person in sales only closes tasks in the CRM; all else follows from what the lead does.
"""

from pathlib import Path
from typing import Any

import pytest
from edited_texts import edited_file
from flows_crms import person
from flows_routing import routed
from flows_run import Watch, activity, decided, drain_all, lead, receive, with_parts

from integration.core.compiled.compiled_playbook import CompiledPlaybook
from integration.flows.reading import reconcile
from integration.wiring import build
from integration.wiring.whole_service import Service
from mappings.values.instant import DAY, HOUR, MINUTE
from sandbox.desk import sales_desk
from sandbox.server import Sandbox

EMAIL = "ana@acme.example"
PLAYBOOK = Path(__file__).parents[3] / "playbooks" / "two-axis.yaml"
FIELDS = {
    "hubspot": ("task_outcome", "task_rejection_reason", "hs_task_body"),
    "salesforce": ("Coldframe_Outcome__c", "Coldframe_Rejection_Reason__c", "Description"),
}


@pytest.fixture
def portal(service: Service, sandbox: Sandbox, tmp_path: Path) -> Service:
    """Timing holds a lead back for thirty days; two take turns, and who had a lead gets it again."""
    ours = edited_file(
        tmp_path,
        PLAYBOOK.read_text(),
        (
            "recycle:\n  otherwise: renurture",
            "recycle:\n  timing: {track: renurture, hold: 30d}\n  otherwise: renurture",
        ),
    )
    held = with_parts(service, compiled=CompiledPlaybook.of(build.playbook(ours)))
    hubspot = [str(each["email"]).lower() for each in sandbox.hubspot.portal.owners[:2]]
    salesforce = [str(each["Email"]).lower() for each in sandbox.salesforce.people[1:3]]
    return routed(
        held,
        f"pools: {{sdr: {{members: [{', '.join((*hubspot, *salesforce))}]}}}}\n"
        "routes: [{otherwise: sdr}]\nagain: same_person\n",
    )


class Story:
    """One lead in one CRM, whose record nobody owns."""

    def __init__(self, service: Service, sandbox: Sandbox, at: Watch, system: str) -> None:
        self.service, self.sandbox, self.at, self.system = service, sandbox, at, system
        self.number = 0
        self.look()
        self.record = person(sandbox, system, EMAIL)
        if system == "hubspot":
            sandbox.hubspot.set("contacts", self.record, {"hubspot_owner_id": ""})
        else:
            sandbox.salesforce.set("Lead", self.record, {"OwnerId": sandbox.salesforce.queue("In")})
        self.look()

    def look(self) -> None:
        """Twice a minute passes, the CRM is asked for what is new, and what follows happens."""
        for _ in range(2):
            self.at.forward(MINUTE)
            reconcile.poll(self.service, self.system)
            drain_all(self.service)

    def does(self, kind: str, times: int = 1, **more: Any) -> None:
        for _ in range(times):
            self.number += 1
            receive(self.service, activity(self.number, EMAIL, kind, self.at(), **more))
            self.at.forward(MINUTE)
        self.look()

    def open(self) -> list[sales_desk.Task]:
        return [task for task in sales_desk.tasks(self.sandbox) if task.open]

    def gives_back(self, task: sales_desk.Task, reason: str, note: str) -> None:
        outcome, why, body = FIELDS[self.system]
        told = {outcome: "rejected", why: reason}
        if self.system == "hubspot":
            told |= {body: f"{task.body}<p>{note}</p>", "hs_task_status": "COMPLETED"}
            self.sandbox.hubspot.set("tasks", task.id, told)
        else:
            told |= {body: f"{sales_desk.plain(task.body)}\n{note}", "Status": "Completed"}
            self.sandbox.salesforce.set("Task", task.id, told)
        self.look()

    def standing(self, *names: str) -> tuple[Any, ...]:
        known = lead(self.service, EMAIL).standing or {}
        return tuple(known[name] for name in names)

    def shown(self, name: str) -> Any:
        """What stands in the record."""
        if self.system == "hubspot":
            return self.sandbox.hubspot.values("contacts", self.record).get(f"coldframe_{name}")
        return self.sandbox.salesforce.record("Lead", self.record)[f"Coldframe_{name.title()}__c"]


@pytest.fixture
def story(portal: Service, sandbox: Sandbox, at: Watch, request: pytest.FixtureRequest) -> Story:
    return Story(portal, sandbox, at, request.param)


BOTH = pytest.mark.parametrize("story", ["hubspot", "salesforce"], indirect=True)


@BOTH
def test_a_lead_that_sales_gave_back_comes_back_after_the_hold_to_the_same_person_with_what_was_said(
    story: Story,
) -> None:
    story.does("demo_request")
    (first,) = story.open()
    assert first.system == story.system
    story.at.forward(HOUR)
    story.gives_back(first, "timing", "Their budget round is in May.")
    assert story.standing("stage", "recycle_reason", "track") == ("recycled", "timing", "renurture")
    assert (story.shown("stage"), story.shown("track")) == ("recycled", "renurture")
    assert story.open() == []
    story.at.forward(3 * DAY)
    story.look()
    sent = [each.payload["content"] for each in decided(story.service, EMAIL, "touch")]
    assert "renurture" in sent, "marketing goes on meanwhile"

    story.at.forward(7 * DAY)
    story.does("page_view", times=3, page="pricing")
    assert story.standing("stage", "band") == ("recycled", "hot"), "it does what leads to sales, and is held back"
    assert story.standing("active_again") != (None,)
    story.at.forward(21 * DAY)
    story.look()
    assert story.open() == [], "the end of the hold alone hands nobody over"

    story.does("page_view", times=3, page="pricing")
    assert story.standing("stage") == ("mql",)
    (again,) = [task for task in story.open() if "/handoff/" in task.key]
    assert again.key != first.key
    assert again.owner == first.owner, "and not whose turn it is"
    body = sales_desk.plain(again.body)
    assert "timing" in body
    assert "Their budget round is in May." in body


@BOTH
def test_who_opted_out_gets_nothing_more_until_they_subscribe_again(story: Story) -> None:
    story.does("demo_request")
    (first,) = story.open()
    story.at.forward(HOUR)
    story.gives_back(first, "timing", "Later.")
    story.does("unsubscribe")
    touches = len(decided(story.service, EMAIL, "touch"))
    for _ in range(3):
        story.at.forward(60 * DAY)
        story.does("page_view", times=3, page="pricing")
        story.does("demo_request")
    assert story.standing("stage", "opted_out") == ("suppressed", True)
    assert story.open() == []
    assert len(decided(story.service, EMAIL, "touch")) == touches

    story.at.forward(DAY)
    story.does("resubscribe")
    assert story.standing("stage") == ("recycled",), "sales had the lead before"
    assert story.open() == [], "what happened meanwhile hands nobody over"
    story.at.forward(DAY)
    story.does("demo_request")
    assert story.standing("stage") == ("mql",)
    (again,) = [task for task in story.open() if "/handoff/" in task.key or "first_call" in task.key]
    assert again.owner == first.owner
