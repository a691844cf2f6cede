"""Alerts reach people: each once, signed, by a lane of their own. Trouble that lasts gives an alert."""

from dataclasses import replace

import pytest
from flows_alerts import ANA, asked, raised
from flows_crms import person, tasks
from flows_receiver import SECRET, Receiver
from flows_run import Watch, counts, dead, drain_all, lead

from integration.alerting.signed_webhook import SignedWebhook
from integration.flows.people_in_sales.send_alerts import send_alerts
from integration.flows.upkeep.replay_letters import replay
from integration.flows.upkeep.sweep import sweep
from integration.store.crm import connection_pauses
from integration.wiring.whole_service import Service
from mappings.values.instant import HOUR, MINUTE, SECOND
from sandbox.server import Sandbox
from webhooks.signatures import standard_keys


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest) -> str:
    """Alerts are carried by both kinds of store."""
    return str(request.param)


def test_a_reminder_and_a_breach_arrive_once_signed_and_with_a_link_to_the_record(
    alerting: Service, sandbox: Sandbox, at: Watch, receiver: Receiver
) -> None:
    record = person(sandbox, "salesforce", ANA)
    asked(alerting, at, ANA)
    at.forward(21 * HOUR)
    drain_all(alerting)
    at.forward(4 * HOUR)
    for _ in range(3):
        drain_all(alerting)
        sweep(alerting)
    assert receiver.names() == ["handoff", "first_contact_reminder", "first_contact_breach"]
    assert receiver.forged == 0
    key, body = receiver.got[1]
    row = lead(alerting, ANA)
    assert key == f"{row.id}/clock/first_contact/1/reminder"
    assert body["type"] == "coldframe.alert"
    data = body["data"]
    assert data["lead"] == row.id
    assert data["because"] == ["first contact is due in 4 h"]
    assert data["records"] == [
        {
            "connection": "salesforce",
            "object": "Lead",
            "id": record,
            "url": f"https://sandbox.my.salesforce.com/{record}",
        }
    ]


def test_an_alert_whose_answer_was_lost_is_sent_again_under_the_same_key(
    alerting: Service, at: Watch, receiver: Receiver
) -> None:
    receiver.drops = 1
    raised(alerting)
    send_alerts(alerting, "webhook")
    at.forward(MINUTE)
    send_alerts(alerting, "webhook")
    assert receiver.ids() == ["test/1", "test/1"], "the receiver knows the second by its id"
    at.forward(HOUR)
    assert send_alerts(alerting, "webhook") == 0


def test_429_with_retry_after_pauses_alerts_for_as_long_and_nothing_else(
    alerting: Service, sandbox: Sandbox, at: Watch, receiver: Receiver
) -> None:
    receiver.answers = [(429, {"Retry-After": "600"})]
    raised(alerting)
    send_alerts(alerting, "webhook")
    person(sandbox, "hubspot", ANA)
    asked(alerting, at, ANA)
    assert sum(tasks(sandbox, "hubspot").values()) == 1
    at.forward(599 * SECOND)
    assert send_alerts(alerting, "webhook") == 0
    at.forward(SECOND)
    assert send_alerts(alerting, "webhook") == 1
    assert receiver.ids()[:2] == ["test/1", "test/1"]
    assert dead(alerting) == []


@pytest.mark.parametrize("status", [500, 502, 503, 504])
def test_a_receiver_that_is_away_pauses_its_lane_and_gets_everything_afterwards(
    alerting: Service, at: Watch, receiver: Receiver, status: int
) -> None:
    receiver.answers = [(status, {})] * 12
    for number in range(5):
        raised(alerting, key=f"test/{number}")
    for _ in range(12):
        send_alerts(alerting, "webhook")
        at.forward(MINUTE)
    assert len(receiver.got) == 12, "one call for each try, not one for each alert"
    send_alerts(alerting, "webhook")
    assert receiver.ids()[12:] == [f"test/{number}" for number in range(5)]
    assert dead(alerting) == []


def test_a_receiver_that_hangs_or_is_not_there_is_away(alerting: Service, at: Watch, receiver: Receiver) -> None:
    receiver.sleeps = 0.8
    raised(alerting)
    assert send_alerts(alerting, "webhook") == 0
    receiver.sleeps = 0
    at.forward(MINUTE)
    nobody = SignedWebhook("http://127.0.0.1:9/alerts", standard_keys(SECRET), timeout=(1.0, 0.5))
    assert send_alerts(replace(alerting, alert_ways={"webhook": nobody}), "webhook") == 0
    nobody.close()
    at.forward(MINUTE)
    assert send_alerts(alerting, "webhook") == 1
    assert dead(alerting) == []


@pytest.mark.parametrize("status", [301, 302, 307, 401, 403, 404, 405, 410])
def test_what_concerns_the_address_or_the_key_waits_and_is_no_letter(
    alerting: Service, at: Watch, receiver: Receiver, status: int
) -> None:
    receiver.answers = [(status, {"Location": "http://169.254.169.254/latest?secret=1"})] * 2
    raised(alerting)
    raised(alerting, key="test/2")
    send_alerts(alerting, "webhook")
    with alerting.store.read() as conn:
        pause = connection_pauses.paused(conn, at())["alerts:webhook"]
    assert f"HTTP_{status}" in pause.reason
    assert "secret=1" not in pause.reason
    assert len(receiver.got) == 1, "a redirect is not followed"
    at.forward(HOUR)
    send_alerts(alerting, "webhook")
    at.forward(HOUR)
    send_alerts(alerting, "webhook")
    assert receiver.ids()[2:] == ["test/1", "test/2"]
    assert dead(alerting) == []


@pytest.mark.parametrize("status", [400, 413, 422])
def test_one_alert_that_is_refused_becomes_a_letter_and_the_others_arrive(
    alerting: Service, at: Watch, receiver: Receiver, status: int
) -> None:
    receiver.answers = [(status, {})]
    for number in (1, 2):
        raised(alerting, key=f"test/{number}")
    send_alerts(alerting, "webhook")
    assert receiver.ids() == ["test/1", "test/2"]
    (letter,) = dead(alerting)
    assert (letter.stage, letter.source) == ("deliver", "alerts:webhook")
    assert f"HTTP_{status}" in letter.reason
    replay(alerting, [letter.id], actor="test", now=at())
    send_alerts(alerting, "webhook")
    assert receiver.ids() == ["test/1", "test/2", "test/1"]
    assert counts(alerting).outbox["alerts:webhook", "alert", "sent"] == 2


def test_a_key_that_a_header_cannot_carry_is_written_in_ascii(alerting: Service, receiver: Receiver) -> None:
    raised(alerting, key="lead/play/Große Übergabe/1\n x")
    send_alerts(alerting, "webhook")
    assert receiver.ids() == ["lead/play/Gro%C3%9Fe%20%C3%9Cbergabe/1%0A%20x"]
    assert receiver.forged == 0


def test_during_a_rotation_the_old_and_the_new_secret_sign(alerting: Service, receiver: Receiver) -> None:
    old = "whsec_" + "b2xkLXNlY3JldC1vZi10aGUtcmVjZWl2ZXItMzItYnl0ZXM="
    both = SignedWebhook(receiver.url, [*standard_keys(SECRET), *standard_keys(old)])
    rotating = replace(alerting, alert_ways={"webhook": both})
    for number, secret in enumerate((old, SECRET)):
        receiver.secret = secret
        raised(rotating, key=f"test/{number}")
        send_alerts(rotating, "webhook")
    both.close()
    assert (len(receiver.got), receiver.forged) == (2, 0)
