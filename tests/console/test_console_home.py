"""The first page: what needs a person, where leads stand, this week's MQLs, and how fast they were answered."""

import re
from typing import Any

from console_browser import ConsoleGround, Grounds
from flows_run import Watch

from integration.examining import stored_findings
from integration.flows.levels import week_figures
from integration.processes.count_figures import count_slow
from integration.store.assigning import clock_runs
from integration.store.assigning.clock_runs import ClockRun
from integration.store.crm import connection_pauses
from integration.store.db.session import Store
from integration.store.events import decided_effects
from integration.store.events.decided_effects import EffectRow
from integration.store.overall import figure_snapshots
from integration.store.progress import write_permission
from integration.store.progress.write_permission import WritePermission
from integration.store.queues import dead_letters
from integration.store.queues.dead_letters import Letter
from integration.web.console.home.home_pages import share, stage_bars
from integration.wiring.whole_service import Service
from mappings.values.identifiers import ConnectionName, LeadId
from mappings.values.instant import DAY, HOUR, MINUTE, Instant, parse

MONDAY = parse("2026-01-05T00:00:00Z")


def _entered(store: Store, lead: str, stage: str, at: Instant) -> None:
    row = EffectRow(
        key=f"{lead}/{stage}/{at}",
        lead_id=LeadId(lead),
        kind="stage",
        at=at,
        payload={"before": None, "after": stage},
        because=(),
        decided_at=at,
    )
    with store.write() as conn:
        decided_effects.add(conn, [row])


def _text(ground: ConsoleGround) -> str:
    page = ground.signed_in("viewer").get("/console/").text
    return " ".join(re.sub(r"<[^>]+>", " ", page[page.index("<main") :]).split())


def test_before_anything_was_counted_the_page_says_what_to_start(ground: ConsoleGround) -> None:
    assert "Nothing has been counted yet" in _text(ground)


def test_the_page_says_whether_the_crms_are_written_to(ground: ConsoleGround, store: Store, grounds: Grounds) -> None:
    with store.write() as conn:
        write_permission.take_back(conn)
    assert "Shadow mode." in _text(ground)
    assert "coldframe live starts writing" in _text(ground)
    with store.write() as conn:
        write_permission.give(conn, WritePermission(at=ground.now() - 2 * HOUR, live_from=0))
    assert "The CRMs are written to since 2 hours ago" in _text(ground)
    assert "unset it and restart" in _text(grounds(COLDFRAME_SHADOW="1"))


def test_what_needs_a_person_is_said_in_sentences_with_what_to_do(
    ground: ConsoleGround, store: Store, service: Service
) -> None:
    figure_snapshots.count(store, ground.now())
    assert "Nothing. Everything that waits goes on by itself." in _text(ground)
    failed = Letter(stage="deliver", source="hubspot", ref="1", payload=b"", reason="refused", at=ground.now())
    with store.write() as conn:
        connection_pauses.stop(conn, ConnectionName("salesforce"), "migration", now=ground.now() - 3 * HOUR)
        connection_pauses.pause(conn, ConnectionName("hubspot"), ground.now() + HOUR, "503", now=ground.now())
        dead_letters.add(conn, [failed, failed])
        _run(conn, "r1", ground.now() - DAY, breached=True)
    count_slow(service, ground.settings)
    figure_snapshots.count(store, ground.now())
    text = _text(ground)
    assert "Nothing has gone to Salesforce for 3 hours: migration." in text
    assert "HubSpot takes nothing for less than a minute: 503. It is tried again in 1 hour." in text
    assert "2 sync errors" in text
    assert "1 answer is overdue." in text
    assert 'href="/console/leads?level=breached"' in ground.signed_in("viewer").get("/console/").text
    assert "CRM: none is connected To do:" in text  # the settings name none: one of doctor's findings


def test_a_finding_that_is_mended_is_gone_when_it_is_looked_at_again(
    ground: ConsoleGround, store: Store, service: Service, grounds: Grounds
) -> None:
    count_slow(service, ground.settings)
    connected = grounds(HUBSPOT_ACCESS_TOKEN="t", COLDFRAME_POLLED="hubspot").settings
    with store.read() as conn:
        before = {each.subject for each in stored_findings.kept(conn)}
    count_slow(service, connected)
    with store.read() as conn:
        after = {each.subject for each in stored_findings.kept(conn)}
    assert ("CRM" in before, "CRM" in after) == (True, False)


def test_mqls_count_in_the_week_they_became_one_with_what_became_of_them(
    ground: ConsoleGround, store: Store, service: Service, at: Watch
) -> None:
    at.now = MONDAY + 2 * DAY
    _entered(store, "old", "mql", MONDAY - 8 * DAY)  # before last week
    _entered(store, "old", "sal", MONDAY - DAY)
    _entered(store, "last", "mql", MONDAY - 1)
    _entered(store, "last", "sal", MONDAY + HOUR)  # this week, and one of last week's all the same
    _entered(store, "now", "mql", MONDAY)
    _entered(store, "now", "sal", MONDAY)  # at the same instant
    _entered(store, "now", "sql", MONDAY + DAY)
    _entered(store, "twice", "mql", MONDAY)
    _entered(store, "twice", "recycled", MONDAY + HOUR)
    _entered(store, "twice", "sal", MONDAY + 2 * HOUR)  # by nobody's word an MQL then
    _entered(store, "twice", "mql", MONDAY + 3 * HOUR)
    week_figures.count(service)
    with store.read() as conn:
        found = week_figures.kept(conn)
    assert found is not None
    assert [(each.mql, each.sal, each.sql) for each in found.weeks] == [(3, 1, 1), (1, 1, 0)]
    figure_snapshots.count(store, at())
    assert "This week 3 1 1 Last week 1 1 0" in _text(ground)


def test_a_share_of_few_people_is_not_shown() -> None:
    assert [share(9, 19), share(9, 20), share(0, 0)] == ["", "45%", ""]


def test_every_stage_has_a_bar_in_the_order_of_a_leads_life() -> None:
    found = stage_bars({"mql": 10, "inquiry": 1_000, "": 3})
    assert [each.name for each in found][:3] == ["Inquiry", "MQL", "SAL"]
    assert [(each.count, each.width) for each in found][:3] == [(1_000, 240), (10, 2), (0, 0)]
    assert found[-1].name == "Not decided yet"
    assert "Not decided yet" not in {each.name for each in stage_bars({"mql": 1})}


def test_answers_of_the_last_week_are_shown_with_how_long_they_took(
    ground: ConsoleGround, store: Store, service: Service
) -> None:
    now = ground.now()
    with store.write() as conn:
        _run(conn, "met", now - DAY, ended=now - DAY + 40 * MINUTE)
        _run(conn, "over", now - 2 * DAY, breached=True)
        _run(conn, "before", now - 8 * DAY, breached=True)
    week_figures.count(service)
    figure_snapshots.count(store, now)
    assert re.search(r"Speed to lead, last seven days .* 1 0 1 0 40 min 40 min", _text(ground))


def _run(conn: Any, key: str, started: Instant, *, breached: bool = False, ended: Instant | None = None) -> None:
    run = ClockRun(
        key=key,
        lead_id=LeadId(key),
        clock="first_touch",
        times=1,
        started_at=started,
        received_at=started,
        due_at=started + HOUR,
        breached=breached,
        ended_at=ended,
        answer="call_logged" if ended else "",
    )
    clock_runs.put(conn, [run])
