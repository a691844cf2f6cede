"""`coldframe levels`: what was met and missed, whose time it was, and who waits; `explain` says it of one lead."""

import json

import pytest
from click.testing import CliRunner, Result
from flows_crms import person
from flows_roles import ANA
from flows_run import Watch, activity, drain_all, lead, receive

from integration.cli import main
from integration.flows.deciding.advance import advance
from integration.wiring import build
from integration.wiring.whole_service import Service
from mappings.values.instant import DAY, HOUR
from sandbox.server import Sandbox


def coldframe(*words: str) -> Result:
    return CliRunner().invoke(main, words, catch_exceptions=False)


@pytest.fixture
def waiting(service: Service, sandbox: Sandbox, at: Watch, monkeypatch: pytest.MonkeyPatch) -> Service:
    """Ana asked for a demo, and nobody has answered for a day and an hour."""
    monkeypatch.setattr(build, "service", lambda: service)
    person(sandbox, "salesforce", ANA)
    receive(service, activity(1, ANA, "demo_request", at()))
    drain_all(service)
    at.forward(DAY + HOUR)
    advance(service)
    return service


def test_levels_and_explain_name_who_waits_and_what_an_answer_took(waiting: Service, at: Watch) -> None:
    found = json.loads(coldframe("levels", "--json").output)
    (row,) = found["levels"]
    assert (row["clock"], row["n"], row["overdue"], row["met"], row["median"]["sales"]) == (
        "first_contact",
        1,
        1,
        0,
        None,
    )
    (overdue,) = found["overdue"]
    assert (overdue["state"], overdue["plain"]["total"], overdue["late_by_others"]) == ("overdue", 90_000, False)
    page = coldframe("levels").output
    assert "Not answered, and over" in page
    assert lead(waiting, ANA).id[:8] in page
    assert "first contact: not answered for 1 d 1 h, overdue: 1 d 1 h sales'" in " ".join(
        coldframe("explain", ANA).output.split()
    )
    receive(waiting, activity(2, ANA, "call_attempt", at(), outcome="no_answer"))
    drain_all(waiting)
    found = json.loads(coldframe("levels", "--json", "--by", "person").output)
    (row,) = found["levels"]
    assert (row["late"], row["overdue"], row["p90"]["sales"], found["overdue"]) == (1, 0, 90_000, [])
    assert "half at most / nine in ten at most" in coldframe("levels", "--by", "pool").output
    told = json.loads(coldframe("explain", ANA, "--json").output)["service_levels"]
    assert [(each["state"], each["answer"]) for each in told] == [("late", "call_attempt")]


@pytest.mark.usefixtures("waiting")
def test_a_time_without_clocks_and_one_that_ends_before_it_begins_are_said() -> None:
    assert coldframe("levels", "--from", "2020-01-01", "--to", "2020-02-01").output == "No clock began in that time.\n"
    refused = CliRunner().invoke(main, ["levels", "--from", "2026-02-01", "--to", "2026-01-01"])
    assert refused.exit_code == 1
    assert "--to is not after --from" in refused.output
