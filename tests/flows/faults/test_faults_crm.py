"""A CRM that loses replies, asks for patience, is away for hours or refuses one record."""

import msgspec
import pytest
from flows_crms import FIELDS, SYSTEMS, TASKS, calls, engagement, person, tasks
from flows_run import Watch, activity, counts, dead, decided, drain_all, receive

from integration.flows.deciding.advance import advance
from integration.flows.intake.ingest import ingest
from integration.flows.reading.refresh import read_records
from integration.flows.upkeep.replay_letters import replay
from integration.store.crm import connection_pauses
from integration.wiring.whole_service import Service
from mappings.values.instant import HOUR, MINUTE, SECOND
from sandbox.server import Sandbox
from sandbox.shared.requested_faults import Fault

ANA, BOB = "ana@acme.example", "bob@blue.example"


def _handoff(service: Service, email: str) -> str:
    """The key of the one handoff task that was decided."""
    (effect,) = [each for each in decided(service, email, "task") if each.payload["play"] == "handoff"]
    return effect.key


@pytest.mark.parametrize("system", SYSTEMS)
def test_a_task_whose_reply_was_lost_stands_once(service: Service, sandbox: Sandbox, at: Watch, system: str) -> None:
    person(sandbox, system, ANA)
    fault = sandbox.faults.add(Fault(kind="apply_then_drop", times=3, **TASKS[system]))
    receive(service, activity(1, ANA, "demo_request", at()))
    for _ in range(8):
        drain_all(service)
        at.forward(30 * SECOND)
    assert fault.hits >= 1
    assert tasks(sandbox, system) == {_handoff(service, ANA): 1}
    assert counts(service).outbox[system, "task", "sent"] == 1
    assert dead(service) == []


@pytest.mark.parametrize("system", SYSTEMS)
def test_a_score_whose_reply_was_lost_is_written_again(
    service: Service, sandbox: Sandbox, at: Watch, system: str
) -> None:
    record = person(sandbox, system, ANA)
    sandbox.faults.add(Fault(kind="apply_then_drop", **FIELDS[system]))
    receive(service, activity(1, ANA, "page_view", at(), page="pricing"))
    drain_all(service)
    assert counts(service).outbox[system, "fields", "new"] == 1
    at.forward(MINUTE)
    drain_all(service)
    assert engagement(sandbox, system, record) == 15
    assert (system, "fields", "new") not in counts(service).outbox


@pytest.mark.parametrize("system", SYSTEMS)
@pytest.mark.parametrize("asked", [40, None])
def test_a_crm_that_asks_for_patience_gets_it(
    service: Service, sandbox: Sandbox, at: Watch, system: str, asked: int | None
) -> None:
    record = person(sandbox, system, ANA)
    sandbox.faults.add(Fault(kind="rate_limited", retry_after=asked, **FIELDS[system]))
    receive(service, activity(1, ANA, "page_view", at(), page="pricing"))
    drain_all(service)
    with service.store.read() as conn:
        until = connection_pauses.paused(conn, at())[system].until
    assert until is not None
    assert until > at() if asked is None else until == at() + asked * SECOND
    at.now = until - 1
    drain_all(service)
    assert calls(sandbox, FIELDS[system]) == 1
    assert engagement(sandbox, system, record) is None
    at.now = until
    drain_all(service)
    assert engagement(sandbox, system, record) == 15
    assert dead(service) == []


@pytest.mark.parametrize("system", SYSTEMS)
def test_two_hours_of_503_cost_one_call_a_pause_and_no_letter(
    service: Service, sandbox: Sandbox, at: Watch, system: str
) -> None:
    people = {email: person(sandbox, system, email) for email in (f"p{n}@firm{n}.example" for n in range(30))}
    receive(service, *(activity(n, email, "page_view", at(), page="pricing") for n, email in enumerate(people)))
    receive(service, activity("x", "p0@firm0.example", "demo_request", at()))
    ingest(service)
    for name in service.connections:
        read_records(service, name)
    advance(service)
    fault = sandbox.faults.add(Fault(kind="unavailable", times=0, system=system))
    rounds = 0
    end = at() + 2 * HOUR
    while at() < end:
        drain_all(service)
        rounds += 1
        at.forward(MINUTE)
    assert 1 <= fault.hits <= rounds, "one probe a pause, not one call a row"
    assert dead(service) == []
    sandbox.faults.clear()
    at.forward(MINUTE)
    drain_all(service)
    assert [engagement(sandbox, system, record) for record in people.values()] == [25] + [15] * 29
    assert tasks(sandbox, system)[_handoff(service, "p0@firm0.example")] == 1
    assert dead(service) == []


@pytest.mark.parametrize("system", SYSTEMS)
def test_a_record_that_is_refused_is_set_aside_and_its_neighbours_pass(
    service: Service, sandbox: Sandbox, at: Watch, system: str
) -> None:
    ana, bob = person(sandbox, system, ANA), person(sandbox, system, BOB)
    field = {"hubspot": "coldframe_engagement", "salesforce": "Coldframe_Engagement__c"}[system]
    held = {"hubspot": "contacts", "salesforce": "Lead"}[system]
    crm = sandbox.salesforce if system == "salesforce" else sandbox.hubspot
    crm.rule(object=held, field=field, pattern=r"15(\.0)?", message="Fifteen needs an approval")
    receive(
        service,
        activity(1, ANA, "page_view", at(), page="pricing"),
        activity(2, BOB, "email_click", at()),
    )
    drain_all(service)
    assert engagement(sandbox, system, bob) == 3
    (letter,) = dead(service)
    assert (letter.stage, letter.source) == ("deliver", system)
    assert "Fifteen needs an approval" in letter.reason
    at.forward(HOUR)
    drain_all(service)
    assert engagement(sandbox, system, ana) is None, "nobody tries again of their own accord"

    (sandbox.salesforce.org if system == "salesforce" else sandbox.hubspot.portal).rules.clear()
    assert replay(service, [letter.id], actor="test", now=at()) == {letter.id}
    drain_all(service)
    assert engagement(sandbox, system, ana) == 15
    assert dead(service) == []


_PASSING = {"hubspot": "INTERNAL_ERROR", "salesforce": "UNABLE_TO_LOCK_ROW"}


@pytest.mark.parametrize("system", SYSTEMS)
def test_of_a_batch_only_what_failed_is_sent_again(service: Service, sandbox: Sandbox, at: Watch, system: str) -> None:
    ana, bob = person(sandbox, system, ANA), person(sandbox, system, BOB)
    receive(service, *[activity(n, who, "newsletter_signup", at()) for n, who in enumerate((ANA, BOB))])
    drain_all(service)  # the first touch is out of the way
    sandbox.faults.add(
        Fault(kind="record_error", record=ana, code=_PASSING[system], message="Not now", **FIELDS[system])
    )
    receive(
        service,
        activity(3, ANA, "page_view", at(), page="pricing"),
        activity(4, BOB, "email_click", at()),
    )
    drain_all(service)
    assert (engagement(sandbox, system, ana), engagement(sandbox, system, bob)) == (0, 3)
    before = calls(sandbox, FIELDS[system])
    at.forward(MINUTE)
    drain_all(service)
    assert engagement(sandbox, system, ana) == 15
    log = sandbox.salesforce.log if system == "salesforce" else sandbox.hubspot.log
    last = [entry for entry in log.entries(method=FIELDS[system]["method"]) if entry.applied][-1]
    body = msgspec.json.decode(last.raw)
    assert calls(sandbox, FIELDS[system]) == before + 1
    assert len(body["records" if system == "salesforce" else "inputs"]) == 1
    assert dead(service) == []
