"""The rules in the console: checked, tried, published and put back, by the same steps as on the command line."""

import html
import re
from collections.abc import Callable

import pytest
from console_browser import ConsoleBrowser, ConsoleGround
from edited_texts import edited_text
from flows_crms import person
from flows_run import Watch, activity, drain_all, lead, receive, with_parts, write_freely
from sqlalchemy import text

from integration.flows.reading import reconcile
from integration.store.audit import audit_trail
from integration.store.console import rule_drafts
from integration.store.events import playbook_versions
from integration.web.console.rules import draft_impact
from integration.wiring.whole_service import Service
from mappings.values.instant import DAY, HOUR
from sandbox.server import Sandbox

ANA = "ana@acme.example"


@pytest.fixture
def living(service: Service, sandbox: Sandbox, at: Watch) -> Service:
    """A service that knows Ana, who has looked at prices twice."""
    write_freely(service.store)
    person(sandbox, "hubspot", ANA)
    reconcile.poll(service, next(iter(service.connections)))
    receive(service, *(activity(n, ANA, "page_view", at() - n * HOUR, page="pricing") for n in range(2)))
    drain_all(service)
    running = with_parts(service, started=at())  # nothing that it was started with is put in force any more
    at.forward(DAY)
    drain_all(running)
    return running


def versions(service: Service) -> list[tuple[int, str, str, str]]:
    with service.store.read() as conn:
        return [(each.number, each.what, each.author, each.reason) for each in playbook_versions.every(conn)]


def in_force(service: Service) -> str:
    with service.store.read() as conn:
        return playbook_versions.texts(conn, playbook_versions.every(conn)[0].number).playbook


def propose(browser: ConsoleBrowser, subject: str, body: str, **more: str) -> str:
    """Propose a text; the address of its draft."""
    answer = browser.post(f"/console/rules/propose/{subject}", {"text": body, "reason": "a test", **more})
    assert answer.status_code == 303, answer.text
    return answer.headers["Location"]


def test_a_changed_playbook_is_tried_then_published_then_put_back(living: Service, ground: ConsoleGround) -> None:
    browser, before = ground.signed_in("editor", "bo@acme.example"), in_force(living)
    total = lead(living, ANA).total
    draft = propose(browser, "playbook", edited_text(before, ("    pricing: 15", "    pricing: 8")))
    page = browser.get(draft).text
    assert "Publish as version 2" in page
    assert versions(living)[0][0] == 1, "nothing is published yet"
    answer = browser.post(draft.replace("/drafts/", "/publish/"))
    assert answer.headers["Location"] == "/console/rules/"
    assert versions(living)[0] == (2, "playbook", "bo@acme.example", "a test")
    drain_all(living)
    assert lead(living, ANA).total != total
    shown = browser.get("/console/rules/versions/2").text
    assert 'class="removed"' in shown
    assert 'class="added"' in shown
    back = browser.post("/console/rules/rollback/1").headers["Location"]
    assert browser.post(back.replace("/drafts/", "/publish/")).status_code == 303
    drain_all(living)
    assert (in_force(living), lead(living, ANA).total) == (before, total)
    assert versions(living)[0] == (3, "playbook", "bo@acme.example", "back to version 1")
    with living.store.read() as conn:
        lines = [(each.actor, each.action, each.subject) for each in audit_trail.recent(conn, 9)]
    assert ("bo@acme.example", "publish", "version 3") in lines


def test_a_text_with_mistakes_is_not_proposed_and_each_mistake_has_its_line(
    living: Service, ground: ConsoleGround
) -> None:
    browser = ground.signed_in("editor")
    wrong = edited_text(in_force(living), ("[page_view page=pricing", "[page_vew page=pricing"))
    line = next(number for number, row in enumerate(wrong.splitlines(), 1) if "page_vew" in row)
    answer = browser.post("/console/rules/propose/playbook", {"text": wrong, "reason": "a test"})
    assert answer.status_code == 400
    assert f'data-line="{line}"' in answer.text
    assert wrong[:200] in html.unescape(answer.text), "what was written is not lost"
    checked = browser.post("/console/rules/check/playbook", {"text": wrong}).json
    assert checked is not None
    assert (line, "error") in {(each["line"], each["severity"]) for each in checked["problems"]}
    assert browser.post("/console/rules/check/playbook", {"text": in_force(living)}).json == {"problems": []}


def test_a_draft_needs_a_reason(living: Service, ground: ConsoleGround) -> None:
    body = {"text": in_force(living), "reason": "  "}
    answer = ground.signed_in("editor").post("/console/rules/propose/playbook", body)
    assert answer.status_code == 400
    assert "Say why" in answer.text


@pytest.mark.parametrize("subject", ["vocabulary", "routing", "mapping:hubspot"])
def test_every_kind_of_file_is_published_the_same_way(living: Service, ground: ConsoleGround, subject: str) -> None:
    browser = ground.signed_in("editor")
    bodies = {
        "vocabulary": "language: 1\nlead:\n  cmmc_level: {kind: number, label: CMMC level}\n",
        "routing": "owner: set\n",
        "mapping:hubspot": f"{next(iter(living.connections.values())).text}\n# ours\n",
    }
    draft = propose(browser, subject, bodies[subject])
    page = browser.get(draft).text
    if "It says the same" in page:
        return
    assert browser.post(draft.replace("/drafts/", "/publish/")).status_code == 303, page
    assert versions(living)[0][1] == subject.partition(":")[0]
    assert bodies[subject] in html.unescape(browser.get(f"/console/rules/edit/{subject}").text)


def test_a_draft_is_refused_when_somebody_else_has_published_meanwhile(living: Service, ground: ConsoleGround) -> None:
    browser, before = ground.signed_in("editor"), in_force(living)
    first = propose(browser, "playbook", f"{before}\n# one\n".replace("about: ", "about: One. ", 1))
    second = propose(browser, "routing", "owner: set\n")
    assert browser.post(second.replace("/drafts/", "/publish/")).status_code == 303
    answer = browser.post(first.replace("/drafts/", "/publish/"))
    assert answer.status_code == 409
    assert "look at the impact again" in answer.text
    again = browser.post(second.replace("/drafts/", "/publish/"))
    assert again.status_code == 409, "a draft is published once"


@pytest.mark.parametrize(
    ("pace", "shown"), [("nobody", (True, None)), ("limited", (False, 20)), ("usual", (False, None))]
)
def test_how_leads_that_pass_the_gate_are_handed_over_is_said_with_the_draft(
    living: Service, ground: ConsoleGround, pace: str, shown: tuple[bool, int | None]
) -> None:
    draft = propose(ground.signed_in("editor"), "playbook", in_force(living), pace=pace, tasks_per_hour="20")
    with living.store.read() as conn:
        found = rule_drafts.get(conn, draft.rpartition("/")[2])
    assert found is not None
    assert (found.terms.quiet, found.terms.tasks_per_hour) == shown


def test_a_look_that_fails_says_so_on_the_drafts_page(
    living: Service, ground: ConsoleGround, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> Callable[..., object]:
        raise ZeroDivisionError

    monkeypatch.setattr(draft_impact, "impact_of", fail)
    browser = ground.signed_in("editor")
    draft = propose(browser, "playbook", in_force(living))
    page = browser.get(draft).text
    assert "could not be worked out (ZeroDivisionError)" in page
    assert browser.post(draft.replace("/drafts/", "/publish/")).status_code == 409


def test_drafts_and_files_that_are_not_there_are_said_so(ground: ConsoleGround) -> None:
    browser = ground.signed_in("editor")
    for path in ("/console/rules/edit/nothing", "/console/rules/drafts/x", "/console/rules/versions/77"):
        assert browser.get(path).status_code == 404
    assert browser.post("/console/rules/rollback/77").status_code == 404


def test_a_shipped_playbook_is_put_into_the_editor_and_published_by_nobody(
    living: Service, ground: ConsoleGround
) -> None:
    page = ground.signed_in("editor").get("/console/rules/edit/playbook?from=behavioural").text
    assert "name: behavioural" in page
    with living.store.read() as conn:
        assert conn.execute(text("SELECT count(*) FROM console_drafts")).scalar() == 0


def test_a_viewer_reads_and_has_nothing_to_publish_with(living: Service, ground: ConsoleGround) -> None:
    page = ground.signed_in("viewer").get("/console/rules/edit/playbook").text
    assert "readonly" in page
    assert "See what it would do" not in page
    assert living.rules.playbook.name in page


def test_the_playbook_in_force_and_a_drafts_are_pages_to_read_without_raw_keys(
    living: Service, ground: ConsoleGround
) -> None:
    viewer = ground.signed_in("viewer", "eve@acme.example")
    page = viewer.get("/console/rules/playbook").text
    for title in ("Stages", "Handoff to sales", "Clocks", "Tracks", "Plays"):
        assert re.search(rf'<h2 id="part-\d+">{title}', page), title
    assert not [cell for cell in re.findall(r"<td[^>]*>([^<]*)</td>", page) if "_" in cell]
    draft = propose(
        ground.signed_in("editor"), "playbook", edited_text(in_force(living), ("    pricing: 15", "    pricing: 8"))
    )
    shown = viewer.get(f"{draft}/playbook").text
    assert "(a draft)" in shown
    assert shown.count('<td class="number">8</td>') == page.count('<td class="number">8</td>') + 1


def test_a_draft_shows_the_scores_of_today_and_its_own_as_a_picture_and_in_numbers(
    living: Service, ground: ConsoleGround
) -> None:
    browser, now = ground.signed_in("editor"), lead(living, ANA).total
    body = edited_text(in_force(living), ("    pricing: 15", "    pricing: 8"))
    page = browser.get(propose(browser, "playbook", body)).text
    chart = page.partition('<svg class="w-100 score histogram"')[2].partition("</svg>")[0]
    assert 'role="img"' in chart
    assert chart.count('class="before"') == chart.count('class="after"')
    assert now is not None
    ten = now // 10 * 10
    assert f"{ten} to {ten + 9} points now: 1" in chart
    table = page.partition("The same as a table")[2].partition("</table>")[0]
    assert [int(each) for each in re.findall(r'class="number">(\d+)<', table)].count(1) == 2, "one lead, now and then"


def test_one_lead_and_one_record_are_tried_by_a_draft_before_and_after(living: Service, ground: ConsoleGround) -> None:
    browser, total = ground.signed_in("editor"), lead(living, ANA).total
    draft = propose(browser, "playbook", edited_text(in_force(living), ("    pricing: 15", "    pricing: 8")))
    page = browser.get(f"{draft}/record", query_string={"name": ANA}).text
    rows = {cells[0]: cells[1:] for cells in _rows(page)}
    before, after, changes = rows["Score"]
    assert (int(before), changes) == (total, "changes")
    assert int(after) < int(before)
    assert rows["Fit"][2] == ""
    other = {name: cells for name, cells in rows.items() if name.startswith("Engagement: ")}
    assert any("pricing" in name for name in other), other
    there = browser.get(f"{draft}/record", query_string={"name": ANA, "where": "hubspot"})
    assert {cells[0]: cells for cells in _rows(there.text)}["Fit"][3] == "", "the fit is the same by both"
    for query in ({"name": "nobody@acme.example"}, {"name": "x", "where": "pipedrive"}):
        assert browser.get(f"{draft}/record", query_string=query).status_code == 404
    assert ground.signed_in("viewer", "eve@acme.example").get(f"{draft}/record").status_code == 403


def _rows(page: str) -> list[list[str]]:
    body = page.partition("<tbody>")[2].partition("</tbody>")[0]
    return [
        [html.unescape(re.sub(r"<[^>]+>", "", cell)) for cell in re.findall(r"<td[^>]*>(.*?)</td>", row)]
        for row in re.findall(r"<tr>(.*?)</tr>", body, re.DOTALL)
    ]
