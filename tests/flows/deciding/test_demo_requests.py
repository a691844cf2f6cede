"""Who asks for a demo is handed over at once, though their handoff waits for its turn or was never carried out."""

import json
from dataclasses import replace

import pytest
from flows_crms import tasks
from flows_playbook_changes import EDITS, everybody, in_force
from flows_run import Watch, activity, decided, drain_all, lead, receive, with_parts
from sqlalchemy import text

from integration.core.compiled.compiled_playbook import CompiledPlaybook
from integration.flows.base.running_playbook import published
from integration.flows.publishing.put_in_force import publish
from integration.store.events.playbook_versions import Terms, Texts
from integration.wiring.whole_service import Service
from mappings.values.instant import HOUR, MINUTE, Instant
from sandbox.server import Sandbox

TERMS = Terms(author="rev ops", reason="a test")


@pytest.fixture
def running(living: Service, at: Watch) -> Service:
    running = with_parts(living, started=at())
    at.forward(HOUR)
    return running


def lower_the_gate(service: Service, terms: Terms) -> None:
    playbook = EDITS["a lower gate"]
    said = Texts(playbook=playbook.text)
    publish(published(service), CompiledPlaybook.of(playbook), said, terms, over=in_force(service).number)


def new_mqls(service: Service, before: dict[str, str | None]) -> list[str]:
    """The e-mails of those who pass the gate by the new rules."""
    return sorted(
        str(row.email) for row in everybody(service) if row.stage == "mql" and before[row.id] in {"inquiry", "recycled"}
    )


def handoffs(sandbox: Sandbox, service: Service, email: str) -> list[str]:
    return [key for key in tasks(sandbox, "hubspot") if key.startswith(f"{lead(service, email).id}/play/handoff/")]


def asks(service: Service, email: str, at: Instant) -> None:
    receive(service, activity(f"asks {email}", email, "demo_request", at))


def test_whose_handover_waits_for_its_turn_is_handed_over_when_asking_for_a_demo(
    running: Service, sandbox: Sandbox, at: Watch
) -> None:
    before = {row.id: row.stage for row in everybody(running)}
    lower_the_gate(running, replace(TERMS, tasks_per_hour=1))
    drain_all(running)
    waiting = [email for email in new_mqls(running, before) if not handoffs(sandbox, running, email)]
    assert waiting
    at.forward(MINUTE)
    asks(running, waiting[-1], at())
    drain_all(running)
    assert len(handoffs(sandbox, running, waiting[-1])) == 1
    assert all(not handoffs(sandbox, running, email) for email in waiting[:-1]), "the others wait"
    at.forward(24 * HOUR)
    drain_all(running)
    assert all(len(handoffs(sandbox, running, email)) == 1 for email in waiting), "and nobody twice"


def test_who_asks_while_everybody_is_derived_anew_does_not_wait_for_a_turn(
    running: Service, sandbox: Sandbox, at: Watch
) -> None:
    before = {row.id: row.stage for row in everybody(running)}
    lower_the_gate(running, replace(TERMS, tasks_per_hour=1))
    asking = [str(row.email) for row in everybody(running) if before[row.id] == "inquiry"]
    for email in asking:
        asks(running, email, at())
    drain_all(running)
    assert len(asking) > 1
    assert all(len(handoffs(sandbox, running, email)) == 1 for email in asking)


def test_whose_handoff_a_quiet_publication_withheld_is_handed_over_when_asking_for_a_demo(
    running: Service, sandbox: Sandbox, at: Watch
) -> None:
    before = {row.id: row.stage for row in everybody(running)}
    lower_the_gate(running, replace(TERMS, quiet=True))
    drain_all(running)
    quiet = new_mqls(running, before)
    assert quiet
    assert not any(handoffs(sandbox, running, email) for email in quiet)
    at.forward(HOUR)
    asked_at = at()
    asks(running, quiet[0], asked_at)
    drain_all(running)
    assert len(handoffs(sandbox, running, quiet[0])) == 1
    (task,) = (each for each in decided(running, quiet[0], "task") if "/handoff/" in each.key)
    assert task.withheld is None
    with running.store.read() as conn:
        said = conn.execute(text("SELECT payload FROM outbox WHERE key = :key"), {"key": task.key}).scalar_one()
    assert json.loads(said)["due_at"] > asked_at, "due from the request on"
    assert not any(handoffs(sandbox, running, email) for email in quiet[1:])


def test_who_wants_to_be_left_alone_is_not_handed_over_by_a_request(
    running: Service, sandbox: Sandbox, at: Watch
) -> None:
    before = {row.id: row.stage for row in everybody(running)}
    lower_the_gate(running, replace(TERMS, quiet=True))
    drain_all(running)
    email = new_mqls(running, before)[0]
    receive(running, activity("leave me alone", email, "unsubscribe", at()))
    at.forward(MINUTE)
    asks(running, email, at())
    drain_all(running)
    assert handoffs(sandbox, running, email) == []
