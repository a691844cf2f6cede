"""Signing in through the service's own address: one link, one browser, one answer."""

from urllib.parse import parse_qs, urlsplit

import flows_signin
import pytest
from flows_run import Watch
from public_sign_in import HERE, SYSTEMS, Door, Doors, kept, opened, row_of, sent_back, way_back
from sqlalchemy import select
from structlog.testing import capture_logs

from integration.flows.upkeep import sweep
from integration.signin import public_sign_in
from integration.store.audit import audit_trail
from integration.store.schema.tables import sign_in_links
from integration.wiring.whole_service import Service
from mappings.values.instant import HOUR, MINUTE


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.mark.parametrize("system", SYSTEMS)
def test_a_link_opened_in_any_browser_connects_the_crm_and_the_page_says_which_account(door: Door, system: str) -> None:
    browser, link = door.browser(), door.link(system)
    with capture_logs() as lines:
        started = opened(browser, link)
        asked = {name: values[0] for name, values in parse_qs(urlsplit(started.headers["Location"]).query).items()}
        assert asked["redirect_uri"] == f"{HERE}/signin/{system}/callback"
        assert ("code_challenge" in asked) is (system == "salesforce")
        page = opened(browser, sent_back(started))
    assert page.status_code == 200, page.text
    row = kept(door, system)
    secrets = flows_signin.secrets_of(door.store, system)
    assert (row.state, row.grant, secrets.client_secret) == ("live", "authorization_code", flows_signin.SECRET)
    assert f"Account {row.details.account} is connected as <b>{system}</b>" in page.text
    assert f"coldframe provision {system} --dry-run" in page.text
    code = parse_qs(urlsplit(started.headers["Location"]).query)["state"][0]
    for secret in (secrets.access_token, secrets.refresh_token, link.partition("=")[2], code):
        assert secret
        assert secret not in page.text + str(lines)
    with door.store.read() as conn:
        trail = [(line.actor, line.action, line.subject) for line in audit_trail.recent(conn, 10)]
    assert trail == [("sign-in page", "connect", system), ("cli", "sign-in link", system)]
    looked = public_sign_in.look(link.partition("=")[2], door.store)
    assert (looked.outcome, looked.message) == ("connected", row.details.account)  # what the command waits for


def test_what_the_store_keeps_of_a_link_is_hashed_or_sealed_and_the_request_goes_with_the_end(door: Door) -> None:
    browser, link = door.browser(), door.link("salesforce")
    back = way_back(browser, link)
    given = {link.partition("=")[2], *parse_qs(urlsplit(back).query)["state"], flows_signin.SECRET}
    before = row_of(door)
    assert before.sealed
    assert not any(secret in str(before) for secret in given)
    assert opened(browser, back).status_code == 200
    assert row_of(door).sealed is None


def test_the_browsers_cookie_is_for_this_host_alone_and_gone_afterwards(door: Door) -> None:
    browser = door.browser()
    started = opened(browser, door.link("hubspot"))
    cookie = started.headers["Set-Cookie"]
    name, _, attributes = cookie.partition("=")
    assert name == "__Host-coldframe-signin-hubspot"
    for attribute in ("; Secure", "; HttpOnly", "; Path=/", "; SameSite=Lax"):
        assert attribute in attributes
    assert "Domain" not in attributes
    done = opened(browser, sent_back(started))
    assert "Max-Age=0" in done.headers["Set-Cookie"]


def test_on_this_machine_without_tls_the_cookie_is_not_secure_and_the_sign_in_works(doors: Doors) -> None:
    door = doors("http://localhost:8000")
    browser = door.browser()
    started = opened(browser, door.link("hubspot"))
    assert started.headers["Set-Cookie"].startswith("coldframe-signin-hubspot=")
    assert "Secure" not in started.headers["Set-Cookie"]
    assert opened(browser, sent_back(started)).status_code == 200


def test_every_answer_carries_the_headers_that_keep_the_code_from_leaking(door: Door) -> None:
    browser, link = door.browser(), door.link("hubspot")
    started = opened(browser, link)
    pages = (
        started,
        opened(browser, sent_back(started)),
        opened(browser, link),
        opened(browser, f"{HERE}/signin/x/start"),
    )
    for page in pages:
        assert page.headers["Referrer-Policy"] == "no-referrer"
        assert page.headers["Cache-Control"] == "no-store"
        assert page.headers["X-Content-Type-Options"] == "nosniff"
        assert page.headers["Content-Security-Policy"].startswith("default-src 'none'")
        assert "Strict-Transport-Security" in page.headers


def test_links_that_expired_an_hour_ago_are_removed_by_the_clock(door: Door, service: Service, at: Watch) -> None:
    door.link("hubspot")
    at.forward(15 * MINUTE + HOUR)
    sweep.sweep(service)
    assert row_of(door)
    at.forward(MINUTE)
    sweep.sweep(service)
    with door.store.read() as conn:
        assert conn.execute(select(sign_in_links)).first() is None
