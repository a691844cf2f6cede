"""People in sales in the console: pools, absences, and who would get a task."""

import html
import re
from dataclasses import replace

import pytest
from console_browser import ConsoleGround
from flows_crms import person
from flows_routing import emails, routed
from flows_run import drain_all

from integration.flows.reading import reconcile
from integration.store.assigning import absences
from integration.store.audit import audit_trail
from integration.web.console.shell.console_parts import PARTS
from integration.wiring.whole_service import Service
from sandbox.server import Sandbox

ANA = "ana@acme.example"


@pytest.fixture
def team(ground: ConsoleGround, service: Service, sandbox: Sandbox) -> tuple[str, str]:
    """Two users of Salesforce in a pool, to which everything goes; their e-mails."""
    one, two = sorted(emails(sandbox).values())[:2]
    text = f"pools:\n  sdr: {{members: {{{one}: 2, {two}: 1}}}}\nroutes:\n  - {{otherwise: sdr}}\n"
    running = routed(service, text)
    ground.app.extensions[PARTS] = replace(ground.app.extensions[PARTS], service=lambda: running)
    return one, two


def shown(page: str) -> str:
    return html.unescape(re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page)))


def test_without_pools_the_page_says_who_gets_the_tasks(ground: ConsoleGround) -> None:
    assert "There are no pools: the owners" in shown(ground.signed_in("viewer").get("/console/people/").text)


def test_everybody_in_a_pool_is_shown_with_what_they_have(ground: ConsoleGround, team: tuple[str, str]) -> None:
    page = shown(ground.signed_in("viewer").get("/console/people/").text)
    assert f"{team[0]} 2 0 0 may get a task" in page
    assert f"{team[1]} 1 0 0 may get a task" in page
    assert "Report away" not in page, "an editor reports absences"


def test_an_editor_reports_somebody_away_and_back(ground: ConsoleGround, team: tuple[str, str]) -> None:
    browser = ground.signed_in("editor", "bo@acme.example")
    days = {"person": team[0], "first": "2026-01-06", "last": "2026-01-09"}
    assert browser.post("/console/people/away", days).status_code == 303
    with ground.store.read() as conn:
        assert absences.reported(conn) == {team[0]: ("2026-01-06..2026-01-09",)}
        (line,) = [each for each in audit_trail.recent(conn, 5) if each.action == "away"]
    assert line.actor == "bo@acme.example"
    page = shown(browser.get("/console/people/").text)
    assert f"{team[0]} 2 0 0 gets nothing" in page
    assert f"{team[0]} 2026-01-06 to 2026-01-09" in page
    assert browser.post("/console/people/back", {"person": team[0]}).status_code == 303
    with ground.store.read() as conn:
        assert absences.reported(conn) == {}


@pytest.mark.parametrize(
    "days", [{"first": "2026-13-01"}, {"first": ""}, {"first": "2026-01-09", "last": "2026-01-06"}]
)
def test_days_that_are_none_are_refused_with_the_reason(
    ground: ConsoleGround, team: tuple[str, str], days: dict[str, str]
) -> None:
    answer = ground.signed_in("editor").post("/console/people/away", {"person": team[0], **days})
    assert answer.status_code == 400
    assert "Not reported" in answer.text
    with ground.store.read() as conn:
        assert absences.reported(conn) == {}


def test_somebody_whom_the_routing_does_not_name_cannot_be_away(ground: ConsoleGround, team: tuple[str, str]) -> None:
    answer = ground.signed_in("editor").post("/console/people/away", {"person": "x@y.example", "first": "2026-01-06"})
    assert answer.status_code == 404
    assert team[0] not in answer.text


def test_who_would_get_a_task_is_said_with_the_reason(
    ground: ConsoleGround, service: Service, sandbox: Sandbox, team: tuple[str, str]
) -> None:
    person(sandbox, "salesforce", ANA)
    for name in service.connections:
        reconcile.poll(service, name)
    drain_all(service)
    browser = ground.signed_in("viewer")
    page = shown(browser.get(f"/console/people/next?record={ANA}&role=pool").text)
    assert "sdr" in page
    assert any(name in page for name in ("in salesforce", team[0]))
    for query, said in ((f"record={ANA}&role=boss", "No task goes to"), ("record=no@x.example", "Nobody is known")):
        assert said in shown(browser.get(f"/console/people/next?{query}").text)
