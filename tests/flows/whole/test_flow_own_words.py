"""An own field and an own activity go all the way: CRM, score, task, explanation, preview, export and erasure."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TypeAlias

import pytest
from flows_crms import person
from flows_run import Watch, activity, history, lead, receive, with_parts

from connectors.base.credentials import Credential
from connectors.hubspot.setup.provisioner import HubSpotProvisioner
from integration.core.compiled.compiled_playbook import CompiledPlaybook
from integration.flows.history.find_explanation import explained
from integration.flows.looking.plain_values import plain_explanation
from integration.flows.looking.preview import find, preview, stored_standing
from integration.flows.privacy import erase_person, export_person
from integration.playbook.compiling.compiler import compile_text
from integration.store.schema.tables import activities, changes
from integration.store.schema.tables import leads as leads_table
from integration.wiring import build
from integration.wiring.whole_service import Service
from mappings.language.mapping_files import shipped as shipped_mapping
from mappings.values.instant import DAY, HOUR
from mappings.vocabulary.files.load_vocabulary import shipped
from mappings.vocabulary.files.parse_vocabulary import parse
from sandbox.server import Sandbox

Drain: TypeAlias = Callable[[Service], int]
ANA = "ana@acme.example"
WORDS = """
lead:
  cmmc_level: {kind: number, label: CMMC level}
activities:
  video_watched: {label: Video watched, properties: {video: text, percent: number}}
choices:
  reason: [no_authority]
"""
PLAYBOOK = """
language: 1
name: ours
fit: {groups: {level: {cmmc_level >= 3: 30}}}
engagement: {points: {watched: {points: 20, when: video_watched percent>=50}}}
bands: {hot: total >= 50, warm: total >= 20}
handoff: {gate: band = hot, play: handoff}
recycle: {no_authority: {track: nurture}, otherwise: nurture}
tracks: {nurture: {days: [1], content: letter}}
plays: {handoff: [{call: "Call {name}: level {cmmc_level}", due: 2h}]}
"""


@pytest.fixture
def ours(service: Service, credentials: Mapping[str, Credential], tmp_path: Path) -> Service:
    """The service in a company's own words, beside one HubSpot."""
    words, problems = parse(WORDS, "words.yaml", shipped())
    assert words is not None, problems
    text = shipped_mapping("hubspot").text.replace(
        "    lead:\n", "    lead:\n      cmmc_level: {from: coldframe_cmmc_level, as: number}\n", 1
    )
    (tmp_path / "hubspot.yaml").write_text(text, encoding="utf-8")
    connection = build.connect(
        "hubspot",
        credentials["hubspot"],
        str(tmp_path / "hubspot.yaml"),
        words=words,
    )
    provisioner = HubSpotProvisioner(credentials["hubspot"])
    steps = [step for step in provisioner.plan(connection.mapping) if step.carry_out is not None]
    made = {(step.action, step.what) for step in steps}
    assert made == {
        ("create", "contact.coldframe_cmmc_level"),
        ("change", "contact.coldframe_rejection_reason"),
        ("change", "contact.coldframe_recycle_reason"),
        ("change", "task.task_rejection_reason"),
    }
    assert [step.carry_out() for step in steps if step.carry_out is not None] == [None] * len(steps)
    provisioner.close()
    playbook, found = compile_text(PLAYBOOK, "ours.yaml", words)
    assert playbook is not None, found
    return with_parts(service, compiled=CompiledPlaybook.of(playbook), connections={"hubspot": connection})


@pytest.fixture
def ana(ours: Service, sandbox: Sandbox, at: Watch, drain_all: Drain) -> str:
    """Somebody with a level of their own who watched a video; answers the contact's id."""
    contact = person(sandbox, "hubspot", ANA)
    sandbox.hubspot.set("contacts", contact, {"coldframe_cmmc_level": "3"})
    at.forward(DAY)
    receive(ours, activity(1, ANA, "video_watched", at() - HOUR, video="Intro", percent="80"))
    drain_all(ours)
    return contact


def test_an_own_field_and_an_own_activity_make_an_mql_with_a_task_that_names_them(
    ours: Service, sandbox: Sandbox, ana: str
) -> None:
    row = lead(ours, ANA)
    assert (row.fields["cmmc_level"], row.total, row.stage) == (3, 50, "mql")
    [task] = [each.values for each in sandbox.hubspot.records("tasks")]
    assert task["hs_task_subject"] == "Call Ana ana: level 3"
    assert "CMMC level: 3" in str(task["hs_task_body"])
    assert "Video watched: Intro" in str(task["hs_task_body"])
    assert sandbox.hubspot.values("contacts", ana)["coldframe_fit"] in ("30", "30.0")


def test_explain_tells_of_both(ours: Service, ana: str, at: Watch) -> None:
    assert ana
    found = explained(ours.store, ours.rules.compiled, ANA, at(), ours.ownership)
    assert found is not None
    words = [entry.words for entry in found[1].ledger]
    assert any("cmmc_level >= 3" in each for each in words)
    assert any("Video watched: Intro" in each for each in words)


def test_preview_takes_an_own_field_through_mapping_and_score(ours: Service, ana: str, at: Watch) -> None:
    assert ana
    connection = ours.connections["hubspot"]
    record = find(connection, ANA)
    assert record is not None
    seen = preview(connection, ours.rules.compiled, record, at())
    assert seen.lead["cmmc_level"] == 3
    assert seen.fit == [("level", 30.0)]
    assert not seen.known
    with ours.store.read() as conn:
        stands = stored_standing(conn, connection, record)
    assert stands is not None
    seen = preview(connection, ours.rules.compiled, record, at(), stands)
    assert seen.known
    assert str(seen.writes["coldframe_score"]) == "50", "of somebody whom the service knows, what it would write"
    assert not seen.change("coldframe_score"), "and has written"


def test_export_holds_both_and_erasure_leaves_neither(ours: Service, ana: str) -> None:
    assert ana
    document = export_person.exported(ours, f"email:{ANA}", actor="test", tell=plain_explanation)
    assert document is not None
    assert any(change["fields"].get("cmmc_level") == 3 for change in document["changes"])
    [kept] = [each for each in document["activities"] if each["type"] == "video_watched"]
    assert kept["properties"] == {"video": "Intro", "percent": "80"}
    [explanation] = document["explanations"]
    assert explanation["standing"]["total"] == 50
    mine = lead(ours, ANA).id
    assert history(ours, ANA)
    erase_person.erase(ours, f"email:{ANA}", actor="test")
    with ours.store.read() as conn:
        for table, column in ((leads_table, "id"), (activities, "lead_id"), (changes, "lead_id")):
            assert conn.execute(table.select().where(table.c[column] == mine)).all() == []


def test_an_own_reason_of_sales_recycles(ours: Service, ana: str, at: Watch, drain_all: Drain) -> None:
    assert ana
    receive(ours, activity(2, ANA, "sales_rejected", at(), reason="No Authority"))
    drain_all(ours)
    standing = lead(ours, ANA).standing or {}
    assert (standing["stage"], standing["recycle_reason"], standing["track"]) == ("recycled", "no_authority", "nurture")
