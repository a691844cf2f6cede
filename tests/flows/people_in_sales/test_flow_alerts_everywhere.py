"""Everything that somebody should know of arrives where routing.yaml says, and doctor names what cannot."""

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner
from flows_alerts import ANA, asked
from flows_crms import person
from flows_roles import people
from flows_run import Watch, activity, drain_all, receive
from flows_sinks import Sink, alert, alerting_by, receiving, routing

from integration.cli import main
from integration.flows.people_in_sales.send_alerts import send_alerts
from integration.flows.people_in_sales.trouble import watch_for_trouble
from integration.flows.upkeep import drift
from integration.flows.upkeep.sweep import sweep
from integration.store.crm import connection_pauses
from integration.store.queues import dead_letters
from integration.wiring.whole_service import Service
from mappings.values.instant import DAY, HOUR
from sandbox.server import Sandbox


@pytest.fixture
def sink(sandbox: Sandbox) -> Iterator[Sink]:
    with receiving("slack webhook", sandbox) as found:
        yield found


@pytest.fixture
def alerting(service: Service, sink: Sink) -> Service:
    return alerting_by(service, sink.kind, sink.way)


def titles(sink: Sink) -> set[str]:
    return {text.splitlines()[0].strip("*") for text in sink.messages()}


def test_all_that_goes_wrong_with_a_lead_reaches_somebody(
    alerting: Service, sandbox: Sandbox, sink: Sink, at: Watch
) -> None:
    record = person(sandbox, "salesforce", ANA)
    sandbox.salesforce.set("Lead", record, {"OwnerId": people(sandbox)["Petra"]})  # whom nobody manages
    asked(alerting, at, ANA)
    for hours in (21, 4):
        at.forward(hours * HOUR)
        for _ in range(3):
            drain_all(alerting)
    receive(alerting, activity(9, ANA, "sales_rejected", at()))
    drain_all(alerting)
    assert titles(sink) == {
        "handoff",
        "first contact reminder",
        "first contact breach",
        "nobody available",
        "no manager",
        "rejection without reason",
    }


def test_all_that_goes_wrong_with_the_service_reaches_somebody(
    alerting: Service, sandbox: Sandbox, sink: Sink, at: Watch
) -> None:
    drift.watch(alerting)
    sandbox.hubspot.portal.remove_property("contacts", "coldframe_score")
    letter = dead_letters.Letter(stage="deliver", source="hubspot", ref="1", payload=b"{}", reason="no", at=at())
    with alerting.store.write() as conn:
        connection_pauses.stop(conn, "salesforce", "paused by an operator", now=at())
        connection_pauses.sign_out(conn, "hubspot", "invalid_grant", now=at())
        dead_letters.add(conn, [letter])
    drift.watch(alerting)
    asked(alerting, at, "nobody@nowhere.example")
    at.forward(DAY)
    for _ in range(3):
        watch_for_trouble(alerting)
        send_alerts(alerting, sink.way.name)
    wanted = {"drift", "connection paused", "signed out", "letter waits"}
    assert wanted <= titles(sink)
    assert len(sink.messages()) == len(set(sink.messages())), "each once"


def test_a_channel_that_the_settings_have_lost_keeps_its_alerts_and_stops_no_other(
    alerting: Service, sandbox: Sandbox, sink: Sink, at: Watch
) -> None:
    both = replace(alerting, routing=routing(alerting, "alerts: {default: [{slack: ops}, {teams: lost}]}"))
    alert(both, 1)
    sweep(both)
    send_alerts(both, sink.way.name)
    assert sink.numbers() == ["1"]
    at.forward(HOUR)
    with receiving("teams", sandbox) as found:
        back = replace(both, alert_ways={"teams:lost": replace_name(found.way)})
        send_alerts(back, "teams:lost")
        assert found.numbers() == ["1"]


def replace_name(way: object) -> object:
    way.name = "teams:lost"  # type: ignore[attr-defined] # a test's own
    return way


def test_doctor_names_a_channel_that_the_settings_do_not_know(store_url: str, tmp_path: Path, service: Service) -> None:
    del service
    file = tmp_path / "routing.yaml"
    file.write_text("alerts: {default: [{slack: ops}]}\n")
    environment = {"COLDFRAME_SECRET_KEY": "k" * 32, "DATABASE_URL": store_url}

    def lines(**more: str) -> list[dict[str, str]]:
        found = CliRunner().invoke(main, ["doctor", "--json"], env=environment | more)
        return [line for line in map(json.loads, found.output.splitlines()) if "alerts" in line["subject"]]

    (nowhere,) = lines()
    assert "Name a channel" in nowhere["remedy"]
    (unused,) = lines(COLDFRAME_SLACK_CHANNELS="ops=https://hooks.slack.example/services/1")
    assert "nothing goes there" in unused["remedy"]
    given = {"COLDFRAME_ROUTING": str(file), "COLDFRAME_SLACK_CHANNELS": "ops=https://hooks.slack.example/services/1"}
    (fine,) = lines(**given)
    assert fine["remedy"] == ""
