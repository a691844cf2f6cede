"""Quiet hours and bursts: one message instead of many, with every alert in it, and none twice."""

from collections.abc import Iterator
from dataclasses import replace

import pytest
from flows_crms import OWNER, person
from flows_run import Watch, activity, counts, dead, drain_all, receive
from flows_sinks import CHANNEL, Sink, alert, alerting_by, receiving

from integration.alerting.slack_bot import SlackBot
from integration.flows.people_in_sales import send_alerts as lane
from integration.flows.people_in_sales.raise_alerts import raise_all
from integration.flows.people_in_sales.send_alerts import send_alerts
from integration.store.outgoing.alerts import RaisedAlert
from integration.wiring.whole_service import Service
from mappings.values.instant import HOUR, MINUTE, SECOND, parse
from sandbox.server import Sandbox

QUIET = '  quiet: {hours: "20:00-07:00", digest: "08:00", timezone: Europe/Berlin}\n'
ANA, BO = "ana@acme.example", "bo@blue.example"


@pytest.fixture(params=["slack webhook", "teams", "email", "slack bot"])
def sink(request: pytest.FixtureRequest, sandbox: Sandbox) -> Iterator[Sink]:
    with receiving(request.param, sandbox) as found:
        yield found


def quiet(service: Service, sink: Sink, more: str = "") -> Service:
    return alerting_by(service, sink.kind, sink.way, QUIET + more)


def until(service: Service, sink: Sink, at: Watch, when: str) -> None:
    """Let the lane work every ten minutes until then."""
    while at() < parse(when):
        at.forward(min(10 * MINUTE, parse(when) - at()))
        send_alerts(service, sink.way.name)


def test_what_is_raised_in_quiet_hours_is_one_message_at_the_time_of_the_digest(
    service: Service, sink: Sink, at: Watch
) -> None:
    alerting = quiet(service, sink)
    at.now = parse("2026-01-06T18:59:00Z")  # 19:59 in Berlin
    alert(alerting, 0)
    send_alerts(alerting, sink.way.name)
    assert sink.numbers() == ["0"], "the quiet hours begin at eight"
    for number in range(1, 6):
        at.forward(MINUTE)
        alert(alerting, number)
        send_alerts(alerting, sink.way.name)
    until(alerting, sink, at, "2026-01-07T06:59:00Z")
    assert sink.numbers() == ["0"]
    until(alerting, sink, at, "2026-01-07T07:00:00Z")
    assert len(sink.messages()) == 2
    assert sink.numbers() == ["0", "1", "2", "3", "4", "5"]
    until(alerting, sink, at, "2026-01-08T07:00:00Z")
    assert len(sink.messages()) == 2
    assert "5 alerts" in sink.messages()[1]


@pytest.mark.parametrize("sink", ["email"], indirect=True)
@pytest.mark.parametrize(
    ("raised", "digest"),
    [
        ("2026-03-28T22:30:00Z", "2026-03-29T06:00:00Z"),  # the night in which Berlin loses an hour
        ("2026-10-24T23:30:00Z", "2026-10-25T07:00:00Z"),  # and the one in which it gains one
        ("2026-10-25T00:30:00Z", "2026-10-25T07:00:00Z"),
    ],
)
def test_the_digest_goes_by_the_wall_clock_when_clocks_are_changed(
    service: Service, sink: Sink, at: Watch, raised: str, digest: str
) -> None:
    alerting = quiet(service, sink)
    at.now = parse(raised)
    alert(alerting, 1)
    alert(alerting, 2)
    at.now = parse(digest) - SECOND
    send_alerts(alerting, sink.way.name)
    assert sink.numbers() == []
    at.forward(SECOND)
    send_alerts(alerting, sink.way.name)
    assert (sink.numbers(), len(sink.messages())) == (["1", "2"], 1)


@pytest.mark.parametrize("sink", ["slack webhook"], indirect=True)
def test_what_is_urgent_is_sent_in_quiet_hours_too_and_a_program_is_not_quiet(
    service: Service, sink: Sink, sandbox: Sandbox, at: Watch
) -> None:
    at.now = parse("2026-01-06T22:00:00Z")
    alerting = quiet(service, sink)
    alert(alerting, 1, "signed_out")
    alert(alerting, 2)
    send_alerts(alerting, sink.way.name)
    assert sink.numbers() == ["1"]
    with receiving("webhook", sandbox) as other:
        program = quiet(service, other)
        alert(program, 3)
        send_alerts(program, other.way.name)
        assert other.numbers() == ["3"]


@pytest.mark.parametrize("sink", ["slack webhook", "email"], indirect=True)
def test_a_crash_between_the_digest_and_its_sending_loses_nothing_and_repeats_nothing(
    service: Service, sink: Sink, at: Watch, monkeypatch: pytest.MonkeyPatch
) -> None:
    alerting = quiet(service, sink)
    at.now = parse("2026-01-06T22:00:00Z")
    for number in range(4):
        alert(alerting, number)
    at.now = parse("2026-01-07T07:00:00Z")
    with monkeypatch.context() as patched:
        patched.setattr(lane, "contents", _crash)
        with pytest.raises(KeyboardInterrupt):
            send_alerts(alerting, sink.way.name)
    assert sink.messages() == []
    alert(alerting, 4)  # raised since, in no quiet hour
    for _ in range(3):
        send_alerts(alerting, sink.way.name)
        at.forward(MINUTE)
    assert len(sink.messages()) == 2
    assert sorted(sink.numbers()) == ["0", "1", "2", "3", "4"]


def breach(number: int) -> RaisedAlert:
    text = f"alert number {number} " + "ü" * 900
    return RaisedAlert(key=f"k{number}", alert="first_contact_breach", text=text, at=number, raised_at=number)


def _crash(*_: object) -> None:
    raise KeyboardInterrupt


def test_a_burst_is_a_few_messages_and_not_five_hundred(service: Service, sink: Sink, at: Watch) -> None:
    alerting = alerting_by(service, sink.kind, sink.way)
    for number in range(120):
        alert(alerting, number)
    send_alerts(alerting, sink.way.name)
    (whole,) = sink.messages()
    assert "120 alerts" in whole
    assert "120 letter waits" in whole
    assert len(set(sink.numbers())) >= 100 or "more: coldframe alerts list" in whole
    for number in range(120, 140):  # and then one after the other
        alert(alerting, number)
        send_alerts(alerting, sink.way.name)
    assert len(sink.messages()) == 10
    at.forward(MINUTE)
    send_alerts(alerting, sink.way.name)
    assert len(sink.messages()) == 11
    assert "11 alerts" in sink.messages()[-1]
    assert counts(alerting).outbox[f"alerts:{sink.way.name}", "alert", "sent"] == 142
    assert dead(alerting) == []


@pytest.mark.parametrize("sink", ["slack bot", "teams"], indirect=True)
def test_five_hundred_alerts_are_within_what_the_receiver_takes(service: Service, sink: Sink) -> None:
    alerting = alerting_by(service, sink.kind, sink.way)
    with alerting.store.write() as conn:
        raise_all(conn, alerting, [breach(number) for number in range(500)])
    send_alerts(alerting, sink.way.name)
    (whole,) = sink.messages()
    assert "500 first contact breach" in whole
    assert "more: coldframe alerts list" in whole


@pytest.mark.parametrize("sink", ["slack bot"], indirect=True)
@pytest.mark.parametrize("more", ["  personal_data: false\n", ""])
def test_without_personal_data_there_are_record_links_and_no_names(
    service: Service, sink: Sink, sandbox: Sandbox, at: Watch, more: str
) -> None:
    record = person(sandbox, "salesforce", ANA)
    alerting = alerting_by(service, sink.kind, sink.way, more)
    receive(alerting, activity(1, ANA, "demo_request", at()))
    drain_all(alerting)
    at.forward(25 * HOUR)
    drain_all(alerting)
    whole = "\n".join(sink.messages())
    assert f"/{record}|Lead in salesforce>" in whole
    assert "first contact breach" in whole
    assert ("Ana ana" in whole) is (more == "")


@pytest.mark.parametrize("sink", ["slack bot"], indirect=True)
def test_the_owner_of_the_lead_is_mentioned_where_slack_knows_them(
    service: Service, sink: Sink, sandbox: Sandbox, at: Watch
) -> None:
    owner = next(each for each in sandbox.hubspot.portal.owners if each["id"] == OWNER)
    sandbox.sinks.slack.users[owner["email"]] = "U0042"
    for number, email in enumerate((ANA, BO)):
        person(sandbox, "hubspot", email)
        alerting = alerting_by(service, sink.kind, sink.way)
        receive(alerting, activity(number, email, "demo_request", at()))
        drain_all(alerting)
        assert ("<@U0042>" in sink.messages()[-1]) is (email == ANA)
        sandbox.sinks.slack.scopes.discard("users:read.email")
        sink = replace(sink, way=SlackBot(sink.way.name, CHANNEL, "xoxb-2", api_url=f"{sandbox.url}/slack/api/"))
