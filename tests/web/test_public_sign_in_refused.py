"""Signing in through the public address: every failure has a plain page, and connects nobody."""

from typing import Any
from urllib.parse import parse_qs, urlsplit

import flows_signin
import pytest
from flows_run import Watch
from public_sign_in import HERE, SYSTEMS, Door, Doors, kept, opened, sent_back, way_back
from structlog.testing import capture_logs

from integration.settings.environment import load
from integration.signin import public_sign_in
from integration.signin.keep_sign_in import Means
from mappings.values.instant import MINUTE


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def test_a_link_works_once_also_where_the_first_browser_never_came_back(door: Door) -> None:
    link = door.link("hubspot")
    assert opened(door.browser(), link).status_code == 303
    again = opened(door.browser(), link)
    assert (again.status_code, "it works once" in again.text) == (410, True)
    assert "coldframe connect hubspot --public" in again.text
    assert "Set-Cookie" not in again.headers


@pytest.mark.parametrize("ahead", [{"method": "HEAD"}, {"headers": {"Sec-Purpose": "prefetch;prerender"}}])
def test_looking_at_a_link_ahead_of_time_does_not_use_it_up(door: Door, ahead: dict[str, Any]) -> None:
    browser, link = door.browser(), door.link("hubspot")
    path = link.removeprefix(HERE)
    looked = browser.open(path, base_url=HERE, **ahead)
    assert (looked.status_code, "Set-Cookie" in looked.headers) == (200, False)
    assert opened(browser, link).status_code == 303


def test_a_link_that_has_expired_connects_nobody_and_says_so(door: Door, at: Watch) -> None:
    link, other = door.link("hubspot"), door.link("salesforce")
    browser = door.browser()
    back = way_back(browser, other)
    at.forward(15 * MINUTE)
    late = opened(browser, link)
    assert (late.status_code, "has expired" in late.text) == (410, True)
    answered = opened(browser, back)
    assert (answered.status_code, "has expired" in answered.text) == (410, True)
    assert (kept(door, "hubspot"), kept(door, "salesforce")) == (None, None)


@pytest.mark.parametrize("system", SYSTEMS)
def test_an_answer_in_another_browser_is_refused_and_the_right_one_still_counts(door: Door, system: str) -> None:
    browser, stranger = door.browser(), door.browser()
    back = way_back(browser, door.link(system))
    with capture_logs() as lines:
        without = opened(stranger, back)
        opened(stranger, door.link(system))  # a sign-in of its own gives it a cookie of its own
        with_its_own = opened(stranger, back)
    for refused in (without, with_its_own):
        assert (refused.status_code, "another browser" in refused.text) == (403, True)
    assert [line["cause"] for line in lines if "cause" in line] == ["other_browser"] * 2
    assert kept(door, system) is None
    assert opened(browser, back).status_code == 200


def test_an_answer_with_a_state_of_nobodys_is_refused(door: Door) -> None:
    browser = door.browser()
    back = way_back(browser, door.link("hubspot"))
    code = parse_qs(urlsplit(back).query)["code"][0]
    for query in (f"code={code}&state=guessed", f"code={code}", "", f"code={code}&state=" + "x" * 9_000):
        refused = opened(browser, f"{HERE}/signin/hubspot/callback?{query}")
        assert (refused.status_code, code in refused.text) == (400, False)
    elsewhere = opened(browser, back.replace("/hubspot/", "/salesforce/"))
    assert elsewhere.status_code == 400
    assert kept(door, "hubspot") is None


def test_an_answer_that_is_replayed_is_taken_once(door: Door) -> None:
    browser = door.browser()
    started = opened(browser, door.link("hubspot"))
    secret = started.headers["Set-Cookie"].partition("=")[2].partition(";")[0]
    back = sent_back(started)
    assert opened(browser, back).status_code == 200
    calls = flows_signin.token_calls(door.sandbox, "hubspot")
    for replay in (browser, door.browser()):
        replay.set_cookie("__Host-coldframe-signin-hubspot", secret, domain="coldframe.example", secure=True)
        again = opened(replay, back)
        assert (again.status_code, "counts once" in again.text) == (410, True)
    assert flows_signin.token_calls(door.sandbox, "hubspot") == calls


@pytest.mark.parametrize("system", SYSTEMS)
def test_a_no_on_the_crms_page_is_said_and_nothing_is_kept(door: Door, system: str) -> None:
    flows_signin.gate(door.sandbox, system).issuer.set_up(deny=True)
    link = door.link(system)
    browser = door.browser()
    page = opened(browser, way_back(browser, link))
    assert page.status_code == 409
    assert "access_denied: end-user denied authorization" in page.text
    looked = public_sign_in.look(link.partition("=")[2], door.store)
    assert looked.outcome == "refused"
    assert "said no" in looked.message
    assert kept(door, system) is None


def test_what_a_crms_page_says_is_never_markup(door: Door) -> None:
    browser = door.browser()
    back = way_back(browser, door.link("hubspot"))
    state = parse_qs(urlsplit(back).query)["state"][0]
    page = opened(browser, f"{HERE}/signin/hubspot/callback?error=<script>alert(1)</script>&state={state}")
    assert page.status_code == 409
    assert "<script>" not in page.text


def test_a_code_that_the_crm_does_not_take_is_said_in_its_words(door: Door) -> None:
    browser = door.browser()
    back = way_back(browser, door.link("hubspot"))
    state = parse_qs(urlsplit(back).query)["state"][0]
    page = opened(browser, f"{HERE}/signin/hubspot/callback?code=wrong&state={state}")
    assert (page.status_code, "hubspot gives no token" in page.text.casefold()) == (409, True)
    assert "wrong" not in page.text


def test_another_account_than_the_connection_had_is_refused(door: Door, at: Watch) -> None:
    browser = door.browser()
    before = flows_signin.sign_in(door.store, door.sandbox, "hubspot", at(), account="7")
    page = opened(browser, way_back(browser, door.link("hubspot")))
    assert page.status_code == 409
    assert "is connected to account 7, and this sign-in is to account" in page.text
    assert flows_signin.secrets_of(door.store, "hubspot") == before


def test_a_service_without_a_public_address_says_what_to_set(doors: Doors, door: Door) -> None:
    path = door.link("hubspot").removeprefix(HERE)
    for public_url, words in (("", "set COLDFRAME_PUBLIC_URL"), ("http://coldframe.example", "must begin with https")):
        without = doors(public_url)
        page = without.browser().get(path)
        assert (page.status_code, words in page.text) == (503, True)
        with pytest.raises(public_sign_in.SignInRefusedError, match=words):
            without.link("hubspot")


def test_a_link_that_another_secret_key_sealed_is_said_to_be_so(door: Door, at: Watch) -> None:
    other = load({"COLDFRAME_SECRET_KEY": "o" * 32, "COLDFRAME_PUBLIC_URL": HERE})
    link = public_sign_in.offer(
        door.request("hubspot"), Means(settings=other, store=door.store, now=at, actor="cli")
    ).link
    page = opened(door.browser(), link)
    assert (page.status_code, "another COLDFRAME_SECRET_KEY" in page.text) == (503, True)


def test_no_address_of_the_pages_ends_in_an_error_of_ours(door: Door) -> None:
    browser = door.browser()
    paths = ("hubspot/start", "hubspot/start?link=", "hubspot/start?link=%00%ff%ed%a0%80", "nobody/start", "x/callback")
    statuses = {path: opened(browser, f"{HERE}/signin/{path}").status_code for path in paths}
    assert set(statuses.values()) == {404}, statuses
