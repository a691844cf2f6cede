"""Backtest and explain as commands on the service's own store, which they only read."""

import json
from collections.abc import Callable
from typing import Any, TypeAlias

import commands
import pytest
from flows_crms import person
from flows_run import Watch, activity, lead, receive

from integration.commands.backtesting.backtest_run import as_records, run
from integration.flows.history.stored_history import recorded
from integration.store.crm import crm_users
from integration.store.people import leads
from integration.wiring import build
from integration.wiring.whole_service import Service
from mappings.values.instant import DAY, HOUR, MINUTE
from sandbox.server import Sandbox

Drain: TypeAlias = Callable[[Service], int]
Command: TypeAlias = Callable[..., tuple[int, str, str]]
ANA, BO = "ana@acme.example", "bo@acme.example"


@pytest.fixture(autouse=True)
def _lived(service: Service, sandbox: Sandbox, at: Watch, drain_all: Drain) -> None:
    """Ana became an MQL; she and Bo read one document, which each of them was told of."""
    person(sandbox, "hubspot", ANA)
    person(sandbox, "hubspot", BO)
    at.forward(DAY)
    receive(
        service,
        activity(1, ANA, "page_view", at() - 5 * HOUR, page="pricing"),
        activity(2, ANA, "document_view", at() - 4 * HOUR, document="deck"),
        activity(3, BO, "document_view", at() - 3 * HOUR, document="deck"),
        activity(4, ANA, "page_view", at() - MINUTE, page="case_study"),
    )
    drain_all(service)


@pytest.fixture
def command(store_url: str) -> Command:
    """`command("explain", …)`: run as a process of its own, on the test's store; (exit status, output, errors)."""

    def run_it(*arguments: str) -> tuple[int, str, str]:
        environment = {"DATABASE_URL": store_url, "COLDFRAME_SECRET_KEY": "0123456789abcdef" * 2}
        return commands.run(arguments, {"COLDFRAME_PLAYBOOK": "two-axis", **environment})

    return run_it


def activities_began(service: Service) -> int:
    with service.store.read() as conn:
        return int(conn.exec_driver_sql("SELECT min(at) FROM activities").scalar_one())


def test_backtest_calls_owners_by_the_names_that_their_crm_has(service: Service) -> None:
    with service.store.read() as conn:
        named = crm_users.names(conn)
        found = run(as_records(recorded(conn)), service.rules.playbook, build.playbook("behavioural"), named)
    assert found is not None
    assert "Maren Holt" in named.values()
    assert {each.owner for each in found.a.loads} <= {"manager", *named.values()}
    assert "Maren Holt" in {each.owner for each in found.a.loads}


def test_backtest_on_the_store_lets_through_whom_the_service_let_through(service: Service) -> None:
    """Derived activities are derived anew: the document that went round is not counted twice."""
    with service.store.read() as conn:
        found = run(as_records(recorded(conn)), service.rules.playbook, build.playbook("behavioural"))
    assert found is not None
    assert found.since == activities_began(service)
    assert lead(service, ANA).stage == "mql"
    assert (found.leads, found.activities, found.a.mqls, found.b.mqls) == (2, 4, 1, 0)
    assert [(each.lead, each.email) for each in found.only_a] == [(lead(service, ANA).id, ANA)]


def test_backtest_knows_merged_people_as_the_one_they_live_on_as(service: Service) -> None:
    with service.store.write() as conn:
        leads.merge(conn, lead(service, BO).id, lead(service, ANA).id)
    with service.store.read() as conn:
        known = {who for who, _ in recorded(conn) if who}
    assert known == {lead(service, ANA).id}


def test_backtest_store_is_a_command_that_only_reads(service: Service, command: Command) -> None:
    before = lead(service, ANA)
    status, output, errors = command(
        "backtest", "--playbook", "two-axis", "--against", "behavioural", "--store", "--json"
    )
    assert status == 0, errors
    told: dict[str, Any] = json.loads(output)
    assert [each["email"] for each in told["only_a"]] == [ANA]
    assert lead(service, ANA) == before


def test_explain_is_a_command_on_the_store(service: Service, command: Command) -> None:
    when = "2026-01-07T09:00:00Z"
    status, output, errors = command("explain", ANA, "--at", when, "--json")
    assert status == 0, errors
    told: dict[str, Any] = json.loads(output)
    row = lead(service, ANA)
    assert (told["lead"], told["email"], told["at"]) == (row.id, ANA, when)
    assert told["fit"] + told["engagement"] == row.total
    assert sum(entry["points"] for entry in told["ledger"]) == row.total
    assert told["unjustified"] == []
    _, shown, _ = command("explain", ANA, "--at", when)
    assert "15 points on 7 January 2026: viewed pricing\n" in shown
    assert "15 points on 7 January 2026: deck went round among 2 people at the account\n" in shown


def test_explain_of_nobody_says_how_to_name_somebody(command: Command) -> None:
    status, _, errors = command("explain", "nobody@acme.example")
    assert status == 1
    assert "give an e-mail address, our id, a record's id, or connection:object:id" in errors
    status, _, errors = command("explain", ANA, "--at", "yesterday")
    assert status == 2
    assert "such as 2026-01-31T09:00:00Z" in errors
