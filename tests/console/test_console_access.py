"""Who gets into the console, and what they may do there."""

import re
from typing import get_args

import pytest
from console_browser import ConsoleGround
from flows_run import Watch

from integration.settings.console_settings import Role
from integration.store.audit import audit_trail
from integration.web.console.access.entering import ours
from integration.web.console.console_app import ROOMS
from integration.web.console.shell.rooms import may
from mappings.values.instant import HOUR, MINUTE

PAGES = {name: role for room in ROOMS for name, role in room.roles.items()}
FILLED = {
    "<lead>": "x",
    "<action>": "hold",
    "<int:number>": "1",
    "<name>": "x",
    "<kind>": "x",
    "<connection>": "x",
    "<system>": "hubspot",
}


def _rules(ground: ConsoleGround) -> list[tuple[str, str, str]]:
    """(endpoint, method, path) of every page of the console, with its parameters filled in."""
    found = []
    for rule in ground.app.url_map.iter_rules():
        if rule.endpoint.startswith("console.") and rule.endpoint != "console.static":
            path = re.sub(r"<[^>]+>", lambda part: FILLED.get(part[0], "1"), rule.rule)
            methods = (rule.methods or set()) & {"GET", "POST", "PUT", "PATCH", "DELETE"}
            found += [(rule.endpoint, method, path) for method in methods]
    return found


def test_every_page_says_who_may_see_it_and_every_change_is_a_post(ground: ConsoleGround) -> None:
    rules = _rules(ground)
    assert {endpoint for endpoint, _, _ in rules} == PAGES.keys()
    assert {method for _, method, _ in rules} <= {"GET", "POST"}
    free = {endpoint for endpoint, role in PAGES.items() if role is None}
    assert {each.split(".")[1] for each in free} == {"access"}


def test_without_being_signed_in_every_page_leads_to_the_sign_in(ground: ConsoleGround) -> None:
    for endpoint, method, path in _rules(ground):
        if PAGES[endpoint] is not None:
            answer = ground.stranger().client.open(path, method=method)
            assert (answer.status_code, answer.headers.get("Location")) == (303, "/console/sign-in"), path


@pytest.mark.parametrize("role", get_args(Role))
def test_each_role_gets_what_is_for_it_and_is_refused_the_others(ground: ConsoleGround, role: Role) -> None:
    browser = ground.signed_in(role)
    refused, allowed = [], []
    for endpoint, method, path in sorted(_rules(ground)):
        least = PAGES[endpoint]
        if least is None or "sign_out" in endpoint:
            continue
        answer = browser.client.open(path, method=method, base_url=ground.base)
        (allowed if may(role, least) else refused).append((path, answer.status_code))
    assert {status for _, status in refused} <= {403}
    # a change without its token is refused as such, and never for the role
    assert not [each for each in allowed if each[1] in {401, 403}]


def test_every_change_without_its_token_is_refused(ground: ConsoleGround) -> None:
    for _, method, path in _rules(ground):
        if method == "POST":
            answer = ground.signed_in("admin").post(path, {"link": "x"}, token="forged")
            assert answer.status_code == 400, path
            assert "This form has expired" in answer.text


def test_a_link_lets_one_browser_in_once_and_looking_at_it_does_not_use_it_up(ground: ConsoleGround) -> None:
    token = ground.link("editor").partition("link=")[2]
    first, second = ground.stranger(), ground.stranger()
    assert "with the role <b>editor</b>" in first.get(f"/console/enter?link={token}").text
    assert first.post("/console/enter", {"link": token}).headers["Location"] == "/console/"
    again = second.post("/console/enter", {"link": token})
    assert again.status_code == 410
    assert "has been used" in again.text
    assert second.get(f"/console/enter?link={token}").status_code == 410
    assert second.get("/console/").status_code == 303


def test_a_link_expires(ground: ConsoleGround, at: Watch) -> None:
    token = ground.link().partition("link=")[2]
    at.forward(15 * MINUTE)
    browser = ground.stranger()
    assert "has expired" in browser.get(f"/console/enter?link={token}").text
    assert browser.post("/console/enter", {"link": token}).status_code == 410
    assert browser.get("/console/enter?link=").status_code == 404


def test_signing_in_begins_a_new_session_whatever_the_browser_brought(ground: ConsoleGround) -> None:
    browser = ground.signed_in("viewer", "bo@acme.example")
    before = browser.client.get_cookie("coldframe-console", "127.0.0.1", "/")
    token = ground.link("admin").partition("link=")[2]
    assert browser.post("/console/enter", {"link": token}).status_code == 303
    after = browser.client.get_cookie("coldframe-console", "127.0.0.1", "/")
    assert before is not None
    assert after is not None
    assert before.value != after.value
    thief = ground.stranger()
    thief.client.set_cookie("coldframe-console", before.value, domain="127.0.0.1")
    assert thief.get("/console/").status_code == 303, "the session before has ended"


def test_a_session_ends_when_nobody_uses_it_and_after_a_day(ground: ConsoleGround, at: Watch) -> None:
    browser = ground.signed_in()
    for _ in range(3):
        at.forward(7 * HOUR)
        assert browser.get("/console/").status_code == 200
    at.forward(4 * HOUR)
    assert browser.get("/console/").status_code == 303, "a day has passed"
    other = ground.signed_in()
    at.forward(8 * HOUR)
    assert other.get("/console/").status_code == 303


def test_signing_out_ends_the_session_for_whoever_has_its_cookie(ground: ConsoleGround) -> None:
    browser = ground.signed_in()
    cookie = browser.client.get_cookie("coldframe-console", "127.0.0.1", "/")
    assert cookie is not None
    assert browser.post("/console/sign-out").headers["Location"] == "/console/sign-in"
    copy = ground.stranger()
    copy.client.set_cookie("coldframe-console", cookie.value, domain="127.0.0.1")
    assert copy.get("/console/").status_code == 303


def test_an_admin_signs_somebody_out_everywhere_and_nobody_else_does(ground: ConsoleGround) -> None:
    one, two = ground.signed_in("editor", "bo@acme.example"), ground.signed_in("editor", "bo@acme.example")
    viewer, admin = ground.signed_in("viewer", "cy@acme.example"), ground.signed_in("admin")
    assert "bo@acme.example" not in viewer.get("/console/sessions").text
    assert viewer.post("/console/sign-out-everywhere", {"subject": "bo@acme.example"}).status_code == 403
    assert one.get("/console/").status_code == 200
    page = admin.get("/console/sessions").text
    assert page.count("bo@acme.example") >= 2
    assert admin.post("/console/sign-out-everywhere", {"subject": "bo@acme.example"}).status_code == 303
    assert [each.get("/console/").status_code for each in (one, two, viewer)] == [303, 303, 200]
    with ground.store.read() as conn:
        lines = [(each.actor, each.action, each.subject) for each in audit_trail.recent(conn, 50)]
    assert ("ana@acme.example", "console sign-out", "bo@acme.example") in lines
    assert ("bo@acme.example", "console sign-in", "editor") in lines
    assert ("command line", "console link", "bo@acme.example") in lines


def test_after_signing_in_people_get_the_page_they_wanted_and_no_other_address(ground: ConsoleGround) -> None:
    browser = ground.stranger()
    assert browser.get("/console/sessions?x=1").status_code == 303
    token = ground.link().partition("link=")[2]
    page = browser.get(f"/console/enter?link={token}").text
    found = re.search(r'name="csrf-token" content="([^"]+)"', page)
    assert found is not None
    answer = browser.post("/console/enter", {"link": token}, token=found[1])
    assert answer.headers["Location"] == "/console/sessions?x=1"
    with ground.app.test_request_context("/console/"):
        wrong = ("https://evil.example/console/", "//evil.example/console/", "/console//evil", "/console/\\evil", "/x")
        assert [each for each in wrong if ours(each)] == []
        assert ours("/console/leads?stage=mql")
