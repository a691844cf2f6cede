"""Shadow mode, pauses and the limits of going live: nothing is written that should not be, nothing is lost."""

import csv
import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeAlias

import pytest
from click.testing import CliRunner
from flows_crms import TASKS, calls, engagement, person, tasks, writes
from flows_run import Watch, activity, counts, decided, lead, receive, with_parts

from connectors.base.port import FieldWrite, Verdict
from integration.cli import main
from integration.flows.deciding.advance import advance
from integration.flows.delivering import ramp_up
from integration.flows.delivering.deliver import deliver
from integration.flows.delivering.ready_batches import look
from integration.flows.looking import compare_with_crm
from integration.flows.looking.compare_with_crm import Change, Task
from integration.flows.reading import first_sync, reconcile
from integration.flows.upkeep.sweep import sweep
from integration.store.audit import audit_trail
from integration.store.crm import call_rates, connection_pauses
from integration.store.outgoing import outbox, outbox_backlog
from integration.store.outgoing.outbox import NewOnce
from integration.store.overall import live_values
from integration.wiring import build, write_guard
from integration.wiring.whole_service import Service
from mappings.values.instant import DAY, HOUR, MINUTE, SECOND
from sandbox.both.fill_systems import fill
from sandbox.server import Sandbox
from sandbox.shared.requested_faults import Fault

Drain: TypeAlias = Callable[[Service], int]
EMAIL = "ana@acme.example"


def shaded(service: Service) -> Service:
    """The same service in shadow mode, wired as COLDFRAME_SHADOW=1 wires it."""
    connections = {name: write_guard.shadowed(each) for name, each in service.connections.items()}
    return with_parts(service, connections=connections, shadow=True)


def test_in_shadow_mode_everything_is_computed_and_not_one_write_leaves(
    service: Service, sandbox: Sandbox, at: Watch, drain_all: Drain
) -> None:
    shady = shaded(service)
    fill(sandbox.hubspot, sandbox.salesforce, leads=40, seed=3, activities=200)
    record = person(sandbox, "salesforce", EMAIL)
    for name in shady.connections:
        first_sync.sync(shady, name, lambda _step: None, others=list(shady.connections))
    first_sync.release(shady)
    receive(shady, activity(1, EMAIL, "demo_request", at()))
    for _ in range(3):
        at.forward(HOUR)
        for name in shady.connections:
            reconcile.poll(shady, name)
        drain_all(shady)
        sweep(shady)
    assert lead(shady, EMAIL).stage == "mql"
    assert writes(sandbox) == []
    assert engagement(sandbox, "salesforce", record) is None
    with service.store.read() as conn:
        assert outbox_backlog.sendable(conn, "salesforce") > 0


def test_a_shadowed_connector_answers_a_write_with_a_pause_and_sends_nothing(
    service: Service, sandbox: Sandbox
) -> None:
    record = person(sandbox, "hubspot", EMAIL)
    connector = write_guard.shadowed(service.connections["hubspot"]).connector
    (receipt,) = connector.apply([FieldWrite(key="k", object="contact", id=record, fields={"coldframe_fit": "1"})])
    assert (receipt.verdict, receipt.code) == (Verdict.PAUSE, "SHADOW")
    assert writes(sandbox) == []


def test_the_report_shows_fields_beside_what_stands_there_and_tasks(
    service: Service, sandbox: Sandbox, at: Watch, drain_all: Drain
) -> None:
    shady = shaded(service)
    record = person(sandbox, "salesforce", EMAIL)
    sandbox.salesforce.set("Lead", record, {"Coldframe_Fit__c": 40, "Coldframe_Band__c": "cold"})
    receive(shady, activity(1, EMAIL, "demo_request", at()))
    drain_all(shady)
    at.forward(MINUTE)
    drain_all(shady)
    items = [each for some in compare_with_crm.pending(shady) for each in some]
    changes = {each.field: (each.now, each.then) for each in items if isinstance(each, Change)}
    assert changes["Coldframe_Stage__c"] == (None, "mql")
    assert changes["Coldframe_Band__c"][0] == "cold"
    assert "Coldframe_Fit__c" not in changes, "what stands there already is no change"
    (task,) = [each for each in items if isinstance(each, Task) and "/handoff/" in each.key]
    assert EMAIL in task.who
    assert task.connection == "salesforce"
    assert task.due_at is not None
    assert writes(sandbox) == []


@pytest.mark.parametrize("database", ["sqlite", "postgresql"])
def test_after_shadow_the_last_day_is_carried_out_and_what_is_older_is_history(
    service: Service, sandbox: Sandbox, at: Watch, drain_all: Drain
) -> None:
    shady = shaded(service)
    for name in ("old", "new"):
        person(sandbox, "salesforce", f"{name}@{name}.example")
    receive(shady, activity(1, "old@old.example", "demo_request", at()))
    drain_all(shady)
    at.forward(3 * DAY)
    receive(shady, activity(2, "new@new.example", "demo_request", at()))
    drain_all(shady)
    at.forward(HOUR)
    drain_all(service)
    handed = [key for key in tasks(sandbox, "salesforce") if "/handoff/" in key]
    assert len(handed) == 1
    assert handed[0].startswith(lead(service, "new@new.example").id)
    assert {row.withheld for row in decided(service, "old@old.example", "task")} == {"history"}
    assert counts(service).outbox["salesforce", "task", "lapsed"] >= 1
    for _ in range(5):  # and nobody is told off for the task that never was
        at.forward(DAY)
        drain_all(service)
    assert not [key for key in tasks(sandbox, "salesforce") if key.startswith(lead(service, "old@old.example").id)]
    with service.store.read() as conn:
        actions = [entry.action for entry in audit_trail.recent(conn, 10)]
    assert [each for each in actions if each != "publish playbook"][-2:] == ["went live", "shadow began"]


@pytest.fixture
def command(service: Service, monkeypatch: pytest.MonkeyPatch) -> Callable[..., str]:
    """`command("pause", "hubspot")`: the output of a command that works on this service."""
    monkeypatch.setattr(build, "service", lambda: service)

    def run(*words: str) -> str:
        result = CliRunner().invoke(main, list(words), catch_exceptions=False)
        assert result.exit_code == 0, result.output
        return result.stdout

    return run


def test_a_pause_stops_writing_at_once_and_nothing_else(
    service: Service, sandbox: Sandbox, at: Watch, drain_all: Drain, command: Callable[..., str]
) -> None:
    person(sandbox, "salesforce", EMAIL)
    receive(service, activity(1, EMAIL, "page_view", at(), page="pricing"))
    drain_all(service)
    before = len(writes(sandbox))
    command("pause", "--reason", "a migration")
    receive(service, activity(2, EMAIL, "demo_request", at()))
    at.forward(MINUTE)
    drain_all(service)
    assert lead(service, EMAIL).stage == "mql", "webhooks are scored all the same"
    assert len(writes(sandbox)) == before
    assert counts(service).paused == dict.fromkeys(("salesforce", "hubspot"), "paused by an operator: a migration")
    assert "goes on" in command("resume")
    drain_all(service)
    assert [key for key in tasks(sandbox, "salesforce") if "/handoff/" in key]
    assert counts(service).paused == {}
    with service.store.read() as conn:
        said = {(entry.action, entry.subject) for entry in audit_trail.recent(conn, 10)}
    assert {("paused", "hubspot"), ("resumed", "salesforce")} <= said


def test_an_outage_neither_shortens_nor_ends_a_persons_pause(
    service: Service, sandbox: Sandbox, at: Watch, drain_all: Drain, command: Callable[..., str]
) -> None:
    person(sandbox, "salesforce", EMAIL)
    sandbox.faults.add(Fault(kind="rate_limited", system="salesforce", path="*/composite/sobjects/*", times=1))
    receive(service, activity(1, EMAIL, "demo_request", at()))
    drain_all(service)
    command("pause", "salesforce")
    with service.store.write() as conn:
        connection_pauses.pause(conn, "salesforce", at() + 10 * SECOND, "503")
    at.forward(DAY)
    drain_all(service)
    with service.store.write() as conn:
        connection_pauses.resume(conn, "salesforce")
    drain_all(service)
    with service.store.read() as conn:
        pause = connection_pauses.paused(conn, at())["salesforce"]
    assert (pause.until, pause.reason) == (None, "paused by an operator")
    assert not tasks(sandbox, "salesforce")
    command("resume", "salesforce")
    drain_all(service)
    assert tasks(sandbox, "salesforce")


def test_a_pause_of_a_connection_that_is_none_is_told_with_the_nearest_name(command: Callable[..., str]) -> None:
    del command
    result = CliRunner().invoke(main, ["pause", "salesfrce"])
    assert result.exit_code == 1
    assert "did you mean 'salesforce'?" in result.output


@pytest.mark.parametrize("database", ["sqlite", "postgresql"])
def test_going_live_gives_so_many_tasks_an_hour_and_loses_none(
    service: Service, sandbox: Sandbox, at: Watch, drain_all: Drain
) -> None:
    slow = with_parts(service, tasks_per_hour=2)
    for number in range(5):
        email = f"p{number}@firm{number}.example"
        person(sandbox, "salesforce", email)
        receive(slow, activity(number, email, "demo_request", at()))
    seen: list[int] = []
    for _ in range(4):
        at.forward(MINUTE)
        drain_all(slow)
        drain_all(slow)
        seen.append(len([key for key in tasks(sandbox, "salesforce") if "/handoff/" in key]))
        with service.store.read() as conn:
            held = ramp_up.waiting(conn, slow.going_live, ["salesforce"], at())
        assert bool(held) is (seen[-1] < 5)
        at.forward(HOUR)
    assert seen[0] == 2
    assert seen[-1] == 5
    assert seen == sorted(seen)


def test_a_fifth_of_an_hours_tasks_is_kept_for_who_asks_for_a_demo(
    service: Service, sandbox: Sandbox, at: Watch, drain_all: Drain
) -> None:
    slow = with_parts(service, tasks_per_hour=10)
    for number in range(3):
        person(sandbox, "salesforce", f"p{number}@firm{number}.example")
        receive(slow, activity(number, f"p{number}@firm{number}.example", "page_view", at(), page="blog"))
    drain_all(slow)
    ids = [lead(slow, f"p{number}@firm{number}.example").id for number in range(3)]
    with slow.store.write() as conn:
        for number, each in enumerate(ids):
            outbox.want_once(conn, "salesforce", "task", [NewOnce(key=str(number), lead_id=each, payload={})], at())
        call_rates.spend(conn, "salesforce", "tasks", 7, HOUR, at())

    def found() -> list[str]:
        with slow.store.read() as conn:
            found = look(conn, slow, slow.connections["salesforce"], at(), {"task"}, live_values.load(conn))
        return [row.key for row in found.tasks]

    assert found() == ["0"], "eight an hour"
    with slow.store.write() as conn:
        outbox.first(conn, ids[1:])
    assert found() == ["1", "2"]
    with slow.store.write() as conn:
        call_rates.spend(conn, "salesforce", "tasks", 2, HOUR, at())
    assert found() == ["1"], "ten with theirs"


def test_a_week_after_going_live_there_is_no_limit_any_more(
    service: Service, sandbox: Sandbox, at: Watch, drain_all: Drain
) -> None:
    slow = with_parts(service, tasks_per_hour=1)
    drain_all(slow)
    person(sandbox, "salesforce", EMAIL)
    receive(slow, activity(0, EMAIL, "page_view", at(), page="blog"))
    drain_all(slow)
    at.forward(8 * DAY)
    for number in range(3):
        email = f"p{number}@firm{number}.example"
        person(sandbox, "salesforce", email)
        receive(slow, activity(f"n{number}", email, "demo_request", at()))
    drain_all(slow)
    assert len([key for key in tasks(sandbox, "salesforce") if "/handoff/" in key]) == 3


def test_records_are_written_so_many_a_minute_while_going_live(service: Service, sandbox: Sandbox, at: Watch) -> None:
    slow = with_parts(service, writes_per_minute=4)
    records = [person(sandbox, "salesforce", f"p{number}@firm{number}.example") for number in range(10)]
    at.forward(MINUTE)  # their tracks began before: no touch is among the writes
    first_sync.sync(slow, "salesforce", lambda _step: None, others=list(slow.connections))
    first_sync.release(slow)
    advance(slow)
    seen = []
    for _ in range(3):
        deliver(slow, "salesforce")
        seen.append(sum(engagement(sandbox, "salesforce", each) is not None for each in records))
        at.forward(MINUTE)
    assert seen == [4, 8, 10]
    assert calls(sandbox, TASKS["salesforce"]) == 0


def test_the_report_is_json_lines_for_scripts(
    service: Service, sandbox: Sandbox, at: Watch, drain_all: Drain, *, command: Callable[..., str], tmp_path: Path
) -> None:
    person(sandbox, "salesforce", EMAIL)
    receive(service, activity(0, EMAIL, "page_view", at(), page="pricing"))
    drain_all(service)
    with service.store.write() as conn:
        connection_pauses.stop(conn, "salesforce", "so that something waits")
    receive(service, activity(1, EMAIL, "demo_request", at()))
    at.forward(MINUTE)
    drain_all(service)
    lines: list[Mapping[str, Any]] = [json.loads(line) for line in command("shadow", "report", "--json").splitlines()]
    assert lines[-1]["kind"] == "summary"
    assert {line["kind"] for line in lines} == {"field", "task", "summary"}
    assert lines[-1]["stages"] == {"mql": 1}
    sheet = tmp_path / "report.csv"
    assert "In all" in command("shadow", "report", "--limit", "1", "--csv", str(sheet))
    with sheet.open(encoding="utf-8-sig", newline="") as file:
        assert sum(1 for _ in csv.DictReader(file)) == len(lines) - 1, "all of it, whatever is shown"
