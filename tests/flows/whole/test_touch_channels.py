"""Touches by other channels than e-mail, through the service into both CRMs [five-tracks: channels]."""

from collections.abc import Callable
from typing import Any, TypeAlias

import pytest
from flows_crms import SYSTEMS, person
from flows_playbook_changes import edited
from flows_run import Watch, activity, dead, lead, receive, with_parts

from integration.commands.replaying.replay_shown import effect_line, effects_table
from integration.core.compiled.compiled_playbook import CompiledPlaybook
from integration.core.model.effects import TouchDue
from integration.flows.history.find_explanation import explained
from integration.flows.looking import compare_with_crm
from integration.flows.looking.compare_with_crm import Task
from integration.wiring import write_guard
from integration.wiring.whole_service import Service
from mappings.values.identifiers import LeadId
from mappings.values.instant import DAY
from sandbox.server import Sandbox

Drain: TypeAlias = Callable[[Service], int]

EMAIL = "ana@acme.example"
BY_CHANNEL = edited(
    ("takeaways: ", "takeaways: {channel: retargeting} # "),
    ("adjacent_problems: ", "adjacent_problems: {about: A word on their talk, channel: linkedin, due: 48h} # "),
    name="two-axis",
)
FIELDS = {
    "hubspot": ("coldframe_touch", "coldframe_touch_channel"),
    "salesforce": ("Coldframe_Touch__c", "Coldframe_Touch_Channel__c"),
}


def values(sandbox: Sandbox, system: str, record: str) -> Any:
    return (
        sandbox.hubspot.values("contacts", record) if system == "hubspot" else sandbox.salesforce.record("Lead", record)
    )


def subjects(sandbox: Sandbox, system: str) -> list[str]:
    if system == "hubspot":
        return [str(each.values["hs_task_subject"]) for each in sandbox.hubspot.records("tasks")]
    return [str(each["Subject"]) for each in sandbox.salesforce.records("Task")]


def on_drip(service: Service, sandbox: Sandbox, at: Watch, system: str) -> str:
    """Somebody whose source puts them on the track `drip`."""
    record = person(sandbox, system, EMAIL)
    if system == "hubspot":
        sandbox.hubspot.set("contacts", record, {"lead_source": "educational_download"})
    else:
        sandbox.salesforce.set("Lead", record, {"LeadSource": "Educational Download"})
    at.forward(DAY)
    receive(service, activity("first", EMAIL, "form_submit", at(), form="Guide"))
    return record


@pytest.mark.parametrize("system", SYSTEMS)
def test_retargeting_is_named_on_the_record_and_linkedin_is_a_task_for_a_person(
    service: Service, sandbox: Sandbox, at: Watch, drain_all: Drain, system: str
) -> None:
    ours = with_parts(service, compiled=CompiledPlaybook.of(BY_CHANNEL))
    record = on_drip(ours, sandbox, at, system)
    drain_all(ours)
    assert [values(sandbox, system, record).get(name) for name in FIELDS[system]] == ["takeaways", "retargeting"]
    for _ in range(5):
        at.forward(DAY)
        drain_all(ours)
    assert any(
        each.startswith("LinkedIn for Ana ana") and "A word on their talk" in each for each in subjects(sandbox, system)
    )
    found = explained(ours.store, ours.rules.compiled, EMAIL, at(), ours.ownership)
    assert found is not None
    assert "touch takeaways (retargeting)" in [each.words for each in found[1].done]
    assert dead(ours) == []


@pytest.mark.parametrize("system", SYSTEMS)
def test_without_a_channel_in_the_playbook_no_channel_is_written(
    service: Service, sandbox: Sandbox, at: Watch, drain_all: Drain, system: str
) -> None:
    record = on_drip(service, sandbox, at, system)
    drain_all(service)
    assert [values(sandbox, system, record).get(name) for name in FIELDS[system]] == ["takeaways", None]
    assert lead(service, EMAIL).fields["email"] == EMAIL


def test_the_shadow_report_says_by_which_channel_a_touch_would_go(
    service: Service, sandbox: Sandbox, at: Watch, drain_all: Drain
) -> None:
    shadowed = {name: write_guard.shadowed(each) for name, each in service.connections.items()}
    ours = with_parts(service, compiled=CompiledPlaybook.of(BY_CHANNEL), connections=shadowed, shadow=True)
    on_drip(ours, sandbox, at, "hubspot")
    drain_all(ours)
    items = [each for some in compare_with_crm.pending(ours) for each in some]
    assert [each.subject for each in items if isinstance(each, Task) and each.kind == "touch"] == [
        "takeaways (retargeting)"
    ]


def test_a_replay_shows_the_channel_of_each_touch() -> None:
    touch = TouchDue(key="k", lead=LeadId("ana"), at=0, track="drip", step=1, content="ads", channel="retargeting")
    assert b'"content":"ads","channel":"retargeting"' in effect_line(touch)
    (shown,) = effects_table([effect_line(touch)]).columns[3].cells
    assert shown == "ads by retargeting (drip 1)"


@pytest.mark.parametrize("system", SYSTEMS)
def test_the_first_unseen_of_several_contents_is_named_on_the_record(
    service: Service, sandbox: Sandbox, at: Watch, drain_all: Drain, system: str
) -> None:
    unseen = edited(
        ("  adjacent_problems: ", "  adjacent_problems: {first_unseen: [acme, globex]} # "),
        ("contents:\n", "contents:\n  acme: {about: A, asset: https://example.com/x/acme}\n  globex: G\n"),
        name="two-axis",
    )
    ours = with_parts(service, compiled=CompiledPlaybook.of(unseen))
    record = on_drip(ours, sandbox, at, system)
    receive(ours, activity("seen", EMAIL, "page_view", at(), url="https://www.example.com/x/acme/?x=1"))
    for _ in range(4):
        drain_all(ours)
        at.forward(DAY)
    assert [values(sandbox, system, record).get(name) for name in FIELDS[system]] == ["globex", None]
