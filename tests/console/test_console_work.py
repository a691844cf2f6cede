"""What waits in the console: queues, the kill switch, people without a record, alerts, the audit trail."""

import csv
import re
from io import StringIO

import pytest
from console_browser import ConsoleBrowser, ConsoleGround, Grounds
from flows_run import Watch

from integration.store.audit import audit_trail
from integration.store.audit.audit_trail import Entry
from integration.store.crm import connection_pauses
from integration.store.db.session import Store
from integration.store.outgoing import alerts, outbox
from integration.store.outgoing.alerts import RaisedAlert
from integration.store.outgoing.outbox import NewOnce
from integration.store.overall import figure_snapshots
from integration.store.people import leads
from integration.store.people.leads import NewLead
from integration.store.queues import inbox
from mappings.values.identifiers import ConnectionName, LeadId
from mappings.values.instant import DAY, HOUR, MINUTE

HUBSPOT = ConnectionName("hubspot")


def text(browser: ConsoleBrowser, path: str) -> str:
    answer = browser.get(path)
    assert answer.status_code == 200, answer.text
    return " ".join(re.sub(r"<[^>]+>", " ", answer.text[answer.text.index("<main") :]).split())


def wait(store: Store, at: int, *emails: str) -> None:
    """Somebody whom no CRM knows has a task."""
    with store.write() as conn:
        for email in emails:
            leads.add(conn, [NewLead(id=LeadId(email), email=email, fields={}, created_at=at)])
            outbox.want_once(conn, HUBSPOT, "task", [NewOnce(key=email, lead_id=LeadId(email), payload={})], at)


def test_queues_show_depth_and_the_oldest_by_connection_and_kind(ground: ConsoleGround, store: Store) -> None:
    assert "Nothing has been counted yet" in text(ground.signed_in("viewer"), "/console/work")
    wait(store, ground.now() - 3 * HOUR, "ana@acme.example", "bo@acme.example")
    with store.write() as conn:
        inbox.add(conn, [("activities", {}, b"{}", ground.now() - 5 * MINUTE)])
    figure_snapshots.count(store, ground.now())
    shown = text(ground.signed_in("viewer"), "/console/work")
    assert "Deliveries to read 1 5 minutes ago 0" in shown
    assert "HubSpot Tasks 2 3 hours ago 0" in shown


def test_an_admin_pauses_a_connection_with_a_reason_and_resumes_it(
    ground: ConsoleGround, store: Store, at: Watch, woken: list[str]
) -> None:
    admin = ground.signed_in("admin", "ana@acme.example")
    assert admin.post("/console/work/pause", {"connection": "hubspot"}).status_code == 400
    assert admin.post("/console/work/pause", {"connection": "nobody", "reason": "r"}).status_code == 404
    assert admin.post("/console/work/pause", {"connection": "hubspot", "reason": "a migration"}).status_code == 303
    at.forward(HOUR)
    with store.read() as conn:
        assert list(connection_pauses.paused(conn, ground.now())) == ["hubspot"]
    viewer = ground.signed_in("viewer")
    shown = text(viewer, "/console/work")
    assert "HubSpot stopped paused by ana@acme.example: a migration, 1 hour ago" in shown
    assert "Resume" not in shown
    assert admin.post("/console/work/resume", {"connection": "hubspot"}).status_code == 303
    assert "deliver:hubspot" in woken
    assert "HubSpot goes on; 0 writes wait." in text(admin, "/console/work")
    with store.read() as conn:
        assert not connection_pauses.paused(conn, ground.now())
        found = audit_trail.found(conn, since=0, action="", limit=9)
    lines = [(line.actor, line.action, line.subject, dict(line.detail)) for line in found]
    assert ("ana@acme.example", "paused", "hubspot", {"reason": "a migration"}) in lines
    assert ("ana@acme.example", "resumed", "hubspot", {}) in lines


def test_all_connections_are_paused_and_resumed_at_once(ground: ConsoleGround, store: Store) -> None:
    admin = ground.signed_in("admin")
    assert "Pause all" in text(admin, "/console/work")
    admin.post("/console/work/pause", {"reason": "an incident"})
    with store.read() as conn:
        assert sorted(connection_pauses.stopped(conn)) == ["hubspot", "salesforce"]
    assert "Pause all" not in text(admin, "/console/work")
    admin.post("/console/work/resume")
    with store.read() as conn:
        assert not connection_pauses.stopped(conn)


def test_people_who_wait_for_a_record_are_named_the_longest_waiting_first(ground: ConsoleGround, store: Store) -> None:
    assert "Nobody waits." in text(ground.signed_in("viewer"), "/console/work/people")
    wait(store, ground.now() - HOUR, "bo@acme.example")
    wait(store, ground.now() - 2 * DAY, "ana@acme.example")
    shown = text(ground.signed_in("viewer"), "/console/work/people")
    assert "ana@acme.example HubSpot 2 days ago 1 0 bo@acme.example HubSpot 1 hour ago 1 0" in shown


def test_alerts_are_shown_with_where_they_went(grounds: Grounds, store: Store) -> None:
    ground = grounds(COLDFRAME_SLACK_CHANNELS="ops=https://hooks.slack.com/services/T/B/x")
    assert "No alert was raised." in text(ground.signed_in("viewer"), "/console/work/alerts")
    (channel,) = ground.settings.channels
    now = ground.now()
    rows = [
        RaisedAlert(key=key, alert="connection_paused", text=f"about {key}", at=now, raised_at=now + number)
        for number, key in enumerate(("old", "new"))
    ]
    with store.write() as conn:
        alerts.add(conn, rows)
        alerts.want(conn, channel.way, [(rows[1], 0)], now)
    shown = text(ground.signed_in("viewer"), "/console/work/alerts")
    assert re.search(rf"about new {channel.way}: waits .* about old nowhere but the log", shown)


def test_the_audit_trail_is_filtered_and_exported_without_formulas(ground: ConsoleGround, store: Store) -> None:
    lines = [
        Entry(at=ground.now() - 9 * DAY, actor="=bo", action="pause", subject="hubspot", detail={"reason": "@x"}),
        Entry(at=ground.now(), actor="ana", action="replay", subject="letter 17"),
    ]
    with store.write() as conn:
        audit_trail.add(conn, lines)
    viewer = ground.signed_in("viewer")
    assert "=bo pause hubspot reason: @x" in text(viewer, "/console/work/audit?action=pause")
    assert "ana replay sync error 17" in text(viewer, "/console/work/audit?actor=ana")
    assert "hubspot" not in text(viewer, "/console/work/audit?days=7")
    assert "no such line" in text(viewer, "/console/work/audit?actor=nobody")
    assert viewer.get("/console/work/audit?days=x&before=-1").status_code == 200
    answer = viewer.get("/console/work/audit/list.csv?action=pause")
    (row,) = csv.DictReader(StringIO(answer.data.decode("utf-8-sig")))
    assert (row["who"], row["about"], row["detail"]) == ("'=bo", "hubspot", "reason: @x")


def test_a_long_trail_is_read_page_by_page(
    ground: ConsoleGround, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("integration.web.console.work.audit_pages._PAGE", 2)
    with store.write() as conn:
        audit_trail.add(conn, [Entry(at=1, actor="x", action="probe", subject=f"number {n}") for n in range(5)])
    viewer, path, seen = ground.signed_in("viewer"), "/console/work/audit?action=probe", []
    while path:
        page = viewer.get(path).text
        seen += re.findall(r"number (\d)", page)
        older = re.search(r'href="([^"]+)">Older ones', page)
        path = older[1].replace("&amp;", "&") if older else ""
    assert seen == ["4", "3", "2", "1", "0"]
