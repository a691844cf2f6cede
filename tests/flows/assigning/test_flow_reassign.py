"""A second breach gives the task to somebody else: the old one is closed with a word why, the new one tells it."""

from typing import Any

import pytest
from flows_crms import SYSTEMS, person
from flows_roles import ANA, people
from flows_routing import demo, emails, routed
from flows_run import Watch, activity, decided, drain_all, lead, receive
from joined_tasks import saw, with_further_reasons

from integration.core.model.state import LeadState
from integration.flows.assigning import reassign
from integration.flows.assigning.reassign import reassign_overdue
from integration.flows.deciding.advance import advance
from integration.flows.going_live.go_live import back_to_shadow
from integration.flows.history import load_events
from integration.flows.reading import reconcile
from integration.wiring.whole_service import Service
from mappings.values.instant import DAY, HOUR
from sandbox.server import Sandbox

SECOND_OWNER = "84120027"
RULE = "routes: [{otherwise: sdr}]\nescalation: {second_breach: reassign}\n"


def two(service: Service, sandbox: Sandbox, system: str) -> Service:
    """A pool of two, in either CRM."""
    if system == "salesforce":
        mails = [emails(sandbox)[name] for name in ("Nadia", "Joaquim")]
    else:
        mails = [str(each["email"]) for each in sandbox.hubspot.portal.owners][:2]
    return routed(service, f"pools: {{sdr: {{members: [{', '.join(mails)}]}}}}\n{RULE}")


def made(sandbox: Sandbox, system: str) -> dict[str, dict[str, Any]]:
    """Owner, subject, body and status of each task, by its key."""
    if system == "hubspot":
        names = ("hubspot_owner_id", "hs_task_subject", "hs_task_body", "hs_task_status")
        rows = [(each.values["coldframe_key"], each.values) for each in sandbox.hubspot.records("tasks")]
    else:
        names = ("OwnerId", "Subject", "Description", "Status")
        rows = [(each["Coldframe_Key__c"], each) for each in sandbox.salesforce.records("Task")]
    return {
        str(key): dict(zip(("owner", "subject", "body", "status"), (values.get(name) for name in names), strict=True))
        for key, values in rows
        if not str(key).endswith("escalation")
    }


def state_of(service: Service, email: str) -> LeadState:
    with service.store.read() as conn:
        (state,) = load_events.states_of(conn, [lead(service, email).id]).values()
    return state


def unanswered(service: Service, at: Watch, span: int) -> int:
    """Nobody answers for so long; how many tasks go to somebody else."""
    at.forward(span)
    advance(service)
    drain_all(service)
    given = reassign_overdue(service)
    drain_all(service)
    return given


@pytest.mark.parametrize("system", SYSTEMS)
def test_a_second_breach_gives_the_task_to_somebody_else_and_closes_the_old_one(
    service: Service, sandbox: Sandbox, at: Watch, system: str
) -> None:
    service = two(service, sandbox, system)
    record = person(sandbox, system, ANA)
    if system == "hubspot":
        sandbox.hubspot.set("contacts", record, {"hubspot_owner_id": ""})
    else:
        sandbox.salesforce.set("Lead", record, {"OwnerId": sandbox.salesforce.queue("In")})
    demo(service, at, ANA)
    ((old, first),) = made(sandbox, system).items()
    assert unanswered(service, at, DAY + HOUR) == 0, "one breach: the manager gets an escalation"
    assert unanswered(service, at, DAY) == 1
    found = made(sandbox, system)
    new = found[f"{old}/again"]
    assert new["owner"] not in {first["owner"], None, ""}
    assert new["subject"].startswith("Taken over: ")
    assert (
        "has not answered: first contact was promised by Wed 7 Jan 2026, 09:00 (UTC). This is yours now" in new["body"]
    )
    assert found[old]["subject"].startswith("Given to somebody else: ")
    assert found[old]["status"] in {"Completed", "COMPLETED"}
    assert unanswered(service, at, 5 * DAY) == 0, "once"
    assert len(made(sandbox, system)) == 2
    assert len(decided(service, ANA, "escalation")) == 1, "nobody is told again by whoever has it now"
    effects = {each.key: each for each in decided(service, ANA, "task")}
    assert effects[f"{old}/again"].because[0].endswith("This is yours now.")


def test_whoever_asks_again_after_a_task_was_taken_over_gets_no_second_one_while_that_is_open(
    service: Service, sandbox: Sandbox, at: Watch
) -> None:
    service = two(service, sandbox, "salesforce")
    reconcile.poll(service, "salesforce")
    at.forward(HOUR)
    person(sandbox, "salesforce", ANA)
    demo(service, at, ANA)
    unanswered(service, at, DAY + HOUR)
    assert unanswered(service, at, DAY) == 1
    for _ in range(2):  # what we closed is read, and somebody asks again
        at.forward(HOUR)
        reconcile.poll(service, "salesforce")
        drain_all(service)
        demo(service, at, ANA, at() // HOUR)
    assert len(made(sandbox, "salesforce")) == 2
    (new,) = [each for each in sandbox.salesforce.records("Task") if each["Coldframe_Key__c"].endswith("/again")]
    sandbox.salesforce.set("Task", str(new["Id"]), {"Status": "Completed"})
    at.forward(HOUR)
    reconcile.poll(service, "salesforce")
    drain_all(service)
    demo(service, at, ANA, 99)
    assert len(made(sandbox, "salesforce")) == 3, "nobody is at work on it any more"


def test_whoever_answers_in_time_keeps_the_task(service: Service, sandbox: Sandbox, at: Watch) -> None:
    service = two(service, sandbox, "salesforce")
    person(sandbox, "salesforce", ANA)
    demo(service, at, ANA)
    unanswered(service, at, DAY + HOUR)
    receive(service, activity(7, ANA, "call_attempt", at(), outcome="connected"))
    assert unanswered(service, at, 3 * DAY) == 0
    assert len(made(sandbox, "salesforce")) == 1


def test_a_lead_that_was_answered_while_nobody_else_was_there_stays_where_it_is(
    service: Service, sandbox: Sandbox, at: Watch
) -> None:
    mails = emails(sandbox)
    away = f"people: {{{mails['Joaquim']}: {{away: 2026-01-01..2026-12-31}}}}\n"
    pool = f"pools: {{sdr: {{members: [{mails['Nadia']}, {mails['Joaquim']}]}}}}\n"
    service = routed(service, f"{away}{pool}{RULE}")
    person(sandbox, "salesforce", ANA)
    demo(service, at, ANA)
    unanswered(service, at, DAY + HOUR)
    assert unanswered(service, at, DAY) == 1, "it waits for somebody"
    (task,) = made(sandbox, "salesforce").values()
    assert task["status"] != "Completed", "the old one is closed when somebody else has the new one"
    receive(service, activity(7, ANA, "call_attempt", at(), outcome="connected"))
    drain_all(service)
    assert unanswered(service, at, HOUR) == 0
    at_home = routed(service, pool + RULE)
    unanswered(at_home, at, DAY)
    assert len(made(sandbox, "salesforce")) == 1
    assert [each.withheld for each in decided(service, ANA, "task") if each.key.endswith("/again")] == ["answered"]


def test_an_owner_who_does_not_answer_loses_the_task_to_the_pool(service: Service, sandbox: Sandbox, at: Watch) -> None:
    mails = emails(sandbox)
    pool = f"pools: {{sdr: {{members: {{{mails['Nadia']}: 9, {mails['Joaquim']}: 1}}}}}}\n"
    service = routed(service, pool + RULE)
    person(sandbox, "salesforce", ANA)  # Nadia's, whose turn it would be in the pool, too
    demo(service, at, ANA)
    unanswered(service, at, DAY + HOUR)
    assert unanswered(service, at, DAY) == 1
    owners = {key: each["owner"] for key, each in made(sandbox, "salesforce").items()}
    assert [owner for key, owner in owners.items() if key.endswith("/again")] == [people(sandbox)["Joaquim"]]


def test_a_handoff_that_was_closed_without_a_word_goes_to_somebody_else_once_nothing_is_open(
    service: Service, sandbox: Sandbox, at: Watch
) -> None:
    service = two(service, sandbox, "salesforce")
    reconcile.poll(service, "salesforce")
    at.forward(HOUR)
    person(sandbox, "salesforce", ANA)
    demo(service, at, ANA)
    (task,) = sandbox.salesforce.records("Task")
    sandbox.salesforce.set("Task", str(task["Id"]), {"Status": "Completed"})

    def read() -> None:
        at.forward(HOUR)
        reconcile.poll(service, "salesforce")
        drain_all(service)

    read()
    assert unanswered(service, at, DAY + HOUR) == 0
    escalations = [each for each in sandbox.salesforce.records("Task") if not each["IsClosed"]]
    assert unanswered(service, at, DAY) == 0, "the manager has the escalation"
    for each in escalations:
        sandbox.salesforce.set("Task", str(each["Id"]), {"Status": "Completed"})
    read()
    assert reassign_overdue(service) == 1
    drain_all(service)
    found = made(sandbox, "salesforce")
    ((key, new),) = [(key, each) for key, each in found.items() if key.endswith("/again")]
    assert "closed the task without a word" in new["body"]
    assert new["owner"] != task["OwnerId"]
    assert found[key.removesuffix("/again")]["subject"] == task["Subject"], "it was closed already"
    assert unanswered(service, at, 9 * DAY) == 0, "once"
    assert lead(service, ANA).stage == "mql", "whoever took it over has it open"
    sandbox.salesforce.set(
        "Task", str(sandbox.salesforce.find("Task", Coldframe_Key__c=key)[0]["Id"]), {"Status": "Completed"}
    )
    read()
    assert unanswered(service, at, 5 * DAY) == 0
    assert lead(service, ANA).stage == "recycled", "they closed it without a word, too"
    assert [each.key.partition("/")[2] for each in decided(service, ANA, "task")][-1] == "unanswered/1/task"


def test_however_many_tasks_wait_of_leads_that_were_answered_none_hides_a_later_one(
    service: Service, sandbox: Sandbox, at: Watch, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reassign, "_BATCH", 1)
    service = two(service, sandbox, "salesforce")
    person(sandbox, "salesforce", "bo@blue.example")
    demo(service, at, "bo@blue.example")
    unanswered(service, at, DAY + HOUR)
    receive(service, activity(7, "bo@blue.example", "call_attempt", at(), outcome="connected"))
    drain_all(service)  # the task stays open in the CRM
    person(sandbox, "salesforce", ANA)
    demo(service, at, ANA, 2)
    assert unanswered(service, at, DAY + HOUR) == 0
    assert unanswered(service, at, DAY) == 1


def test_without_the_rule_and_in_shadow_mode_nobody_loses_a_task(service: Service, sandbox: Sandbox, at: Watch) -> None:
    kept = routed(
        service, f"pools: {{sdr: {{members: [{emails(sandbox)['Joaquim']}]}}}}\nroutes: [{{otherwise: sdr}}]\n"
    )
    person(sandbox, "salesforce", ANA)
    demo(kept, at, ANA)
    assert unanswered(kept, at, 4 * DAY) == 0
    ruled = two(service, sandbox, "salesforce")
    back_to_shadow(ruled)
    assert reassign_overdue(ruled) == 0


def test_whoever_takes_over_a_lead_with_several_calls_gets_one_task_and_all_the_others_are_closed_with_it(
    service: Service, sandbox: Sandbox, at: Watch
) -> None:
    mails = [emails(sandbox)[name] for name in ("Nadia", "Joaquim", "Hanna")]
    text = f"pools: {{sdr: {{members: [{', '.join(mails)}]}}}}\n{RULE}"
    service = with_further_reasons(routed(service, text))
    reconcile.poll(service, "salesforce")

    def owned_by(name: str) -> None:
        sandbox.salesforce.set("Lead", record, {"OwnerId": people(sandbox)[name]})
        at.forward(HOUR)
        reconcile.poll(service, "salesforce")
        drain_all(service)

    record = person(sandbox, "salesforce", ANA)
    owned_by("Nadia")
    demo(service, at, ANA)
    owned_by("Joaquim")
    saw(service, 2, "roi")
    before = made(sandbox, "salesforce")
    assert {each["owner"] for each in before.values()} == {people(sandbox)[name] for name in ("Nadia", "Joaquim")}
    unanswered(service, at, DAY + HOUR)
    assert unanswered(service, at, DAY) == 2
    drain_all(service)
    after = made(sandbox, "salesforce")
    ((key, new),) = [(key, each) for key, each in after.items() if key not in before]
    assert new["owner"] == people(sandbox)["Hanna"]
    assert "ROI: Ana" in new["subject"]
    assert "Asked for a demo" in new["body"]
    assert {after[each]["status"] for each in before} == {"Completed"}
    joined = [each for each in decided(service, ANA, "task") if each.key.endswith("/again") and each.key != key]
    assert [each.payload["joins"] for each in joined] == [key]
    at.forward(HOUR)
    reconcile.poll(service, "salesforce")
    drain_all(service)
    assert [each.key for each in state_of(service, ANA).conversations] == [key.removesuffix("/again")]
    assert unanswered(service, at, DAY) == 0, "once"


def test_what_is_asked_of_whoever_had_the_lead_before_is_given_to_nobody_else(
    service: Service, sandbox: Sandbox, at: Watch
) -> None:
    service = two(service, sandbox, "salesforce")
    person(sandbox, "salesforce", ANA)
    demo(service, at, ANA)
    receive(service, activity(7, ANA, "sales_rejected", at()))
    unanswered(service, at, 5 * DAY)
    assert lead(service, ANA).stage == "recycled", "nobody said why"
    causes = {key.partition("/")[2] for key in made(sandbox, "salesforce")}
    assert {"rejection/1/task", "unanswered/1/task"} <= causes
    demo(service, at, ANA, 8)
    unanswered(service, at, DAY + HOUR)
    unanswered(service, at, DAY)
    over = {key.partition("/")[2] for key in made(sandbox, "salesforce") if key.endswith("/again")}
    assert over, "the handoff is somebody else's now"
    assert all(each.startswith("play/") for each in over)
