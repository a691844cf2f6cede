"""Somebody whom no CRM knows waits for their record: what waits, for whom and since when can be seen everywhere."""

import json
from collections.abc import Callable, Iterator
from typing import TypeAlias

import pytest
import structlog
from click.testing import CliRunner
from flows_crms import SYSTEMS, managed, person, tasks
from flows_run import Watch, activity, counts, lead, receive
from structlog.testing import capture_logs

from integration.cli import main
from integration.examining import doctor_people
from integration.flows.people_in_sales.trouble import watch_for_trouble
from integration.flows.reading import reconcile
from integration.store.outgoing import alerts, people_without_records
from integration.web.metrics import Metrics
from integration.wiring import build
from integration.wiring.whole_service import Service
from mappings.values.instant import DAY, HOUR, MINUTE, show
from sandbox.server import Sandbox

Drain: TypeAlias = Callable[[Service], int]
EMAIL, READER = "silva@acme.example", "reader@blue.example"


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest) -> str:
    """Who waits is counted in both kinds of store."""
    return str(request.param)


@pytest.fixture
def command(service: Service, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., str]]:
    """Run `coldframe …` on the service of the test; what it printed. The report silences the log of its process."""
    before = structlog.get_config()
    monkeypatch.setattr(build, "service", lambda: service)
    monkeypatch.setenv("COLUMNS", "200")

    def run(*words: str) -> str:
        result = CliRunner().invoke(main, list(words), catch_exceptions=False)
        assert result.exit_code == 0, result.output
        return result.stdout

    yield run
    structlog.configure(**before)


@pytest.fixture
def asked(service: Service, at: Watch, drain_all: Drain) -> Service:
    """Somebody asks for a demo and somebody reads a page, and no CRM knows either."""
    receive(service, activity(1, EMAIL, "demo_request", at()))
    receive(service, activity(2, READER, "page_view", at(), page="blog"))
    drain_all(service)
    return service


def test_letters_waiting_names_who_waits_and_since_when(asked: Service, at: Watch, command: Callable[..., str]) -> None:
    first, second = map(json.loads, command("letters", "waiting", "--json").splitlines())
    assert (first["email"], first["tasks"]) == (EMAIL, 1)
    assert first["connections"] == ["salesforce", "hubspot"], "tasks go where sales works, touches where marketing does"
    assert (first["since"], first["lead_id"]) == (show(at()), lead(asked, EMAIL).id)
    assert (second["email"], second["tasks"]) == (READER, 0), "those with tasks come first"
    shown = command("letters", "waiting")
    assert EMAIL in shown
    assert "No CRM knows 2 people in all." in shown
    assert "2 people wait for a CRM record" in command("letters", "list")


def test_doctor_counts_them_and_is_not_content_after_an_hour(asked: Service, at: Watch) -> None:
    (found,) = doctor_people.examined(asked.store, at() + 59 * MINUTE)
    assert found.ok
    assert found.detail.startswith("2 wait with 1 tasks and ")
    assert show(at()) in found.detail
    (late,) = doctor_people.examined(asked.store, at() + HOUR)
    assert not late.ok
    assert "letters waiting" in late.remedy


def test_metrics_count_them_and_tell_the_age_of_the_oldest(asked: Service, at: Watch) -> None:
    at.forward(MINUTE)
    shown = Metrics(lambda: counts(asked), at).render().decode()
    assert 'coldframe_people_without_record{waits="task"} 1.0' in shown
    assert 'coldframe_people_without_record{waits="touch"} 1.0' in shown
    assert 'coldframe_oldest_seconds{queue="record"} 60.0' in shown


@pytest.mark.usefixtures("asked")
def test_the_shadow_report_says_who_waits(command: Callable[..., str]) -> None:
    *lines, summary = map(json.loads, command("shadow", "report", "--json").splitlines())
    assert [each["email"] for each in lines if each["kind"] == "waits for a record"] == [EMAIL, READER]
    assert summary["without_record"] == 2
    assert "People without a record" in command("shadow", "report")


@pytest.mark.parametrize("system", SYSTEMS)
def test_when_the_record_appears_everything_goes_out_and_nobody_waits(
    asked: Service, sandbox: Sandbox, at: Watch, drain_all: Drain, system: str
) -> None:
    at.forward(DAY)
    drain_all(asked)
    managed(sandbox)
    person(sandbox, system, EMAIL)
    reconcile.poll(asked, system)
    drain_all(asked)
    assert sum(tasks(sandbox, system).values()) == 2, "the handoff and its escalation"
    with asked.store.read() as conn:
        assert [each.email for each in people_without_records.waiting(conn, 10)] == [READER]
        assert people_without_records.totals(conn).tasks_since is None
        assert people_without_records.unknown(conn) == 1


def test_after_an_hour_somebody_is_told_and_again_when_others_have_waited_as_long(
    asked: Service, at: Watch, drain_all: Drain
) -> None:
    """One digest an hour at most, and none that names nobody new; readers without a task are no news to sales."""

    def told() -> list[str]:
        watch_for_trouble(asked)
        with asked.store.read() as conn:
            return [each.text for each in alerts.recent(conn, 0) if each.alert == "waits_for_record"][::-1]

    start = show(at())
    at.forward(30 * MINUTE)
    receive(asked, activity(3, "second@green.example", "demo_request", at()))
    drain_all(asked)
    assert told() == []
    at.forward(30 * MINUTE)
    with capture_logs() as logs:
        assert told() == [f"1 people wait with 1 tasks for a record in salesforce, the first since {start}"]
    assert [each["log_level"] for each in logs if each.get("alert") == "waits_for_record"] == ["warning"]
    at.forward(45 * MINUTE)
    assert len(told()) == 1, "the second has waited for an hour, and the last digest is younger than one"
    at.forward(15 * MINUTE)
    assert told()[1:] == [f"2 people wait with 2 tasks for a record in salesforce, the first since {start}"]
    at.forward(3 * DAY)
    assert len(told()) == 2, "nobody else has come to wait"
