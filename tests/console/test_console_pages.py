"""The headers, cookies and parts that all pages of the console share."""

import re

import pytest
from console_browser import ConsoleGround, Grounds
from flask import Response
from flows_run import Watch

from integration.store.db.session import Store
from integration.web.console.shell import page_headers
from mappings.values.instant import HOUR

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; "
    "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)


@pytest.mark.parametrize("path", ["/console/", "/console/sessions", "/console/sign-in", "/console/nowhere"])
def test_pages_have_the_strict_policy_and_are_kept_nowhere(ground: ConsoleGround, path: str) -> None:
    headers = ground.signed_in().get(path).headers
    assert headers["Content-Security-Policy"] == POLICY
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["X-Frame-Options"] == "DENY"
    assert headers["Cache-Control"] == "no-store"
    assert headers["Referrer-Policy"] == "no-referrer"


def test_cookies_are_for_this_host_over_https_and_out_of_reach_of_scripts(grounds: Grounds) -> None:
    ground = grounds(COLDFRAME_PUBLIC_URL="https://coldframe.example.com")
    browser = ground.stranger()
    token = ground.link().partition("link=")[2]
    page = browser.get(f"/console/enter?link={token}")
    answer = browser.post("/console/enter", {"link": token})
    cookies = [*page.headers.getlist("Set-Cookie"), *answer.headers.getlist("Set-Cookie")]
    assert {each.partition("=")[0] for each in cookies} == {"__Host-coldframe-form", "__Host-coldframe-console"}
    for each in cookies:
        assert {"Secure", "HttpOnly", "Path=/", "SameSite=Lax"} <= {part.strip() for part in each.split(";")}
        assert "Domain" not in each
    assert answer.headers["Strict-Transport-Security"]


def test_the_store_keeps_no_token_that_opens_anything(ground: ConsoleGround, store: Store) -> None:
    token = ground.link().partition("link=")[2]
    browser = ground.stranger()
    browser.post("/console/enter", {"link": token})
    cookie = browser.client.get_cookie("coldframe-console", "127.0.0.1", "/")
    assert cookie is not None
    with store.read() as conn:
        rows = [
            str(row)
            for table in ("console_links", "console_sessions", "audit")
            for row in conn.exec_driver_sql(f"SELECT * FROM {table}")  # noqa: S608 - names of this test
        ]
    assert len(rows) >= 3
    assert not [row for row in rows if token in row or cookie.value in row]


def test_no_page_has_scripts_or_styles_in_it_or_names_another_host(ground: ConsoleGround) -> None:
    browser = ground.signed_in()
    for path in ("/console/", "/console/sessions", "/console/sign-in"):
        page = browser.get(path).text
        assert not re.search(r"<script(?![^>]*\bsrc=)|<style|\sstyle=|\son[a-z]+=", page), path
        assert not re.search(r'(?:src|href|action)="(?:https?:)?//', page), path


def test_times_are_in_the_readers_zone_and_an_unknown_zone_is_utc(ground: ConsoleGround) -> None:
    for zone, shown in (("Europe%2FBerlin", "Tue 6 Jan 2026, 10:00 (Europe/Berlin)"), ("Mars", "09:00 (UTC)")):
        browser = ground.stranger()
        browser.client.set_cookie("coldframe-zone", zone, domain="127.0.0.1")
        browser.post("/console/enter", {"link": ground.link().partition("link=")[2]})
        assert shown in browser.get("/console/sessions").text


def test_what_does_not_exist_is_said_on_a_page_with_a_way_back(ground: ConsoleGround) -> None:
    answer = ground.signed_in().get("/console/nowhere")
    assert answer.status_code == 404
    assert 'href="/console/"' in answer.text


def test_webhooks_and_health_get_no_cookie_and_keep_their_json(ground: ConsoleGround) -> None:
    answer = ground.stranger().get("/healthz")
    assert (answer.headers.getlist("Set-Cookie"), answer.json) == ([], {"status": "alive"})
    refused = ground.stranger().get("/nowhere")
    assert refused.status_code == 404
    assert refused.is_json


def test_a_page_with_an_editor_lets_that_add_styles_and_nobody_else(ground: ConsoleGround) -> None:
    with ground.app.test_request_context("/console/"):
        nonce = page_headers.style_nonce()
        assert page_headers.style_nonce() == nonce
        headers = page_headers.guarded(Response(), static=False).headers
    assert f"style-src 'self' 'nonce-{nonce}';" in headers["Content-Security-Policy"]
    assert "unsafe" not in headers["Content-Security-Policy"]


def test_a_form_that_was_open_for_hours_is_sent_without_a_referrer(grounds: Grounds, at: Watch) -> None:
    ground = grounds(COLDFRAME_PUBLIC_URL="https://coldframe.example.com")
    browser = ground.signed_in("viewer")
    token = browser.form_token()
    at.forward(7 * HOUR)
    answer = browser.post("/console/sign-out", token=token)
    assert (answer.status_code, answer.headers["Location"]) == (303, "/console/sign-in")
