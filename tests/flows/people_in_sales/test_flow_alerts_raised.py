"""What alerts are raised about, whom they reach, and where they are seen beside."""

import json

import pytest
from click.testing import CliRunner
from flows_alerts import ANA, BO, NAMES, Drain, asked, raised
from flows_crms import managed, person
from flows_receiver import SECRET, Receiver
from flows_run import Watch, activity, counts, drain_all, lead, receive, with_parts
from structlog.testing import capture_logs

from integration.cli import main
from integration.flows.deciding.advance import advance
from integration.flows.people_in_sales.send_alerts import send_alerts
from integration.flows.people_in_sales.trouble import watch_for_trouble
from integration.flows.privacy import erase_person, export_person
from integration.flows.upkeep.sweep import sweep
from integration.store.crm import connection_pauses
from integration.store.db.session import Store
from integration.store.outgoing import alerts
from integration.store.queues import dead_letters
from integration.wiring import write_guard
from integration.wiring.whole_service import Service
from mappings.values import person_names
from mappings.values.instant import DAY, HOUR, MINUTE
from sandbox.server import Sandbox


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest) -> str:
    """Alerts are carried by both kinds of store."""
    return str(request.param)


def test_history_and_shadow_send_nothing(
    alerting: Service, sandbox: Sandbox, at: Watch, receiver: Receiver, drain_all: Drain
) -> None:
    shady = with_parts(
        alerting,
        connections={name: write_guard.shadowed(each) for name, each in alerting.connections.items()},
        shadow=True,
    )
    person(sandbox, "salesforce", ANA)
    asked(shady, at, ANA)
    at.forward(25 * HOUR)
    drain_all(shady)
    sweep(shady)
    assert receiver.got == []
    assert counts(shady).outbox["alerts:webhook", "alert", "new"] == 3
    at.forward(12 * HOUR)
    drain_all(shady)
    at.forward(20 * HOUR)
    person(sandbox, "salesforce", BO)
    receive(alerting, activity(2, BO, "demo_request", at()))
    drain_all(alerting)
    assert {body["data"]["lead"] for _, body in receiver.got} == {lead(alerting, BO).id}
    assert counts(alerting).outbox["alerts:webhook", "alert", "lapsed"] == 3, "raised in shadow, more than a day ago"


def test_where_no_receiver_is_set_alerts_are_in_the_log_and_in_doctor_and_are_not_sent_later(
    service: Service, alerting: Service, sandbox: Sandbox, at: Watch, receiver: Receiver
) -> None:
    managed(sandbox)
    person(sandbox, "hubspot", ANA)
    asked(service, at, ANA)
    at.forward(25 * HOUR)
    with capture_logs() as logged:
        advance(service)
    told = [each for each in logged if each["event"] == "alert"]
    assert [(each["alert"], each["log_level"]) for each in told] == [
        ("first_contact_reminder", "warning"),
        ("first_contact_breach", "warning"),
    ]
    assert "Ana" not in str(told), "the log names no person"
    with service.store.read() as conn:
        assert {each.alert for each in alerts.recent(conn, 0)} == NAMES
    drain_all(alerting)
    assert receiver.got == []


def test_raising_again_raises_nothing(alerting: Service, receiver: Receiver) -> None:
    assert [raised(alerting) for _ in range(3)] == [True, False, False]
    for _ in range(3):
        send_alerts(alerting, "webhook")
    assert receiver.ids() == ["test/1"]


def test_doctor_tells_of_alerts_of_the_last_day_and_of_those_that_did_not_arrive(
    alerting: Service, store_url: str, at: Watch, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    receiver.answers = [(400, {}), (404, {})]
    monkeypatch.setattr("integration.wiring.clock.now", at)
    for number in (1, 2):
        raised(alerting, key=f"test/{number}")
    send_alerts(alerting, "webhook")
    environment = {
        "COLDFRAME_SECRET_KEY": "k" * 32,
        "DATABASE_URL": store_url,
        "COLDFRAME_ALERT_URL": receiver.url,
        "COLDFRAME_ALERT_SECRET": SECRET,
    }
    found = CliRunner().invoke(main, ["doctor", "--json"], env=environment)
    told = {line["subject"]: line for line in map(json.loads, found.output.splitlines()) if "alerts" in line["subject"]}
    lines = [line for line in map(json.loads, found.output.splitlines()) if line["subject"] == "alerts: webhook"]
    assert "2 test in the last day" in told["alerts"]["detail"]
    assert [line["ok"] for line in lines] == [False, False]
    assert ["refused by the receiver" in line["detail"] for line in lines] == [True, False]
    assert "HTTP_404" in lines[1]["detail"]


def test_a_connection_that_is_paused_for_an_hour_is_told_once_for_each_pause(
    alerting: Service, at: Watch, receiver: Receiver
) -> None:
    def pause() -> None:
        with alerting.store.write() as conn:
            connection_pauses.pause(conn, "hubspot", at() + MINUTE, "503 away", now=at())

    for _ in range(75):
        pause()
        at.forward(MINUTE)
        watch_for_trouble(alerting)
    send_alerts(alerting, "webhook")
    assert receiver.names() == ["connection_paused"]
    assert "503 away" in receiver.got[0][1]["data"]["text"]
    with alerting.store.write() as conn:
        connection_pauses.worked(conn, "hubspot", at())
    at.forward(DAY)
    assert watch_for_trouble(alerting) == 0
    pause()
    assert watch_for_trouble(alerting) == 0, "a new pause is not an hour old"


def test_somebody_who_pauses_and_forgets_is_told_and_a_sign_out_is_told_at_once(
    alerting: Service, at: Watch, receiver: Receiver
) -> None:
    with alerting.store.write() as conn:
        connection_pauses.stop(conn, "salesforce", "paused by an operator", now=at())
        connection_pauses.sign_out(conn, "hubspot", "invalid_grant", now=at())
    watch_for_trouble(alerting)
    send_alerts(alerting, "webhook")
    assert receiver.names() == ["signed_out"]
    at.forward(HOUR)
    watch_for_trouble(alerting)
    send_alerts(alerting, "webhook")
    assert receiver.names() == ["signed_out", "connection_paused"]


def test_letters_that_wait_for_a_day_are_told_once_for_each_source(
    alerting: Service, at: Watch, receiver: Receiver
) -> None:
    def lay(source: str) -> None:
        letter = dead_letters.Letter(stage="deliver", source=source, ref="1", payload=b"{}", reason="no", at=at())
        with alerting.store.write() as conn:
            dead_letters.add(conn, [letter])

    for source in ("hubspot", "hubspot", "salesforce"):
        lay(source)
    assert watch_for_trouble(alerting) == 0
    at.forward(DAY)
    lay("hubspot")
    for _ in range(3):
        watch_for_trouble(alerting)
        at.forward(MINUTE)
    send_alerts(alerting, "webhook")
    assert [body["data"]["text"].partition(" could")[0] for _, body in receiver.got] == [
        "2 of deliver hubspot",
        "1 of deliver salesforce",
    ]


def test_a_task_that_waits_an_hour_for_its_persons_record_is_told(
    alerting: Service, at: Watch, receiver: Receiver
) -> None:
    asked(alerting, at, "nobody@nowhere.example")
    at.forward(MINUTE)
    drain_all(alerting)
    assert watch_for_trouble(alerting) == 0
    at.forward(HOUR)
    for _ in range(2):
        watch_for_trouble(alerting)
    send_alerts(alerting, "webhook")
    assert receiver.names() == ["handoff", "waits_for_record"]
    assert "nobody@nowhere" not in json.dumps(receiver.got[1][1])


def test_alerts_about_somebody_are_exported_and_erased_with_them(
    alerting: Service, sandbox: Sandbox, at: Watch, receiver: Receiver, store: Store
) -> None:
    managed(sandbox)
    person(sandbox, "hubspot", ANA)
    asked(alerting, at, ANA)
    receiver.answers = [(503, {})] * 9
    at.forward(25 * HOUR)
    drain_all(alerting)
    document = export_person.exported(alerting, person_names.of_email(ANA), actor="test", tell=lambda _: None)
    assert document is not None
    assert {each["alert"] for each in document["alerts"]} == NAMES
    erase_person.erase(alerting, person_names.of_email(ANA), actor="test")
    with store.read() as conn:
        assert alerts.recent(conn, 0) == []
        assert alerts.undelivered(conn) == {}
