"""The sandbox's authorization servers refuse what the real ones refuse, and do what a test sets."""

from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
import requests
from sandbox_calls import Api, Watch

from sandbox.both.both_systems import PORTAL_ID
from sandbox.server import Sandbox
from sandbox.shared.issued_tokens import challenge_of

BACK = "http://localhost:8723/connected"
PAGES = {"hubspot": "/oauth/authorize", "salesforce": "/services/oauth2/authorize"}
TOKENS = {"hubspot": "/oauth/2026-09/token", "salesforce": "/services/oauth2/token"}
READS = {"hubspot": "/crm/owners/2026-09", "salesforce": "/services/data/v66.0/sobjects"}
SYSTEMS = tuple(PAGES)


def page(system: str, **more: str) -> str:
    asked = {"client_id": "c", "redirect_uri": BACK, "response_type": "code", "state": "s", "scope": "oauth"} | more
    return f"{PAGES[system]}?{urlencode(asked)}"


def code(api: Api, system: str, **more: str) -> str:
    answer = api.get(page(system, **more), allow_redirects=False)
    assert answer.status_code == 302, answer.text
    told = parse_qs(urlsplit(answer.headers["Location"]).query)
    assert told["state"] == ["s"]
    return told["code"][0]


def token(api: Api, system: str, **more: str) -> requests.Response:
    given = {"client_id": "c", "client_secret": "s3cret", "redirect_uri": BACK} | more
    return api.post(TOKENS[system], data=given)


def granted(api: Api, system: str) -> dict[str, object]:
    answer = token(api, system, grant_type="authorization_code", code=code(api, system))
    assert answer.status_code == 200, answer.text
    body: dict[str, object] = answer.json()
    return body


def read(api: Api, system: str, held: object) -> requests.Response:
    return api.get(READS[system], headers={"Authorization": f"Bearer {held}"})


def wish(api: Api, system: str, **wishes: object) -> None:
    assert api.post("/_sandbox/oauth", json={"system": system, **wishes}).status_code == 200


@pytest.mark.parametrize("system", SYSTEMS)
def test_a_token_is_good_until_it_expires_by_the_sandboxs_clock(api: Api, watch: Watch, system: str) -> None:
    held = granted(api, system)["access_token"]
    watch.forward(1_799)
    assert read(api, system, held).status_code == 200
    watch.forward(2)
    expired = read(api, system, held)
    assert expired.status_code == 401
    if system == "hubspot":
        body = expired.json()
        assert (body["category"], body["context"]) == (
            "EXPIRED_AUTHENTICATION",
            {"expire time": ["2026-03-02T09:30:00.250Z"]},
        )
        assert body["message"] == "The OAuth token used to make this call expired 1 second(s) ago."
    else:
        assert expired.json() == [{"message": "Session expired or invalid", "errorCode": "INVALID_SESSION_ID"}]


@pytest.mark.parametrize("system", SYSTEMS)
def test_any_plain_token_is_still_accepted_beside_those_given_out(api: Api, system: str) -> None:
    granted(api, system)
    assert read(api, system, "anything").status_code == 200


def test_only_hubspot_says_how_long_a_token_lasts_and_whose_it_is(api: Api) -> None:
    assert granted(api, "hubspot").items() >= {"expires_in": 1_800, "hub_id": PORTAL_ID}.items()
    told = granted(api, "salesforce")
    assert "expires_in" not in told
    assert str(told["id"]).startswith("https://login.salesforce.com/id/00D")
    assert told["instance_url"]


def test_a_code_with_a_challenge_needs_its_verifier(api: Api) -> None:
    more = {"code_challenge": challenge_of("v" * 43), "code_challenge_method": "S256"}
    for verifier, status in (("", 400), ("w" * 43, 400), ("v" * 43, 200)):
        got = token(
            api,
            "salesforce",
            grant_type="authorization_code",
            code=code(api, "salesforce", **more),
            code_verifier=verifier,
        )
        assert got.status_code == status, verifier


@pytest.mark.parametrize("system", SYSTEMS)
def test_a_registered_app_is_held_to_its_secret_and_its_addresses(api: Api, system: str) -> None:
    app = {"system": system, "id": "c", "secret": "right", "redirect_uris": [BACK]}
    assert api.post("/_sandbox/apps", json=app).status_code == 201
    assert token(api, system, grant_type="refresh_token").json()["error"] == "invalid_client"
    elsewhere = api.get(page(system, redirect_uri="https://evil.example/"), allow_redirects=False)
    assert elsewhere.status_code == 400
    assert "Location" not in elsewhere.headers


@pytest.mark.parametrize("system", SYSTEMS)
def test_wishes_deny_refuse_revoke_and_make_a_page_to_click(api: Api, system: str) -> None:
    held = granted(api, system)
    wish(api, system, refuse="invalid_grant", words="gone")
    refused = token(api, system, grant_type="refresh_token", refresh_token=str(held["refresh_token"]))
    assert (refused.status_code, refused.json()["error_description"]) == (400, "gone")
    wish(api, system, refuse="", revoke=True)
    again = token(api, system, grant_type="refresh_token", refresh_token=str(held["refresh_token"]))
    assert again.status_code == 400
    assert read(api, system, held["access_token"]).status_code == 401
    wish(api, system, page=True)
    shown = api.get(page(system))
    assert "sandbox_choice=allow" in shown.text
    yes = api.get(page(system) + "&sandbox_choice=allow", allow_redirects=False)
    assert "code=" in yes.headers["Location"]
    wish(api, system, page=False, deny=True)
    no = api.get(page(system), allow_redirects=False)
    assert "error=access_denied" in no.headers["Location"]
    assert api.post("/_sandbox/oauth", json={"system": system, "nonsense": 1}).status_code == 400


@pytest.mark.parametrize("system", SYSTEMS)
def test_token_calls_are_counted(api: Api, box: Sandbox, system: str) -> None:
    held = granted(api, system)
    token(api, system, grant_type="refresh_token", refresh_token=str(held["refresh_token"]))
    gate = box.hubspot.gate if system == "hubspot" else box.salesforce.gate
    assert gate.log.counts()[f"POST {TOKENS[system]}"] == 2
