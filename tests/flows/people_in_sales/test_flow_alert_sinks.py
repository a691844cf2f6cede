"""Slack, Teams, signed webhook and e-mail over their own protocols: whatever goes wrong, each alert arrives once."""

import json
import signal
from collections.abc import Iterator
from pathlib import Path

import flows_process
import pytest
from flows_run import Watch, dead
from flows_senders import programs, until
from flows_sinks import KINDS, Sink, alert, alerting_by, arrived_late, elsewhere, faulty, receiving

from integration.flows.people_in_sales.send_alerts import UNKNOWN, send_alerts
from integration.flows.upkeep.replay_letters import replay
from integration.store.crm import connection_pauses
from integration.wiring.whole_service import Service
from mappings.values.instant import MINUTE, SECOND
from sandbox.server import Sandbox

FAULTS = ("apply_then_drop", "429", "outage", "hang")
CANNOT_SAY = {"slack webhook", "teams", "email"}
"""Ways of which nobody can say what they have had."""


@pytest.fixture(params=KINDS)
def sink(request: pytest.FixtureRequest, sandbox: Sandbox) -> Iterator[Sink]:
    with receiving(request.param, sandbox) as found:
        yield found


@pytest.fixture
def alerting(service: Service, sink: Sink) -> Service:
    return alerting_by(service, sink.kind, sink.way)


def sent(service: Service, sink: Sink, at: Watch, rounds: int = 6) -> None:
    """Let the lane work, again and again, a minute apart."""
    for _ in range(rounds):
        send_alerts(service, sink.way.name)
        at.forward(MINUTE)


@pytest.mark.parametrize("fault", FAULTS)
def test_each_alert_arrives_once_whatever_the_receiver_does(
    alerting: Service, sink: Sink, at: Watch, fault: str
) -> None:
    faulty(sink, fault)
    for number in range(3):
        alert(alerting, number)
    send_alerts(alerting, sink.way.name)
    if fault == "hang":
        arrived_late(sink)
    at.forward(MINUTE)
    sent(alerting, sink, at)
    assert sorted(sink.numbers()) == ["0", "1", "2"]
    letters = [letter.reason for letter in dead(alerting)]
    if sink.kind in CANNOT_SAY and fault in {"apply_then_drop", "hang"}:
        (reason,) = letters
        assert UNKNOWN in reason, "a person is asked, since nobody can say"
    else:
        assert letters == []


def test_a_receiver_that_asks_for_a_pause_gets_it(alerting: Service, sink: Sink, at: Watch) -> None:
    faulty(sink, "429")
    alert(alerting, 0)
    assert send_alerts(alerting, sink.way.name) == 0
    at.forward(29 * SECOND)
    assert send_alerts(alerting, sink.way.name) == 0
    at.forward(31 * SECOND)
    assert send_alerts(alerting, sink.way.name) == 1
    assert sink.numbers() == ["0"]


@pytest.mark.parametrize("sink", sorted(CANNOT_SAY), indirect=True)
def test_an_alert_of_which_nobody_can_say_what_became_of_it_is_sent_again_only_if_a_person_says_so(
    alerting: Service, sink: Sink, at: Watch
) -> None:
    sink.goes_wrong("drop")
    alert(alerting, 0)
    sent(alerting, sink, at)
    assert sink.numbers() == []
    (letter,) = dead(alerting)
    replay(alerting, [letter.id], actor="test", now=at())
    sent(alerting, sink, at, 1)
    assert sink.numbers() == ["0"]
    assert dead(alerting) == []


def test_nothing_listens_there_so_nothing_is_lost_and_nobody_is_asked(alerting: Service, sink: Sink, at: Watch) -> None:
    alert(alerting, 0)
    send_alerts(alerting_by(alerting, sink.kind, elsewhere(sink.kind)), sink.way.name)
    at.forward(MINUTE)
    sent(alerting, sink, at, 1)
    assert sink.numbers() == ["0"]
    assert dead(alerting) == []


@pytest.mark.parametrize("status", [401, 403, 404])
def test_a_wrong_address_or_key_is_no_letter_and_the_lane_says_why(
    alerting: Service, sink: Sink, at: Watch, status: int
) -> None:
    if sink.system == "smtp":
        sink.sandbox.faults.add_from({"kind": "status", "system": "smtp", "method": "MAIL", "status": 530})
    elif sink.kind == "slack bot":
        sink.goes_wrong("status", status=200, code="channel_not_found")
    else:
        sink.goes_wrong("status", status=status)
    alert(alerting, 0)
    send_alerts(alerting, sink.way.name)
    with alerting.store.read() as conn:
        reason = connection_pauses.paused(conn, at())[f"alerts:{sink.way.name}"].reason
    assert "is not what" in reason
    assert "COLDFRAME_" in reason
    assert "s3cret" not in reason
    sent(alerting, sink, at, 12)
    assert sink.numbers() == ["0"]
    assert dead(alerting) == []


def test_one_alert_that_is_refused_becomes_a_letter_and_the_others_arrive(
    alerting: Service, sink: Sink, at: Watch
) -> None:
    if sink.kind == "slack bot":
        sink.goes_wrong("status", status=200, code="invalid_blocks")
    else:
        sink.goes_wrong("status", status=554 if sink.system == "smtp" else 413)
    for number in range(2):
        alert(alerting, number)
    sent(alerting, sink, at, 1)
    assert sink.numbers() == ["1"]
    assert len(dead(alerting)) == 1


def test_a_worker_that_is_killed_between_sending_and_receipt_sends_nothing_twice(
    alerting: Service, sink: Sink, at: Watch, store_url: str, tmp_path: Path
) -> None:
    for number in range(2):
        alert(alerting, number)
    wish = {
        "do": f"alerts:{sink.way.name}",
        "store": store_url,
        "sandbox": sink.sandbox.url,
        "mail": sink.mail.port,
        "kind": sink.kind,
        "at": at(),
        "lease": 1,
    }
    with programs(tmp_path) as start:
        killed = start([flows_process.__file__, json.dumps(wish)])
        assert killed.wait(30) == -signal.SIGKILL
    assert sink.numbers() == ["0"]
    at.forward(MINUTE)
    until(lambda: send_alerts(alerting, sink.way.name), "the lease of whoever was killed ends")
    sent(alerting, sink, at)
    assert sorted(sink.numbers()) == ["0", "1"]
    assert len(dead(alerting)) == (1 if sink.kind in CANNOT_SAY else 0), "a person is asked where nobody can say"
