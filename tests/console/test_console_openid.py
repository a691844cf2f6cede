"""Signing in with the company's provider: who gets which role, and what is refused."""

from collections.abc import Iterator
from typing import Any

import pytest
from console_browser import ConsoleBrowser, ConsoleGround, Grounds
from joserfc.jwk import RSAKey
from openid_provider import CLIENT, SECRET, OpenIdProvider, openid_provider
from werkzeug.test import TestResponse

from integration.settings.environment import SettingsError, load

HOME = "https://coldframe.example.com"
ROLES = "admin=ana@acme.example editor=revops viewer=*@acme.example"


@pytest.fixture
def provider() -> Iterator[OpenIdProvider]:
    with openid_provider() as found:
        yield found


@pytest.fixture
def company(grounds: Grounds, provider: OpenIdProvider) -> ConsoleGround:
    return grounds(
        COLDFRAME_PUBLIC_URL=HOME,
        COLDFRAME_OIDC_ISSUER=provider.url,
        COLDFRAME_OIDC_CLIENT_ID=CLIENT,
        COLDFRAME_OIDC_CLIENT_SECRET=SECRET,
        COLDFRAME_CONSOLE_ROLES=ROLES,
    )


def come(company: ConsoleGround, provider: OpenIdProvider, **claims: Any) -> tuple[ConsoleBrowser, TestResponse]:
    provider.claims = {"sub": "u-1", **claims}
    browser = company.stranger()
    begun = browser.get("/console/openid")
    assert begun.headers["Location"].startswith(f"{provider.url}/authorize?")
    return browser, browser.get(provider.agree(begun.headers["Location"]).removeprefix(HOME))


@pytest.mark.parametrize(
    ("claims", "role"),
    [
        ({"email": "ana@acme.example", "email_verified": True}, "admin"),
        ({"email": "Ana@Acme.example"}, "admin"),
        ({"email": "bo@acme.example", "groups": ["revops", "staff"]}, "editor"),
        ({"groups": "revops"}, "editor"),
        ({"email": "cy@acme.example"}, "viewer"),
        ({"email": "ana@acme.example", "email_verified": False}, None),
        ({"email": "cy@other.example"}, None),
        ({"email": "cy@acme.example.evil.example"}, None),
        ({"email": "@acme.example"}, None),
        ({"groups": ["ana@acme.example"]}, None),
        ({}, None),
    ],
)
def test_the_role_goes_by_verified_email_domain_or_claim(
    company: ConsoleGround, provider: OpenIdProvider, claims: dict[str, Any], role: str | None
) -> None:
    browser, answer = come(company, provider, **claims)
    if role is None:
        assert answer.status_code == 403
        assert "has no role here" in answer.text
        assert browser.get("/console/").status_code == 303
        return
    assert answer.headers["Location"] == "/console/"
    assert f'text-bg-secondary">{role}</span>' in browser.get("/console/").text


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"iss": "https://other.example"}, "another issuer"),
        ({"aud": "another-client"}, "for another client"),
        ({"exp": 1_000}, "expired"),
        ({"nonce": "another"}, "of another sign-in"),
    ],
)
def test_an_id_token_that_is_not_for_this_sign_in_lets_nobody_in(
    company: ConsoleGround, provider: OpenIdProvider, changes: dict[str, Any], why: str
) -> None:
    provider.changes = changes
    _, answer = come(company, provider, email="ana@acme.example")
    assert answer.status_code == 403, why
    assert "Not signed in" in answer.text


def test_an_id_token_that_another_key_signed_lets_nobody_in(company: ConsoleGround, provider: OpenIdProvider) -> None:
    provider.published, provider.key = provider.key, RSAKey.generate_key(2048, {"kid": "one"})
    assert come(company, provider, email="ana@acme.example")[1].status_code == 403


def test_an_answer_in_another_browser_or_a_second_time_lets_nobody_in(
    company: ConsoleGround, provider: OpenIdProvider
) -> None:
    provider.claims = {"sub": "u-1", "email": "ana@acme.example"}
    browser = company.stranger()
    back = provider.agree(browser.get("/console/openid").headers["Location"]).removeprefix(HOME)
    assert company.stranger().get(back).status_code == 403
    assert browser.get(back).status_code == 303
    assert browser.get(back).status_code == 403


def test_a_token_endpoint_that_sends_us_elsewhere_is_not_followed(
    company: ConsoleGround, provider: OpenIdProvider
) -> None:
    provider.redirects = True
    assert come(company, provider, email="ana@acme.example")[1].status_code == 403


def test_a_provider_that_refuses_is_said_on_a_page(company: ConsoleGround) -> None:
    browser = company.stranger()
    answer = browser.get("/console/openid/answer?error=access_denied&error_description=Not%20you")
    assert (answer.status_code, "Not you" in answer.text) == (403, True)


def test_a_provider_that_does_not_answer_is_said_on_a_page(grounds: Grounds) -> None:
    ground = grounds(
        COLDFRAME_PUBLIC_URL=HOME,
        COLDFRAME_OIDC_ISSUER="http://127.0.0.1:9",
        COLDFRAME_OIDC_CLIENT_ID=CLIENT,
        COLDFRAME_OIDC_CLIENT_SECRET=SECRET,
        COLDFRAME_CONSOLE_ROLES=ROLES,
    )
    answer = ground.stranger().get("/console/openid")
    assert (answer.status_code, "does not answer" in answer.text) == (502, True)


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"COLDFRAME_CONSOLE_ROLES": "amin=ana@acme.example"}, "admin"),
        ({"COLDFRAME_CONSOLE_ROLES": "admin="}, "ROLE=E-MAIL"),
        ({"COLDFRAME_CONSOLE_ROLES": "admin=*"}, "ROLE=E-MAIL"),
        ({"COLDFRAME_OIDC_ISSUER": "https://id.example"}, "COLDFRAME_OIDC_CLIENT_SECRET"),
        ({"COLDFRAME_OIDC_ISSUER": "https://id.example"}, "COLDFRAME_CONSOLE_ROLES"),
    ],
)
def test_settings_that_would_let_nobody_or_everybody_in_are_refused(given: dict[str, str], words: str) -> None:
    with pytest.raises(SettingsError, match=words):
        load({"COLDFRAME_SECRET_KEY": "k" * 32, **given})
