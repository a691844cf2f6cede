"""What a CRM's sign-in refuses, where a token never goes, and what is asked at which address."""

import os
from contextlib import closing
from urllib.parse import parse_qs, urlsplit

import pytest
import responses
from responses import matchers
from sign_in_ground import ASKING, BACK, SECRET, client, gate, signed_in

from connectors.answers.edges import MOVED
from connectors.base.port import Unavailable, Verdict
from connectors.base.sign_in_port import Client, SignIn
from connectors.hubspot.setup.oauth import HubSpotSignIn
from connectors.salesforce.hosts import PRODUCTION, TEST, common
from connectors.salesforce.setup.oauth import SalesforceSignIn, audience
from mappings.values.instant import MINUTE, SECOND
from sandbox.server import Sandbox
from sandbox.shared.issued_tokens import App
from sandbox.shared.requested_faults import Fault


@pytest.mark.parametrize("how", ["revoked", "said", "wrong secret"])
def test_a_refusal_is_final_and_keeps_the_vendors_words(box: Sandbox, system: str, door: SignIn, how: str) -> None:
    issued = signed_in(door)
    if how == "revoked":
        gate(box, system).issuer.revoke()
    elif how == "said":
        gate(box, system).issuer.set_up(refuse="invalid_grant", words="this app was removed")
    else:
        gate(box, system).issuer.apps["client-1"] = App(secret="another")
    with pytest.raises(Unavailable) as caught:
        door.refreshed(issued.refresh_token)
    receipt = caught.value.receipt
    assert receipt.verdict is Verdict.RELOGIN
    assert receipt.message
    if how == "said":
        assert receipt.message == "this app was removed"


@pytest.mark.parametrize("words", ["login rate exceeded", "Retry your request"])
def test_words_that_ask_for_patience_are_never_final(box: Sandbox, system: str, door: SignIn, words: str) -> None:
    gate(box, system).issuer.set_up(refuse="invalid_grant", words=words)
    with pytest.raises(Unavailable) as caught:
        door.refreshed("r")
    assert caught.value.receipt.verdict is Verdict.RETRY


@pytest.mark.parametrize("kind", ["drop", "unavailable", "rate_limited", "status"])
def test_a_door_out_of_order_is_an_outage_and_never_final(box: Sandbox, system: str, door: SignIn, kind: str) -> None:
    issued = signed_in(door)
    box.faults.add(
        Fault(kind=kind, system=system, method="POST", path="*/token", retry_after=17, status=500)  # type: ignore[arg-type]
    )
    with pytest.raises(Unavailable) as caught:
        door.refreshed(issued.refresh_token)
    assert (caught.value.receipt.verdict, caught.value.receipt.outage) == (Verdict.RETRY, True)
    if kind == "rate_limited":
        assert caught.value.receipt.retry_after == 17 * SECOND


def test_a_door_that_hangs_is_given_up(box: Sandbox, system: str) -> None:
    kind = HubSpotSignIn if system == "hubspot" else SalesforceSignIn
    box.faults.add(Fault(kind="hang", system=system, path="*/token", seconds=3))
    with closing(kind(client(box, system), timeout=(1, 0.2))) as door, pytest.raises(Unavailable) as caught:
        door.refreshed("r")
    assert caught.value.receipt.code == "NO_REPLY"


@pytest.mark.parametrize(
    "instance",
    [
        "https://evil.example",
        "https://salesforce.com.evil.example",
        "https://evilsalesforce.com",
        "http://acme.my.salesforce.com",
        "https://user@acme.my.salesforce.com",
        "https://evil.example/.salesforce.com",
    ],
)
def test_a_token_goes_to_no_instance_that_is_not_salesforces(
    box: Sandbox, sales: SalesforceSignIn, instance: str
) -> None:
    box.salesforce.gate.issuer.set_up(instance_url=instance)
    with pytest.raises(Unavailable, match="not one of its own"):
        sales.credentialed()


@pytest.mark.parametrize("instance", ["https://acme.my.salesforce.com", "https://acme--uat.sandbox.my.salesforce.com"])
def test_salesforces_own_instances_are_taken(box: Sandbox, sales: SalesforceSignIn, instance: str) -> None:
    box.salesforce.gate.issuer.set_up(instance_url=instance)
    assert sales.credentialed().instance_url == instance


def test_a_door_that_is_not_salesforces_is_refused() -> None:
    with pytest.raises(ValueError, match="not an address of Salesforce"):
        SalesforceSignIn(Client(id="c", login_url="https://login.salesforce.com.evil.example"))


@responses.activate
@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_a_redirect_of_the_token_call_is_never_followed_and_says_where_the_vendor_has_moved(status: int) -> None:
    responses.post(
        "https://login.salesforce.com/services/oauth2/token",
        status=status,
        headers={"Location": "https://evil.example/token?code=x"},
    )
    with closing(SalesforceSignIn(Client(id="c", secret=SECRET))) as door, pytest.raises(Unavailable) as caught:
        door.refreshed("r")
    assert len(responses.calls) == 1
    receipt = caught.value.receipt
    assert (receipt.verdict, receipt.code, receipt.outage) == (Verdict.PAUSE, MOVED, False)
    assert receipt.message == "the CRM has moved to https://evil.example"


@responses.activate
@pytest.mark.parametrize("body", ["[]", "<html>", "{}", '{"access_token": ""}', '{"access_token": "a\\nb: c"}'])
def test_a_reply_that_holds_no_token_is_told(body: str) -> None:
    responses.post("https://api.hubapi.com/oauth/2026-09/token", body=body)
    with closing(HubSpotSignIn(Client(id="c", secret=SECRET))) as door, pytest.raises(Unavailable) as caught:
        door.refreshed("r")
    assert caught.value.receipt.verdict is Verdict.RETRY


def test_the_environment_is_not_asked_for_a_proxy(
    box: Sandbox, system: str, door: SignIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    monkeypatch.setenv("no_proxy", "")
    assert "http_proxy" in os.environ  # noqa: TID251 - what the door must not look at
    code = gate(box, system).issuer.code("client-1", BACK, "")
    assert door.exchanged(code, ASKING).access_token


def test_no_secret_stands_in_what_is_raised_or_shown(box: Sandbox, system: str, door: SignIn) -> None:
    issued = signed_in(door)
    gate(box, system).issuer.set_up(refuse="invalid_grant")
    with pytest.raises(Unavailable) as caught:
        door.refreshed(issued.refresh_token)
    shown = repr(caught.value) + str(caught.value) + repr(issued) + repr(client(box, system)) + repr(ASKING)
    for secret in (SECRET, issued.access_token, issued.refresh_token, ASKING.verifier):
        assert secret not in shown
    assert caught.value.__suppress_context__


def test_an_assertion_is_for_salesforce_as_a_whole_or_for_its_sandboxes() -> None:
    assert audience("https://acme.my.salesforce.com") == PRODUCTION
    assert audience(PRODUCTION) == PRODUCTION
    assert audience("https://acme--uat.sandbox.my.salesforce.com") == TEST
    assert audience(TEST) == TEST
    assert all(common(each) for each in ("", PRODUCTION, TEST))
    assert not common("https://acme.my.salesforce.com")


@responses.activate
def test_hubspot_is_asked_at_its_own_addresses_with_the_secret_in_the_body_alone() -> None:
    asked = responses.post(
        "https://api.hubapi.com/oauth/2026-09/token",
        json={"access_token": "t", "refresh_token": "r", "expires_in": 1_800, "hub_id": 7},
        match=[
            matchers.urlencoded_params_matcher(
                {"grant_type": "refresh_token", "refresh_token": "r", "client_id": "c", "client_secret": SECRET}
            )
        ],
    )
    with closing(HubSpotSignIn(Client(id="c", secret=SECRET))) as door:
        page = urlsplit(door.address(ASKING))
        issued = door.refreshed("r")
    assert f"{page.scheme}://{page.netloc}{page.path}" == "https://app.hubspot.com/oauth/authorize"
    assert set(parse_qs(page.query)) == {
        "client_id",
        "redirect_uri",
        "response_type",
        "scope",
        "optional_scope",
        "state",
    }
    assert (issued.account, issued.lifetime, issued.access_token) == ("7", 30 * MINUTE, "t")
    assert "Authorization" not in asked.calls[0].request.headers


@responses.activate
def test_salesforce_is_asked_at_the_door_it_was_given_with_the_verifier() -> None:
    wanted = {"grant_type": "authorization_code", "code": "x", "redirect_uri": BACK, "code_verifier": ASKING.verifier}
    responses.post(
        "https://acme.my.salesforce.com/services/oauth2/token",
        json={
            "access_token": "00D!t",
            "refresh_token": "r",
            "instance_url": "https://acme.my.salesforce.com",
            "id": "https://login.salesforce.com/id/00D5e0000001abcEAA/0055e0000001abcAAA",
        },
        match=[matchers.urlencoded_params_matcher(wanted | {"client_id": "c", "client_secret": SECRET})],
    )
    given = Client(id="c", secret=SECRET, login_url="https://acme.my.salesforce.com")
    with closing(SalesforceSignIn(given)) as door:
        page = urlsplit(door.address(ASKING))
        issued = door.exchanged("x", ASKING)
    assert f"{page.netloc}{page.path}" == "acme.my.salesforce.com/services/oauth2/authorize"
    assert parse_qs(page.query)["scope"] == ["api refresh_token id"]
    assert (issued.account, issued.user) == ("00D5e0000001abcEAA", "0055e0000001abcAAA")
    assert issued.lifetime is None
