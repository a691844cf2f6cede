"""What people do about one lead in the console: each with its effect, its line in the audit trail, and its role."""

import json
import re

from console_browser import ConsoleGround
from flows_run import Watch, activity, drain_all, history, lead, receive
from sqlalchemy import select

from integration.flows.base.running_playbook import following
from integration.flows.looking.plain_values import plain_explanation
from integration.flows.privacy import export_person
from integration.store.audit import audit_trail
from integration.store.db.session import Store
from integration.store.overall import erased_people
from integration.store.people import leads
from integration.store.queues import records_to_read
from integration.store.schema.tables import leads as table
from integration.wiring.whole_service import Service
from mappings.values.instant import DAY, HOUR, show
from sandbox.server import Sandbox

ANA, BO = "ana@acme.example", "bo@acme.example"


def known(service: Service, sandbox: Sandbox) -> str:
    """Ana, whom HubSpot knows."""
    sandbox.hubspot.add("contacts", {"email": ANA, "firstname": "Ana"})
    receive(service, activity(1, ANA, "page_view", service.now() - HOUR, page="pricing"))
    drain_all(service)
    return lead(service, ANA).id


def audited(store: Store, action: str) -> list[tuple[str, str]]:
    with store.read() as conn:
        return [(each.actor, each.subject) for each in audit_trail.recent(conn, 50) if each.action == action]


def test_an_editor_has_the_records_of_a_lead_read_again(
    ground: ConsoleGround, service: Service, store: Store, sandbox: Sandbox, woken: list[str]
) -> None:
    who = known(service, sandbox)
    woken.clear()
    answer = ground.signed_in("editor", "bo@us.example").post(f"/console/leads/{who}/read")
    assert (answer.status_code, answer.headers["Location"]) == (303, f"/console/leads/{who}")
    with store.read() as conn:
        (wanted,) = records_to_read.take(conn, "hubspot", service.now(), 10)
    assert wanted.object == "contact"
    assert woken == ["refresh:hubspot"]
    assert audited(store, "read again") == [("bo@us.example", f"lead {who}")]


def test_an_export_is_the_document_of_the_command_line(
    ground: ConsoleGround, service: Service, store: Store, sandbox: Sandbox
) -> None:
    who = known(service, sandbox)
    answer = ground.signed_in("editor", "bo@us.example").post(f"/console/leads/{who}/export")
    assert answer.mimetype == "application/json"
    assert "attachment" in answer.headers["Content-Disposition"]
    same = export_person.exported(following(service), f"email:{ANA}", actor="command line", tell=plain_explanation)
    assert same is not None
    ours, theirs = json.loads(answer.text), json.loads(json.dumps(same))
    for each in (ours, theirs):
        each.pop("audit", None)
    assert ours == theirs
    assert [actor for actor, _ in audited(store, "export")] == ["command line", "bo@us.example"]


def test_an_admin_erases_whose_email_they_typed_and_nobody_else(
    ground: ConsoleGround, service: Service, store: Store, sandbox: Sandbox
) -> None:
    who = known(service, sandbox)
    receive(service, activity(2, BO, "page_view", service.now() - HOUR, page="pricing", referrer=f"mailto:{ANA}"))
    drain_all(service)
    admin, path = ground.signed_in("admin", "cy@us.example"), f"/console/leads/{who}/erase"
    page = admin.get(path).text
    assert "The lead</td>" in page
    assert "What the person did</td>" in page
    assert "_" not in " ".join(re.findall(r"<td>([^<]*)</td>", page)), "no table's name"
    for typed in ("", "bo@acme.example", who):
        assert admin.post(path, {"typed": typed}).status_code == 400
    with store.read() as conn:
        assert leads.get(conn, [who])
    answer = admin.post(path, {"typed": " ANA@acme.example "})
    assert (answer.status_code, answer.headers["Location"]) == (303, "/console/leads")
    with store.read() as conn:
        assert conn.execute(select(table.c.id)).scalars().all() == [lead(service, BO).id]
        assert erased_people.pending(conn, 9), "what others said is not looked through while somebody waits for a page"
    drain_all(service)
    (said,) = history(service, BO)
    assert said.properties["referrer"] == "mailto:[erased]"
    with store.read() as conn:
        assert erased_people.pending(conn, 9) == []
    assert [actor for actor, _ in audited(store, "erase")] == ["coldframe", "cy@us.example"]
    assert admin.get(f"/console/leads/{who}").status_code == 404
    assert admin.get(path).status_code == 404


def test_nobody_erases_or_exports_without_the_role(ground: ConsoleGround, service: Service, sandbox: Sandbox) -> None:
    who = known(service, sandbox)
    viewer, editor = ground.signed_in("viewer", "eve@us.example"), ground.signed_in("editor", "bo@us.example")
    assert viewer.post(f"/console/leads/{who}/export").status_code == 403
    assert viewer.post(f"/console/leads/{who}/read").status_code == 403
    assert editor.post(f"/console/leads/{who}/erase", {"typed": ANA}).status_code == 403
    page = viewer.get(f"/console/leads/{who}").text
    assert "Export" not in page
    assert "Erase" not in editor.get(f"/console/leads/{who}").text
    assert lead(service, ANA).id == who


def test_an_editor_holds_a_lead_with_a_reason_and_the_page_says_until_when_by_whom_and_why(
    ground: ConsoleGround, service: Service, store: Store, sandbox: Sandbox, at: Watch
) -> None:
    who, editor = known(service, sandbox), ground.signed_in("editor", "bo@us.example")
    path = f"/console/leads/{who}/decide/hold"
    assert "Open tasks stay with whoever has them" in editor.get(path).text
    for fields in ({"reason": "x"}, {"until": "soon", "reason": "x"}, {"until": show(service.now() + DAY)}):
        assert editor.post(path, fields).status_code == 400
    assert editor.post(path, {"until": "2000-01-01T09:00", "reason": "x"}).status_code == 409
    answer = editor.post(path, {"until": show(service.now() + DAY), "reason": "waits for the <b>tender"})
    assert (answer.status_code, answer.headers["Location"]) == (303, f"/console/leads/{who}")
    page = editor.get(f"/console/leads/{who}").text
    assert "by bo@us.example: waits for the &lt;b&gt;tender" in page
    assert page.count("On hold until") == 2, "at the top, and in what keeps it from sales"
    assert "the hold ends" in page.partition("What comes next by itself</h2>")[2].partition("</section>")[0]
    at.forward(HOUR)
    assert editor.post(f"/console/leads/{who}/decide/end_hold", {"reason": "won"}).status_code == 303
    assert "On hold until" not in editor.get(f"/console/leads/{who}").text
    assert audited(store, "lead hold") == audited(store, "lead end hold") == [("bo@us.example", f"lead {who}")]


def test_an_editor_hands_a_lead_over_once_and_suppresses_it(
    ground: ConsoleGround, service: Service, store: Store, sandbox: Sandbox
) -> None:
    who, editor = known(service, sandbox), ground.signed_in("editor", "bo@us.example")
    over = f"/console/leads/{who}/decide/hand_over"
    assert editor.post(over, {"reason": "met at the fair"}).status_code == 303
    again = editor.post(over, {"reason": "twice"})
    assert (again.status_code, "has an open call in sales already" in again.text) == (409, True)
    assert "Not possible: this person has an open call" in editor.get(over).text
    drain_all(service)
    assert lead(service, ANA).stage == "mql"
    page = editor.get(f"/console/leads/{who}").text
    assert "handed over by bo@us.example: met at the fair" in page
    assert editor.post(f"/console/leads/{who}/decide/suppress", {"reason": "a supplier"}).status_code == 303
    page = editor.get(f"/console/leads/{who}").text
    assert "until they subscribe again or somebody lifts it" in page
    assert "Lift the suppression" in page
    assert editor.post(f"/console/leads/{who}/decide/resubscribe", {"reason": "a mistake"}).status_code == 303
    assert "Lift the suppression" not in editor.get(f"/console/leads/{who}").text
    assert len(audited(store, "lead hand over")) == 1
    assert editor.get(f"/console/leads/{who}/decide/promote").status_code == 404


def test_a_viewer_decides_nothing_about_a_lead(ground: ConsoleGround, service: Service, sandbox: Sandbox) -> None:
    who, viewer = known(service, sandbox), ground.signed_in("viewer", "eve@us.example")
    assert viewer.get(f"/console/leads/{who}/decide/hold").status_code == 403
    assert viewer.post(f"/console/leads/{who}/decide/suppress", {"reason": "x"}).status_code == 403
    assert "Hand over now" not in viewer.get(f"/console/leads/{who}").text
