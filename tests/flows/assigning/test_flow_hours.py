"""Whose hours a clock counts by, from the assignment to the CRM: stored as a fact, the same when derived anew."""

from typing import Any

import pytest
from crm_texts import words_of
from flows_crms import SYSTEMS, person
from flows_roles import ANA
from flows_routing import demo, emails, routed
from flows_run import Watch, activity, decided, drain_all, history, lead, receive, with_parts

from integration.core.compiled.compiled_playbook import CompiledPlaybook
from integration.core.model.state import LeadState
from integration.flows.deciding.advance import advance
from integration.flows.history import load_events
from integration.store.schema.tables import leads
from integration.wiring import build
from integration.wiring.whole_service import Service
from mappings.values.instant import HOUR, parse, show
from sandbox.server import Sandbox

STANDARD = CompiledPlaybook.of(build.playbook("standard"))
MORNING = parse("2026-01-06T16:00:00Z")
"""A Tuesday, an hour before the playbook's calendar closes."""
AUCKLAND = "Mon-Fri 09:00-17:00 Pacific/Auckland"
BERLIN = "Mon-Fri 08:00-16:00 Europe/Berlin"


def pool(sandbox: Sandbox, system: str, **hours: str) -> tuple[str, list[str]]:
    """A routing with one pool of as many people as have hours, and their e-mails."""
    if system == "salesforce":
        mails = [emails(sandbox)[name] for name in ("Nadia", "Joaquim")][: len(hours)]
    else:
        mails = [str(each["email"]) for each in sandbox.hubspot.portal.owners][: len(hours)]
    people = "".join(f"  {mail}: {told}\n" for mail, told in zip(mails, hours.values(), strict=True) if told)
    return f"people:\n{people}pools: {{sdr: {{members: [{', '.join(mails)}]}}}}\nroutes: [{{otherwise: sdr}}]\n", mails


def on_standard(service: Service, at: Watch, text: str) -> Service:
    at.now = MORNING
    return routed(with_parts(service, compiled=STANDARD), text)


def state(service: Service) -> LeadState:
    row = lead(service, ANA)
    with service.store.read() as conn:
        return load_events.states_of(conn, [row.id])[row.id]


def unowned(sandbox: Sandbox, system: str) -> None:
    record = person(sandbox, system, ANA)
    if system == "hubspot":
        sandbox.hubspot.set("contacts", record, {"hubspot_owner_id": ""})
    else:
        sandbox.salesforce.set("Lead", record, {"OwnerId": sandbox.salesforce.queue("In")})


def task(sandbox: Sandbox, system: str) -> dict[str, Any]:
    if system == "hubspot":
        (found,) = sandbox.hubspot.records("tasks")
        return {"body": found.values["hs_task_body"], "due": found.values["hs_timestamp"]}
    (found,) = sandbox.salesforce.records("Task")
    return {"body": found["Description"], "due": found["ActivityDate"]}


@pytest.mark.parametrize("system", SYSTEMS)
def test_a_task_is_due_and_its_clock_runs_out_in_the_hours_of_whoever_got_it(
    service: Service, sandbox: Sandbox, at: Watch, system: str
) -> None:
    text, mails = pool(sandbox, system, one=f'{{hours: "{AUCKLAND}"}}')
    service = on_standard(service, at, text)
    unowned(sandbox, system)
    demo(service, at, ANA)
    (fact,) = [each for each in history(service, ANA) if each.type == "task_given"]
    assert fact.properties["to"] == mails[0]
    assert fact.properties["hours"] == "Mon,Tue,Wed,Thu,Fri 09:00-17:00 Pacific/Auckland"
    run = state(service).clocks["first_response"]
    assert show(run.due) == "2026-01-06T22:00:00Z", "two hours from their Wednesday morning"
    found = task(sandbox, system)
    if system == "hubspot":
        assert found["due"].startswith("2026-01-06T22:00")
    else:
        assert found["due"] in {"2026-01-06", "2026-01-07"}
    said = "Wed 7 Jan 2026, 11:00 (Pacific/Auckland)" if system == "hubspot" else "Tue 6 Jan 2026, 2"
    assert f"Answer due: {said}" in words_of(found["body"]), (
        "in the zone that the CRM has for them, else of their hours"
    )
    standing = state(service)
    at.forward(5 * HOUR + 1)
    advance(service)
    assert [each.key for each in decided(service, ANA, "escalation")] == [], "Auckland has an hour left"
    at.forward(HOUR)
    advance(service)
    assert len(decided(service, ANA, "escalation")) == 1
    assert standing.hours == fact.properties["hours"]


def test_deriving_a_lead_anew_gives_the_same_deadline_and_no_second_escalation(
    service: Service, sandbox: Sandbox, at: Watch
) -> None:
    text, _ = pool(sandbox, "salesforce", one=f'{{hours: "{AUCKLAND}"}}')
    service = on_standard(service, at, text)
    unowned(sandbox, "salesforce")
    demo(service, at, ANA)
    at.forward(8 * HOUR)
    drain_all(service)
    before, said = state(service), [each.key for each in decided(service, ANA, "escalation")]
    with service.store.write() as conn:
        conn.execute(leads.update().values(state=None, due=at()))
    drain_all(service)
    assert state(service).clocks == before.clocks
    assert [each.key for each in decided(service, ANA, "escalation")] == said
    assert len(said) == 1


def test_who_is_away_all_the_time_has_the_playbooks_calendar_counting(
    service: Service, sandbox: Sandbox, at: Watch
) -> None:
    mail = emails(sandbox)["Nadia"]
    text = f'people: {{{mail}: {{hours: "{AUCKLAND}", away: "2026-01-01..2026-12-31"}}}}\n'
    service = on_standard(service, at, text)
    person(sandbox, "salesforce", ANA)  # Nadia's lead: an owner gets their own, away or not
    demo(service, at, ANA)
    assert show(state(service).clocks["first_response"].due) == "2026-01-07T10:00:00Z"


def test_without_hours_in_the_routing_nothing_is_noted(service: Service, sandbox: Sandbox, at: Watch) -> None:
    text, _ = pool(sandbox, "salesforce", one="")
    service = on_standard(service, at, text.replace("people:\n", ""))
    unowned(sandbox, "salesforce")
    demo(service, at, ANA)
    assert [each for each in history(service, ANA) if each.type == "task_given"] == []
    assert show(state(service).clocks["first_response"].due) == "2026-01-07T10:00:00Z"


def test_a_holiday_of_the_persons_country_is_waited_for(service: Service, sandbox: Sandbox, at: Watch) -> None:
    """6 January is a holiday in Austria, and none in the playbook's calendar."""
    text, _ = pool(sandbox, "salesforce", one='{hours: "Mon-Fri 08:00-20:00 Europe/Vienna", holidays: AT}')
    service = on_standard(service, at, text)
    unowned(sandbox, "salesforce")
    demo(service, at, ANA)
    assert show(state(service).clocks["first_response"].due) == "2026-01-07T09:00:00Z"


def test_a_task_for_the_manager_changes_nobodys_hours(service: Service, sandbox: Sandbox, at: Watch) -> None:
    mails = emails(sandbox)
    nadia = f'{mails["Nadia"]}: {{hours: "{AUCKLAND}", manager: {mails["Petra"]}}}'
    service = on_standard(service, at, f'people: {{{nadia}, {mails["Petra"]}: {{hours: "{BERLIN}"}}}}\n')
    person(sandbox, "salesforce", ANA)
    demo(service, at, ANA)
    at.forward(8 * HOUR)
    drain_all(service)
    assert len(sandbox.salesforce.records("Task")) == 2
    facts = [each.properties["to"] for each in history(service, ANA) if each.type == "task_given"]
    assert facts == [mails["Nadia"]]
    receive(service, activity(7, ANA, "call_attempt", at(), outcome="no_answer"))
    drain_all(service)
    assert state(service).clocks["first_response"].answer == "call_attempt"
