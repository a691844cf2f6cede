"""Safe by default: a new installation writes nothing until `coldframe live`, and every process follows at once."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeAlias

import pytest
from click.testing import CliRunner, Result
from flows_crms import person, tasks, writes
from flows_run import Watch, activity, counts, decided, lead, receive, with_parts

from connectors.base.port import FieldWrite
from integration.cli import main
from integration.commands.operate import live as command
from integration.flows.base import write_access
from integration.flows.going_live import hot_leads
from integration.flows.going_live.go_live import Limits, back_to_shadow, go_live
from integration.processes.local_stack import written_or_not
from integration.settings.environment import load
from integration.store.audit import audit_trail
from integration.store.progress import write_permission
from integration.web.app import INTAKE, create_app
from integration.wiring import build, write_guard
from integration.wiring.whole_service import Service
from mappings.values.instant import DAY, HOUR, MINUTE
from sandbox.server import Sandbox

Drain: TypeAlias = Callable[[Service], int]
Run: TypeAlias = Callable[..., Result]
EMAIL = "ana@acme.example"
GIVEN = {
    "COLDFRAME_SECRET_KEY": "k" * 32,
    "SALESFORCE_ACCESS_TOKEN": "s",
    "SALESFORCE_INSTANCE_URL": "https://acme.my.salesforce.com",
}


@pytest.fixture
def fresh(service: Service) -> Service:
    """The service as it is installed: nobody has gone live."""
    with service.store.write() as conn:
        write_permission.take_back(conn)
    return service


@pytest.fixture
def run(fresh: Service, monkeypatch: pytest.MonkeyPatch) -> Run:
    """`run("live", "--yes")`: a command on the fresh service, in a script; `input=` answers in a terminal."""
    monkeypatch.setattr(build, "service", lambda: fresh)

    def invoke(*words: str, answers: str | None = None) -> Result:
        monkeypatch.setattr(command, "_terminal", lambda: answers is not None)
        return CliRunner().invoke(main, list(words), input=answers, catch_exceptions=False)

    return invoke


def handoffs(sandbox: Sandbox) -> list[str]:
    return [key for key in tasks(sandbox, "salesforce") if "/handoff/" in key]


def asks(service: Service, sandbox: Sandbox, name: str, at: Watch) -> None:
    """Somebody whom Salesforce knows asks for a demo now."""
    person(sandbox, "salesforce", f"{name}@{name}.example")
    receive(service, activity(name, f"{name}@{name}.example", "demo_request", at()))


@pytest.mark.parametrize("database", ["sqlite", "postgresql"])
def test_a_new_installation_writes_nothing_until_it_goes_live_and_then_at_once(
    fresh: Service, sandbox: Sandbox, at: Watch, drain_all: Drain
) -> None:
    asks(fresh, sandbox, "ana", at)
    for _ in range(2):
        at.forward(HOUR)
        drain_all(fresh)
    assert lead(fresh, "ana@ana.example").stage == "mql"
    assert writes(sandbox) == []
    go_live(fresh)
    drain_all(fresh)
    assert len(handoffs(sandbox)) == 1
    assert back_to_shadow(fresh)
    before = len(writes(sandbox))
    asks(fresh, sandbox, "bo", at)
    drain_all(fresh)
    assert len(writes(sandbox)) == before
    assert not back_to_shadow(fresh), "it is in shadow mode already"


def test_a_service_that_goes_live_before_its_first_decision_has_no_history_by_that(
    fresh: Service, sandbox: Sandbox, at: Watch, drain_all: Drain
) -> None:
    go_live(fresh)
    at.forward(-21 * DAY)  # as the demo does, whose story begins three weeks ago
    asks(fresh, sandbox, "ana", at)
    drain_all(fresh)
    assert len(handoffs(sandbox)) == 1


def test_the_setting_keeps_a_process_in_shadow_whatever_the_store_says(
    fresh: Service, sandbox: Sandbox, at: Watch, drain_all: Drain
) -> None:
    go_live(fresh)
    kept = with_parts(fresh, shadow=True)
    asks(kept, sandbox, "ana", at)
    at.forward(MINUTE)
    drain_all(kept)
    assert writes(sandbox) == []
    with fresh.store.read() as conn:
        assert write_access.words(conn, forced=True) == write_access.FORCED
        assert write_access.words(conn, forced=False).startswith("live since 2026-01-06T09:00")


def test_a_connection_asks_the_store_at_every_write(fresh: Service) -> None:
    (plain,) = build.connections(load(GIVEN | {"COLDFRAME_SHADOW": ""}), fresh.store).values()
    (forced,) = build.connections(load(GIVEN | {"COLDFRAME_SHADOW": "1"}), fresh.store).values()
    (nowhere,) = build.connections(load(GIVEN), None).values()
    wanted = [FieldWrite(key="k", object="Lead", id="x", fields={})]
    assert [each.connector.apply(wanted)[0].code for each in (plain, forced, nowhere)] == ["SHADOW"] * 3
    go_live(fresh)
    assert plain.connector.apply(wanted)[0].code != "SHADOW"
    assert [each.connector.apply(wanted)[0].code for each in (forced, nowhere)] == ["SHADOW"] * 2
    assert type(write_guard.shadowed(plain).connector) is type(plain.connector)


def test_a_dry_run_shows_what_would_be_written_for_whom_and_changes_nothing(
    run: Run, fresh: Service, sandbox: Sandbox, at: Watch, drain_all: Drain
) -> None:
    asks(fresh, sandbox, "old", at)
    drain_all(fresh)
    at.forward(3 * DAY)
    asks(fresh, sandbox, "new", at)
    drain_all(fresh)
    line = json.loads(run("live", "--dry-run", "--json").stdout)
    assert (line["live"], line["dry_run"], line["handed_over"]) == (False, True, 0)
    assert line["new"]["salesforce task"] == sum(line["tasks_for"].values()) > 0
    assert line["lapsed"] > 0
    assert line["hot_leads"] == 1, "the one of three days ago, who asked for a demo"
    assert line["fields"]["salesforce Lead.Coldframe_Stage__c"] == 2
    shown = run("live", "--dry-run").stdout
    assert "tasks for: salesforce" in shown
    assert "Nothing has changed" in shown
    with fresh.store.read() as conn:
        assert write_permission.given(conn) is None
    assert writes(sandbox) == []


def test_going_live_is_refused_where_nobody_can_be_asked_and_asked_where_somebody_can(run: Run, fresh: Service) -> None:
    refused = run("live")
    assert (refused.exit_code, "--yes" in refused.output) == (2, True)
    assert run("live", answers="n\n").exit_code == 1
    with fresh.store.read() as conn:
        assert write_permission.given(conn) is None
    assert "Live: the processes write" in run("live", answers="y\n").stdout
    assert "live since 2026-01-06" in run("live", "--yes").stdout, "a second time changes nothing"
    with fresh.store.read() as conn:
        (entry, *_) = [each for each in audit_trail.recent(conn, 9) if each.action == "went live"]
    assert (entry.actor, entry.at) == ("command line", fresh.now())


def test_whether_anything_is_written_is_said_where_one_looks(fresh: Service, tmp_path: Path) -> None:
    settings = load(GIVEN | {"DATABASE_URL": f"sqlite:///{tmp_path}/coldframe.db"})
    app = create_app(settings, store=fresh.store, wake=lambda _lane: None, queue=list, now=fresh.now)
    asked = app.test_client()
    shadow = "shadow: nothing is written; `coldframe live` starts writing"
    assert written_or_not(settings) == shadow, "what `coldframe up` says first"
    answer = asked.get("/readyz")
    assert (answer.status_code, answer.json["status"], answer.json["writing"]) == (200, "ready", shadow)
    go_live(fresh)
    assert asked.get("/readyz").json["writing"] == written_or_not(settings) == "live since 2026-01-06T09:00:00Z"
    app.extensions[INTAKE].close()


def test_going_live_is_refused_while_the_setting_forces_shadow(fresh: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(build, "service", lambda: with_parts(fresh, shadow=True))
    result = CliRunner().invoke(main, ["live", "--yes"])
    assert (result.exit_code, "COLDFRAME_SHADOW is set" in result.output) == (1, True)


def test_shadow_on_goes_back_and_says_so(run: Run) -> None:
    assert "already" in run("shadow", "on").stdout
    run("live", "--yes")
    assert "nothing is written any more" in run("shadow", "on").stdout


def stale(service: Service, sandbox: Sandbox, at: Watch, drain_all: Drain, *names: str) -> None:
    """These ask for a demo in shadow mode, three days ago."""
    for name in names:
        asks(service, sandbox, name, at)
    drain_all(service)
    at.forward(3 * DAY)
    drain_all(service)


@pytest.mark.parametrize("database", ["sqlite", "postgresql"])
def test_hot_leads_are_handed_over_once_by_choice_in_the_limit_and_due_from_then_on(
    fresh: Service, sandbox: Sandbox, at: Watch, drain_all: Drain
) -> None:
    stale(fresh, sandbox, at, drain_all, "ana", "bo", "cy")
    go_live(fresh, Limits(tasks_per_hour=1))
    drain_all(fresh)
    assert handoffs(sandbox) == [], "what fell due earlier is history"
    assert (hot_leads.count(fresh), hot_leads.hand_over(fresh), hot_leads.hand_over(fresh)) == (3, 3, 0)
    seen = []
    for _ in range(4):
        drain_all(fresh)
        seen.append(len(handoffs(sandbox)))
        at.forward(HOUR)
    assert seen == [1, 2, 3, 3]
    rows = decided(fresh, "ana@ana.example", "task")
    assert [row.withheld for row in rows if "/handoff/" in row.key] == [None]
    due = [str(task["ActivityDate"]) for task in sandbox.salesforce.records("Task")]
    assert min(due) >= "2026-01-09", "due from the day on which they are handed over"
    for _ in range(4):  # the clock of three days ago chases nobody about a task of today
        at.forward(DAY)
        drain_all(fresh)
    assert not [row for row in decided(fresh, "ana@ana.example", "escalation") if row.withheld is None]
    assert len(handoffs(sandbox)) == 3


def test_hot_leads_are_not_handed_over_once_sales_has_them_or_nothing_speaks_for_them_today(
    fresh: Service, sandbox: Sandbox, at: Watch, drain_all: Drain
) -> None:
    stale(fresh, sandbox, at, drain_all, "ana", "bo", "cy")
    receive(fresh, activity("answer", "bo@bo.example", "sales_accepted", at()))
    receive(fresh, activity("no", "cy@cy.example", "sales_rejected", at(), reason="no_budget"))
    drain_all(fresh)
    go_live(fresh)
    assert hot_leads.count(fresh) == 1
    at.forward(90 * DAY)
    drain_all(fresh)
    assert hot_leads.count(fresh) == 0


def test_the_command_hands_hot_leads_over_where_it_is_told_to(
    run: Run, fresh: Service, sandbox: Sandbox, at: Watch, drain_all: Drain
) -> None:
    stale(fresh, sandbox, at, drain_all, "ana")
    line: dict[str, Any] = json.loads(run("live", "--yes", "--hot-leads", "--tasks-per-hour", "5", "--json").stdout)
    assert (line["live"], line["handed_over"]) == (True, 1)
    with fresh.store.read() as conn:
        permission = write_permission.given(conn)
        assert permission is not None
        assert write_access.limits(conn, fresh.going_live).tasks_per_hour == 5
    drain_all(fresh)
    assert len(handoffs(sandbox)) == 1
    assert counts(fresh).outbox["salesforce", "task", "sent"] >= 1


@pytest.mark.parametrize(("answers", "handed"), [("y\ny\n", 1), ("n\ny\n", 0), ("\ny\n", 0)])
def test_in_a_terminal_hot_leads_are_asked_about_and_not_handed_over_unless_somebody_says_so(  # noqa: PLR0917 - fixtures
    run: Run, fresh: Service, sandbox: Sandbox, at: Watch, drain_all: Drain, answers: str, handed: int
) -> None:
    stale(fresh, sandbox, at, drain_all, "ana")
    said = run("live", answers=answers)
    assert "Hand over today's hot leads, 1 MQLs" in said.output
    assert ("1 hot leads are handed over" in said.output) is bool(handed)
    drain_all(fresh)
    assert len(handoffs(sandbox)) == handed


def test_without_a_word_hot_leads_stay_history(
    run: Run, fresh: Service, sandbox: Sandbox, at: Watch, drain_all: Drain
) -> None:
    stale(fresh, sandbox, at, drain_all, "ana")
    assert "0 hot" not in run("live", "--yes").stdout
    drain_all(fresh)
    assert handoffs(sandbox) == []
