"""Sync errors in the console: found by kind, read with the record beside them, tried again, discarded, exported."""

import csv
import re
from collections.abc import Mapping
from io import StringIO
from typing import Any

import pytest
from console_browser import ConsoleBrowser, ConsoleGround
from werkzeug.datastructures import MultiDict
from werkzeug.test import TestResponse

from integration.store.audit import audit_trail
from integration.store.db.session import Store
from integration.store.people import leads, record_references
from integration.store.people.leads import NewLead
from integration.store.people.record_references import Reference
from integration.store.queues import dead_letters
from integration.store.queues.dead_letters import Letter
from mappings.values.identifiers import ConnectionName, ExternalId, LeadId

ANA = LeadId("lead-of-ana")


@pytest.fixture
def failed(ground: ConsoleGround, store: Store) -> ConsoleGround:
    """Two writes that HubSpot refused, about Ana, a delivery that is no JSON, and a lead that cannot be decided."""
    now = ground.now()

    def letter(stage: Any, source: str, reason: str, payload: bytes = b"{}", lead: LeadId | None = None) -> Letter:
        return Letter(stage=stage, source=source, ref="7", payload=payload, reason=reason, at=now, lead_id=lead)

    with store.write() as conn:
        fields = {"company": "Acme <b>", "city": None}
        leads.add(conn, [NewLead(id=ANA, email="ana@acme.example", fields=fields, created_at=now)])
        reference = Reference(
            connection=ConnectionName("hubspot"), object="contact", external_id=ExternalId("501"), lead_id=ANA
        )
        record_references.link(conn, [reference])
        refused = 'VALIDATION_ERROR: Property "city" is required'
        dead_letters.add(conn, [letter("deliver", "hubspot", refused, b'{"kind":"task","n":[1,2]}', ANA)] * 2)
        dead_letters.add(conn, [letter("ingest", "activities", "=cmd|' /C calc'!A0", b"no JSON \xff")])
        dead_letters.add(conn, [letter("advance", "coldframe", "the rules failed", lead=ANA)])
    return ground


def send(browser: ConsoleBrowser, path: str, *fields: tuple[str, str]) -> TestResponse:
    """Send a form in which a name may stand several times."""
    data = MultiDict([*fields, ("csrf_token", browser.form_token())])
    headers = {"Referer": f"{browser.base}/console/"}
    return browser.client.post(f"/console/work/errors/{path}", data=data, base_url=browser.base, headers=headers)


def text(browser: ConsoleBrowser, path: str) -> str:
    answer = browser.get(path)
    assert answer.status_code == 200, answer.text
    return " ".join(re.sub(r"<[^>]+>", " ", answer.text[answer.text.index("<main") :]).split())


def ended(store: Store) -> Mapping[int, bool]:
    with store.read() as conn:
        return {each.id: each.replayed_at is not None for each in dead_letters.get(conn, [1, 2, 3, 4])}


def audited(store: Store) -> list[tuple[str, str, str, Any]]:
    with store.read() as conn:
        found = audit_trail.found(conn, since=0, action="", limit=50)
    return [
        (line.actor, line.action, line.subject, line.detail.get("reason"))
        for line in found
        if line.action in {"replay", "discard"}
    ]


def test_without_sync_errors_the_page_says_so(ground: ConsoleGround) -> None:
    assert "No sync error waits." in text(ground.signed_in("viewer"), "/console/work/errors")


def test_the_list_shows_kinds_and_each_with_its_reason(failed: ConsoleGround) -> None:
    shown = text(failed.signed_in("viewer"), "/console/work/errors")
    assert re.search(r"Writing to a CRM HubSpot VALIDATION_ERROR: .* is required 2", shown)
    assert "Reading what came in activities" in shown
    assert "letter" not in shown.lower()
    assert "Try" not in shown.partition("then try it again")[2], "a viewer looks"


@pytest.mark.parametrize(
    ("query", "count"),
    [("stage=deliver", 2), ("source=activities", 1), ("word=validation", 2), ("word=nothing", 0), ("before=3", 2),
     ("before=x", 4), ("before=99999999999999999999999", 4), ("word=%25", 0), ("stage=nonsense", 0)],
)  # fmt: skip
def test_the_list_is_filtered(failed: ConsoleGround, query: str, count: int) -> None:
    page = failed.signed_in("viewer").get(f"/console/work/errors?{query}").text
    assert len(set(re.findall(r'href="/console/work/errors/(\d+)"', page))) == count


def test_one_error_shows_the_words_of_the_crm_what_was_sent_and_the_record(failed: ConsoleGround) -> None:
    page = failed.signed_in("viewer").get("/console/work/errors/1").text
    shown = " ".join(re.sub(r"<[^>]+>", " ", page).split())
    assert "Property &#34;city&#34; is required" in shown
    assert "&#34;kind&#34;: &#34;task&#34;" in shown
    assert "ana@acme.example" in shown
    assert re.search(r'href="/console/leads/[^"]+"[^>]*>ana@acme.example', page)
    assert "HubSpot: contact 501" in shown
    assert "Acme &lt;b&gt;" in page
    assert "no JSON" in text(failed.signed_in("viewer"), "/console/work/errors/3")


@pytest.mark.parametrize("number", ["99", "99999999999999999999999"])
def test_an_error_that_is_none_is_said_on_a_page(failed: ConsoleGround, number: str) -> None:
    answer = failed.signed_in("viewer").get(f"/console/work/errors/{number}")
    assert (answer.status_code, "There is no sync error" in answer.text) == (404, True)


def test_some_are_tried_again_once_and_the_audit_says_who_asked(
    failed: ConsoleGround, store: Store, woken: list[str]
) -> None:
    editor = failed.signed_in("editor", "bo@acme.example")
    answer = send(editor, "retry", ("id", "1"), ("id", "3"), ("source", "hubspot"))
    assert answer.headers["Location"] == "/console/work/errors?source=hubspot"
    assert ended(store) == {1: True, 2: False, 3: True, 4: False}
    assert "deliver:hubspot" in woken
    assert "2 sync errors are tried again." in text(editor, "/console/work/errors")
    send(editor, "retry", ("id", "1"))
    assert "0 sync errors are tried again. The other 1 had ended before" in text(editor, "/console/work/errors")
    assert [each[:2] for each in audited(store)] == [("bo@acme.example", "replay")] * 2
    assert "It ended" in text(editor, "/console/work/errors/1")


def test_all_of_a_kind_are_tried_again_and_no_other(failed: ConsoleGround, store: Store) -> None:
    editor = failed.signed_in("editor")
    assert send(editor, "retry-all", ("stage", "deliver"), ("word", "city")).status_code == 303
    assert ended(store) == {1: True, 2: True, 3: False, 4: False}
    send(editor, "retry-all", ("stage", "deliver"))
    assert "No such sync error waits." in text(editor, "/console/work/errors")


def test_of_very_many_some_thousands_are_tried_in_one_request(
    failed: ConsoleGround, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("integration.web.console.work.error_pages._AT_ONCE", 1)
    monkeypatch.setattr("integration.web.console.work.error_pages._MOST", 3)
    editor = failed.signed_in("editor")
    send(editor, "retry-all")
    assert sum(ended(store).values()) == 3
    assert "3 sync errors are tried again. More wait: press the button again." in text(editor, "/console/work/errors")


def test_discarding_wants_a_reason_and_keeps_it(failed: ConsoleGround, store: Store) -> None:
    editor = failed.signed_in("editor", "bo@acme.example")
    assert send(editor, "discard", ("id", "3")).status_code == 400
    assert send(editor, "discard", ("id", "3"), ("reason", "  ")).status_code == 400
    assert send(editor, "discard", ("id", "3"), ("reason", "a test of the agency")).status_code == 303
    assert ended(store)[3]
    assert audited(store) == [("bo@acme.example", "discard", "letter 3", "a test of the agency")]


def test_what_must_be_done_is_not_discarded(failed: ConsoleGround, store: Store) -> None:
    editor = failed.signed_in("editor")
    answer = send(editor, "discard", ("id", "4"), ("id", "1"), ("reason", "no"))
    assert (answer.status_code, "must be done" in answer.text) == (400, True)
    assert not any(ended(store).values())
    assert "cannot be discarded" in text(editor, "/console/work/errors/4")


@pytest.mark.parametrize("path", ["retry", "discard"])
@pytest.mark.parametrize("given", [(), (("id", "x"),), (("id", "-1"),), (("id", "9" * 30),)])
def test_a_form_that_chooses_nothing_is_refused_in_words(
    failed: ConsoleGround, path: str, given: tuple[tuple[str, str], ...]
) -> None:
    answer = send(failed.signed_in("editor"), path, *given, ("reason", "r"))
    assert (answer.status_code, "Nothing was chosen" in answer.text) == (400, True)


def test_the_table_for_spreadsheets_has_every_row_and_no_formula(
    failed: ConsoleGround, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("integration.web.console.work.error_pages._AT_ONCE", 2)
    answer = failed.signed_in("viewer").get("/console/work/errors/list.csv")
    rows = list(csv.DictReader(StringIO(answer.data.decode("utf-8-sig"))))
    assert [row["id"] for row in rows] == ["4", "3", "2", "1"]
    assert rows[1]["reason"].startswith("'=cmd")
    assert rows[0]["work"] == "Deciding about a lead"
    assert answer.headers["Content-Disposition"] == 'attachment; filename="sync-errors.csv"'
    only = failed.signed_in("viewer").get("/console/work/errors/list.csv?stage=ingest")
    assert len(list(csv.DictReader(StringIO(only.data.decode("utf-8-sig"))))) == 1
