"""`explain` on the service's store: one lead by any of its names, at any time, and what is no longer justified."""

from collections.abc import Callable
from dataclasses import replace
from typing import TypeAlias

import pytest
from click.testing import CliRunner
from flows_crms import person
from flows_run import Watch, activity, decided, lead, receive
from sqlalchemy import text

from integration.cli import main
from integration.flows.deciding.advance import advance
from integration.flows.delivering.deliver import deliver
from integration.flows.history.find_explanation import explained
from integration.flows.intake.ingest import ingest
from integration.flows.reading.refresh import read_records
from integration.playbook.explaining.explanation import Explanation
from integration.store.people import leads
from integration.store.people.leads import NewLead
from integration.store.people.record_references import Reference
from integration.wiring import build
from integration.wiring.whole_service import Service
from mappings.values.identifiers import ConnectionName, ExternalId, LeadId
from mappings.values.instant import DAY, HOUR, MINUTE, Instant
from sandbox.server import Sandbox

Drain: TypeAlias = Callable[[Service], int]
EMAIL = "ana@acme.example"


def told(service: Service, name: str, at: Instant) -> Explanation:
    found = explained(service.store, service.rules.compiled, name, at)
    assert found is not None
    return found[1]


@pytest.fixture
def hot(service: Service, sandbox: Sandbox, at: Watch, drain_all: Drain) -> str:
    """A lead that became an MQL; answers its contact's id in HubSpot."""
    record = person(sandbox, "hubspot", EMAIL)
    at.forward(DAY)
    deeds = [
        activity(1, EMAIL, "page_view", at() - 3 * HOUR, page="pricing"),
        activity(2, EMAIL, "page_view", at() - 2 * HOUR, page="case_study"),
        activity(3, EMAIL, "content_download", at() - HOUR, asset="Guide", asset_type="educational"),
        activity(4, EMAIL, "page_view", at() - MINUTE, page="case_study"),
    ]
    receive(service, *deeds)
    drain_all(service)
    return record


def test_explain_derives_what_the_service_stored(service: Service, hot: str, at: Watch) -> None:
    row = lead(service, EMAIL)
    explanation = told(service, EMAIL, at())
    where = explanation.standing
    assert hot
    assert (where.total, where.band, where.stage) == (row.total, row.band, row.stage) == (80, "hot", "mql")
    assert {each.key for each in explanation.done if each.kind == "task"} == {
        effect.key for effect in decided(service, EMAIL, "task")
    }
    assert explanation.unjustified == ()
    assert "mql since" in explanation.stage[-1]


def test_explain_knows_a_lead_by_id_by_email_in_any_case_and_by_crm_record(
    service: Service, hot: str, at: Watch
) -> None:
    row = lead(service, EMAIL)
    names = (row.id, EMAIL.upper(), f"hubspot:contact:{hot}")
    assert {told(service, name, at()).lead for name in names} == {row.id}
    assert explained(service.store, service.rules.compiled, "nobody@acme.example", at()) is None
    assert explained(service.store, service.rules.compiled, "hubspot:contact:1", at()) is None


def test_explain_of_an_earlier_time_knows_nothing_of_what_came_later(service: Service, hot: str, at: Watch) -> None:
    assert hot
    before = told(service, EMAIL, at() - 2 * HOUR - MINUTE)
    assert (before.standing.engagement, before.standing.stage) == (15, "inquiry")
    assert before.outlook.band == "hot"
    assert [gap.points for gap in before.outlook.missing] == [15_000]


def test_explain_says_what_was_done_and_is_no_longer_justified(
    service: Service, hot: str, at: Watch, drain_all: Drain
) -> None:
    """The person turns out to have unsubscribed before the task: it stays, and the ledger says so."""
    assert hot
    done = {effect.key for effect in decided(service, EMAIL, "task")}
    receive(service, activity(5, EMAIL, "unsubscribe", at() - 4 * HOUR))
    drain_all(service)
    explanation = told(service, EMAIL, at())
    assert done
    assert done <= {each.key for each in explanation.unjustified}
    assert not [each for each in explanation.done if each.kind == "task"]
    assert all(each.words and each.because for each in explanation.unjustified)
    entries = [(each.payload["after"], each.withheld) for each in decided(service, EMAIL, "stage")]
    assert sorted(entries) == [("mql", "superseded"), ("suppressed", None)], "one stage at a time is on record"
    assert [each.fate[:10] for each in explanation.unjustified if each.kind == "stage"] == ["superseded"]


def test_explain_the_clock_that_runs_is_named(service: Service, hot: str, at: Watch) -> None:
    assert hot
    (clock,) = told(service, EMAIL, at()).clocks
    assert clock.startswith("first contact: is due ")
    late = told(service, EMAIL, at() + 2 * DAY)
    assert late.clocks[0].endswith("and is still running")


def test_explain_finds_a_record_by_its_id_alone(service: Service, hot: str, at: Watch) -> None:
    found = explained(service.store, service.rules.compiled, hot, at(), connections=service.connections)
    assert found is not None
    assert found[0].email == EMAIL


def test_an_id_that_several_peoples_records_have_names_nobody(service: Service, hot: str, at: Watch) -> None:
    with service.store.write() as conn:
        leads.add(conn, [NewLead(id=LeadId("bo"), email="bo@acme.example", fields={}, created_at=at())])
        other = Reference(
            connection=ConnectionName("emea"), object="contact", external_id=ExternalId(hot), lead_id=LeadId("bo")
        )
        leads.link(conn, [other])
    emea = replace(service.connections[ConnectionName("hubspot")], name=ConnectionName("emea"))
    connections = {**service.connections, ConnectionName("emea"): emea}
    with pytest.raises(ValueError, match=f"emea:contact:{hot} or hubspot:contact:{hot}"):
        explained(service.store, service.rules.compiled, hot, at(), connections=connections)


def test_explain_tells_what_became_of_each_effect(service: Service, sandbox: Sandbox, at: Watch) -> None:
    """A demo of the last year is history, one of today waits, and then is carried out."""
    person(sandbox, "hubspot", EMAIL)
    receive(service, activity(1, EMAIL, "demo_request", at()))
    ingest(service)
    read_records(service, "hubspot")
    advance(service)
    (task,) = [each for each in told(service, EMAIL, at()).done if each.kind == "task"]
    assert task.fate == "waiting to be carried out"
    assert task.words.startswith("task for ")
    deliver(service, "hubspot")
    (task,) = [each for each in told(service, EMAIL, at()).done if each.kind == "task"]
    assert task.fate == "carried out"
    with service.store.write() as conn:
        conn.execute(text("UPDATE effects SET withheld = 'history' WHERE key = :key"), {"key": task.key})
    (task,) = [each for each in told(service, EMAIL, at()).done if each.kind == "task"]
    assert task.words.endswith("(not carried out: history)")


def test_explain_never_tells_of_a_task_that_was_not_made(service: Service, hot: str, at: Watch) -> None:
    assert hot
    with service.store.write() as conn:
        conn.execute(text("DELETE FROM effects WHERE kind = 'task'"))
    explanation = told(service, EMAIL, at())
    assert [each for each in (*explanation.done, *explanation.unjustified) if each.kind == "task"] == []


def test_whose_history_cannot_be_folded_is_told_so_in_a_line(
    service: Service, hot: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert hot
    with service.store.write() as conn:
        sql = "UPDATE activities SET at = -62135596800000001, type = 'demo_request' WHERE key LIKE '%a4'"
        conn.execute(text(sql))
    monkeypatch.setattr(build, "service", lambda: service)
    result = CliRunner().invoke(main, ["explain", EMAIL])
    assert result.exit_code == 1
    assert "event activities:a4 cannot be processed" in result.output
    assert "Traceback" not in result.output
