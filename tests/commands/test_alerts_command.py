"""`coldframe alerts`: a test message says what came back; the list says what was raised and where it went."""

import json
from collections.abc import Iterator
from dataclasses import replace

import pytest
from click.testing import CliRunner, Result
from flows_run import Watch
from flows_sinks import Sink, alert, alerting_by, elsewhere, receiving

from integration.cli import main
from integration.flows.people_in_sales.send_alerts import send_alerts
from integration.settings.environment import load
from integration.wiring import build, clock
from integration.wiring.whole_service import Service
from sandbox.server import Sandbox


def coldframe(*words: str) -> Result:
    return CliRunner().invoke(main, words, catch_exceptions=False)


@pytest.fixture
def sink(sandbox: Sandbox) -> Iterator[Sink]:
    with receiving("slack webhook", sandbox) as found:
        yield found


@pytest.fixture
def alerting(service: Service, sink: Sink, at: Watch, monkeypatch: pytest.MonkeyPatch) -> Service:
    made = alerting_by(service, sink.kind, sink.way, "  handoff: [{slack: ops}, {task: manager}]\n  letter_waits: []\n")
    channels = {"COLDFRAME_SLACK_CHANNELS": f"ops={sink.sandbox.url}/slack/services/ops/s3cret"}
    settings = load({"COLDFRAME_SECRET_KEY": "k" * 32} | channels)
    monkeypatch.setattr(build, "service", lambda: made)
    monkeypatch.setattr(build, "settings", lambda: settings)
    monkeypatch.setattr(clock, "now", at)
    return made


@pytest.mark.parametrize("name", ["ops", "slack:ops", "slack: ops", "default", "signed_out"])
def test_a_test_message_arrives_and_the_command_says_so(alerting: Service, sink: Sink, name: str) -> None:
    del alerting
    found = coldframe("alerts", "test", name)
    assert (found.exit_code, found.output) == (0, "slack: ops: the receiver has taken the test message\n")
    (message,) = sink.messages()
    assert message.startswith("*test*\nThis is a test of Coldframe's alerts")


def test_what_came_back_is_said_in_a_sentence_and_in_json(
    alerting: Service, sink: Sink, monkeypatch: pytest.MonkeyPatch
) -> None:
    sink.goes_wrong("status", status=404)
    found = coldframe("alerts", "test", "ops")
    assert found.exit_code == 1
    assert "it has not arrived (HTTP_404: COLDFRAME_SLACK_CHANNELS is not what the receiver expects)" in found.output
    sink.goes_wrong("drop")
    (told,) = json.loads(coldframe("alerts", "test", "ops", "--json").output)
    assert (told["channel"], told["arrived"], told["code"]) == ("slack: ops", False, "NO_REPLY")
    assert "may or may not have arrived" in told["said"]
    away = replace(alerting, alert_ways={sink.way.name: elsewhere(sink.kind)})
    monkeypatch.setattr(build, "service", lambda: away)
    assert "it has not arrived (NO_REPLY" in coldframe("alerts", "test", "ops").output
    unnamed = replace(alerting, alert_ways={})
    monkeypatch.setattr(build, "service", lambda: unnamed)
    assert "the settings name no such channel" in coldframe("alerts", "test", "ops").output


def test_an_alert_that_is_a_task_says_how_to_try_that(alerting: Service) -> None:
    del alerting
    found = coldframe("alerts", "test", "handoff")
    assert found.exit_code == 0
    assert "task: manager: no test makes a task: coldframe routing test RECORD --role manager" in found.output


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("opps", "no channel and no alert is called 'opps' (did you mean 'ops'?)"),
        ("hanoff", "(did you mean 'handoff'?)"),
        ("letter_waits", "letter_waits goes nowhere"),
    ],
)
def test_a_name_that_nobody_knows_is_refused_with_the_nearest(alerting: Service, name: str, said: str) -> None:
    del alerting
    found = coldframe("alerts", "test", name)
    assert found.exit_code == 1
    assert said in found.output


def test_the_list_says_what_was_raised_and_where_it_went(alerting: Service, sink: Sink) -> None:
    assert coldframe("alerts", "list").output == "No alert was raised.\n"
    alert(alerting, 1, "signed_out", remedy="coldframe connect")
    alert(alerting, 2)
    send_alerts(alerting, sink.way.name)
    alert(alerting, 3, "drift")
    rows = {each["text"]: each for each in json.loads(coldframe("alerts", "list", "--json").output)}
    assert {text: each["ways"] for text, each in rows.items()} == {
        "alert number 1": {"slack:ops": "sent"},
        "alert number 2": {},
        "alert number 3": {"slack:ops": "waits"},
    }
    assert rows["alert number 1"]["remedy"] == "coldframe connect"
    shown = coldframe("alerts", "list", "--since", "7d").output
    assert "nowhere" in shown
    assert "slack:ops: sent" in shown
