"""The time to an answer is stored and split: ours, the CRM's outages, sales'; and said where people look."""

import pytest
from flows_crms import SYSTEMS, person
from flows_roles import ANA
from flows_routing import emails, routed
from flows_run import Watch, activity, decided, drain_all, lead, receive, with_parts

from integration.core.compiled.compiled_playbook import CompiledPlaybook
from integration.flows.deciding.advance import advance
from integration.flows.levels.level_figures import levels, plain_run
from integration.flows.levels.split_times import TimedRun
from integration.flows.levels.time_words import crm_name, run_words
from integration.flows.looking.explained_then import explained_then
from integration.store.crm import connection_pauses
from integration.store.outgoing import alerts
from integration.store.schema.tables import clock_runs, leads
from integration.wiring import build
from integration.wiring.whole_service import Service
from mappings.values.instant import DAY, HOUR, MINUTE, SECOND, Span, parse
from sandbox.server import Sandbox

STANDARD = CompiledPlaybook.of(build.playbook("standard"))
MORNING = parse("2026-01-06T09:00:00Z")
"""A Tuesday, at the opening of the playbook's calendar."""


@pytest.fixture
def working(service: Service, at: Watch) -> Service:
    """The service on a playbook that promises an answer within two working hours."""
    at.now = MORNING
    return with_parts(service, compiled=STANDARD)


def asked(service: Service, sandbox: Sandbox, at: Watch, system: str, *, down: Span = 0) -> None:
    """Ana, whose record we know, asks for a demo; the CRM cannot be used for so long from then on."""
    person(sandbox, system, ANA)
    receive(service, activity(0, ANA, "page_view", at(), page="blog"))
    drain_all(service)
    at.forward(MINUTE)
    drain_all(service)
    receive(service, activity(1, ANA, "demo_request", at()))
    at.forward(12 * SECOND)
    if down:
        with service.store.write() as conn:
            connection_pauses.pause(conn, system, at() + down, "503 Service Unavailable", now=at())
    drain_all(service)
    if down:
        at.forward(down)
        drain_all(service)


def answered(service: Service, at: Watch, after: Span) -> None:
    at.forward(after)
    receive(service, activity(9, ANA, "call_attempt", at(), outcome="no_answer"))
    drain_all(service)


def runs(service: Service, at: Watch) -> dict[str, TimedRun]:
    found = explained_then(service, ANA, at())
    assert found is not None
    return {each.run.clock: each for each in found.levels}


def said(service: Service, at: Watch, clock: str = "first_response") -> str:
    timed = runs(service, at)[clock]
    return run_words(timed, crm_name(service.connections, timed.connection))


@pytest.mark.parametrize(("system", "name"), [("salesforce", "Salesforce"), ("hubspot", "HubSpot")])
def test_an_answer_is_split_in_ours_the_crms_outage_and_sales(
    working: Service, sandbox: Sandbox, at: Watch, system: str, name: str
) -> None:
    asked(working, sandbox, at, system, down=40 * MINUTE)
    answered(working, at, 70 * MINUTE)
    words = said(working, at)
    assert words.startswith(
        f"first response: answered after 1 h 50 min, in time: 12 s ours, 40 min {name}'s outage, 1 h 10 min sales'"
    )
    timed = runs(working, at)["first_response"]
    assert (timed.state, timed.run.answer, timed.late_by_others) == ("met", "call_attempt", False)
    assert plain_run(timed)["plain"] == {"sender": 0, "ours": 12, "crm": 2400, "sales": 4200, "total": 6612}


@pytest.mark.parametrize("system", SYSTEMS)
def test_a_breach_that_an_outage_made_is_escalated_once_and_says_that_sales_is_not_late(
    working: Service, sandbox: Sandbox, at: Watch, system: str
) -> None:
    if system == "salesforce":
        mails = [emails(sandbox)[name] for name in ("Joaquim", "Petra")]
    else:
        mails = [str(each["email"]) for each in sandbox.hubspot.portal.owners][1:3]
    pool = f"pools: {{sdr: {{members: [{mails[0]}], manager: {mails[1]}}}}}\nroutes: [{{otherwise: sdr}}]\n"
    working = routed(working, pool)
    asked(working, sandbox, at, system, down=3 * HOUR)
    advance(working)
    drain_all(working)
    assert len(decided(working, ANA, "escalation")) == 1
    row = lead(working, ANA)
    with working.store.read() as conn:
        texts = [each.text for each in alerts.recent(conn, 0) if each.key == f"{row.id}/clock/first_response/1/breach"]
    assert "; sales is not late: it has had 0 s of the 2 h promised" in texts[0] or "is not in" in texts[0]
    if system == "hubspot":
        tasks = {each.values["coldframe_key"]: each.values["hs_task_body"] for each in sandbox.hubspot.records("tasks")}
    else:
        tasks = {each["Coldframe_Key__c"]: each["Description"] for each in sandbox.salesforce.records("Task")}
    (body,) = [text for key, text in tasks.items() if key.endswith("/escalation")]
    assert "overdue: 12 s ours, 3 h " in body
    assert "sales is not late" in body
    answered(working, at, 10 * MINUTE)
    timed = runs(working, at)["first_response"]
    assert (timed.state, timed.late_by_others) == ("late", True)
    found = levels(working, MORNING - DAY, at() + 1)
    assert [(each.clock, each.late_by_others) for each in found.figures] == [
        ("first_response", 1),
        ("accept_or_reject", 0),
    ]


def test_a_limit_of_calls_keeps_us_from_the_crm_and_not_sales(working: Service, sandbox: Sandbox, at: Watch) -> None:
    asked(working, sandbox, at, "salesforce")
    with working.store.write() as conn:
        connection_pauses.pause(conn, "salesforce", at() + HOUR, "429", now=at(), limited=True)
    answered(working, at, HOUR)
    assert "12 s ours, 1 h sales'" in said(working, at)


def test_what_waits_in_our_inbox_is_our_time_and_what_comes_late_is_the_senders(
    working: Service, sandbox: Sandbox, at: Watch
) -> None:
    person(sandbox, "salesforce", ANA)
    did = at()
    at.forward(5 * MINUTE)
    receive(working, activity(1, ANA, "demo_request", did))
    at.forward(20 * MINUTE)
    drain_all(working)
    answered(working, at, 30 * MINUTE)
    assert "5 min before it reached us, 20 min ours, 30 min sales'" in said(working, at)


def test_time_in_which_somebody_of_ours_paused_the_connection_is_ours(
    working: Service, sandbox: Sandbox, at: Watch
) -> None:
    person(sandbox, "salesforce", ANA)
    receive(working, activity(1, ANA, "demo_request", at()))
    with working.store.write() as conn:
        connection_pauses.stop(conn, "salesforce", "we look at something", now=at())
    drain_all(working)
    at.forward(HOUR)
    with working.store.write() as conn:
        connection_pauses.go(conn, "salesforce", at())
    drain_all(working)
    answered(working, at, 30 * MINUTE)
    assert "1 h ours, 30 min sales'" in said(working, at)


def test_every_run_is_kept_and_the_same_when_a_lead_is_derived_anew(
    working: Service, sandbox: Sandbox, at: Watch
) -> None:
    asked(working, sandbox, at, "salesforce")
    at.forward(HOUR)
    receive(working, activity(2, ANA, "sales_rejected", at(), reason="timing"))
    drain_all(working)
    at.forward(30 * DAY)
    receive(working, activity(3, ANA, "demo_request", at()))
    drain_all(working)

    def stored() -> list[tuple[object, ...]]:
        with working.store.read() as conn:
            return [tuple(row) for row in conn.execute(clock_runs.select().order_by(clock_runs.c.key))]

    before = stored()
    assert [row[0].rpartition("/clock/")[2] for row in before] == [  # type: ignore[attr-defined] # a key
        "accept_or_reject/1",
        "accept_or_reject/2",
        "first_response/1",
        "first_response/2",
    ]
    with working.store.write() as conn:
        conn.execute(leads.update().values(state=None, due=at()))
        conn.execute(clock_runs.insert(), [{**dict(zip(clock_runs.c.keys(), before[0], strict=True)), "key": "gone"}])
    drain_all(working)
    assert stored() == before


def test_what_began_before_we_were_live_is_counted_for_nobody(service: Service, sandbox: Sandbox, at: Watch) -> None:
    at.now = MORNING
    working = with_parts(service, compiled=STANDARD)
    person(sandbox, "salesforce", ANA)
    receive(working, activity(1, ANA, "demo_request", MORNING - 20 * DAY))
    drain_all(working)
    found = levels(working, MORNING - 40 * DAY, at() + 1)
    assert sum(each.states.total() for each in found.figures) in {0, 2}


def test_figures_are_by_person_and_pool_too(working: Service, sandbox: Sandbox, at: Watch) -> None:
    asked(working, sandbox, at, "salesforce")
    answered(working, at, 30 * MINUTE)
    (first, *_) = levels(working, MORNING - DAY, at() + 1, "person").figures
    assert first.group.endswith("example") or ":" in first.group
    assert first.plain()["median"]["sales"] == 1800
    assert [each.group for each in levels(working, MORNING - DAY, at() + 1, "pool").figures] == ["no pool", "no pool"]
