"""Signing in to both CRMs over HTTP: every grant, every refusal, and what a door may not be talked into."""

import os
from collections.abc import Iterator
from contextlib import closing
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
import responses
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from responses import matchers

from connectors.answers.edges import MOVED
from connectors.base.port import Unavailable, Verdict
from connectors.base.sign_in_port import Asking, Client, Issued, SignIn
from connectors.hubspot.setup.oauth import HubSpotSignIn
from connectors.salesforce.hosts import PRODUCTION, TEST, common
from connectors.salesforce.setup.oauth import SalesforceSignIn, audience
from integration.wiring import build
from mappings.values.instant import MINUTE, SECOND, Instant
from sandbox.server import Sandbox
from sandbox.shared.call_gate import Gate
from sandbox.shared.issued_tokens import App
from sandbox.shared.requested_faults import Fault

SYSTEMS = ("hubspot", "salesforce")
SECRET = "canary-client-secret-7"
BACK = "http://localhost:8723/connected"
ASKING = Asking(redirect_uri=BACK, state="state-1", verifier="v" * 48)
USER = "integration.coldframe@fernhill-systems.example"


def gate(box: Sandbox, system: str) -> Gate:
    return box.hubspot.gate if system == "hubspot" else box.salesforce.gate


def client(box: Sandbox, system: str, **more: str) -> Client:
    given = {"id": "client-1", "secret": SECRET, "api_url": f"{box.url}/{system}"} | more
    return Client(**given)


@pytest.fixture(params=SYSTEMS)
def system(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def door(box: Sandbox, system: str) -> Iterator[SignIn]:
    with closing(build.door(system, client(box, system))) as opened:
        yield opened


@pytest.fixture
def sales(box: Sandbox) -> Iterator[SalesforceSignIn]:
    with closing(SalesforceSignIn(client(box, "salesforce"))) as opened:
        yield opened


@pytest.fixture(scope="module")
def key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65_537, key_size=2_048)


def private(key: rsa.RSAPrivateKey) -> str:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


def public(key: rsa.RSAPrivateKey) -> str:
    return key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()


def said_yes(door: SignIn, asking: Asking = ASKING) -> dict[str, str]:
    """What the vendor's page sends back."""
    answer = requests.get(door.address(asking), allow_redirects=False, timeout=5)
    assert answer.status_code == 302, answer.text
    back = urlsplit(answer.headers["Location"])
    assert f"{back.scheme}://{back.netloc}{back.path}" == BACK
    return {name: values[-1] for name, values in parse_qs(back.query).items()}


def signed_in(door: SignIn) -> Issued:
    return door.exchanged(said_yes(door)["code"], ASKING)


def works(box: Sandbox, system: str, token: str) -> int:
    path = "/crm/v3/owners" if system == "hubspot" else "/services/data/v66.0/sobjects"
    answer = requests.get(f"{box.url}{path}", headers={"Authorization": f"Bearer {token}"}, timeout=5)
    return answer.status_code


def now(box: Sandbox) -> Instant:
    return box.now() * 1_000


def test_a_yes_on_the_page_gives_a_token_that_works(box: Sandbox, system: str, door: SignIn) -> None:
    told = said_yes(door)
    assert told["state"] == ASKING.state
    issued = door.exchanged(told["code"], ASKING)
    assert works(box, system, issued.access_token) == 200
    assert issued.refresh_token
    assert issued.account
    assert issued.lifetime == (30 * MINUTE if system == "hubspot" else None)


def test_a_code_is_good_once(door: SignIn) -> None:
    code = said_yes(door)["code"]
    door.exchanged(code, ASKING)
    with pytest.raises(Unavailable) as caught:
        door.exchanged(code, ASKING)
    assert caught.value.receipt.verdict is Verdict.RELOGIN


def test_salesforce_is_asked_with_a_code_challenge_and_takes_no_other_verifier(sales: SalesforceSignIn) -> None:
    asked = parse_qs(urlsplit(sales.address(ASKING)).query)
    assert asked["code_challenge_method"] == ["S256"]
    assert ASKING.verifier not in str(asked)
    stolen = said_yes(sales)["code"]
    with pytest.raises(Unavailable) as caught:
        sales.exchanged(stolen, Asking(redirect_uri=BACK, state="state-1", verifier="w" * 48))
    assert caught.value.receipt.code == "invalid_grant"


def test_an_expired_token_is_refused_in_the_vendors_words_and_refreshed(
    box: Sandbox, system: str, door: SignIn
) -> None:
    first = signed_in(door)
    gate(box, system).issuer.expire()
    assert works(box, system, first.access_token) == 401
    following = door.refreshed(first.refresh_token)
    assert following.access_token != first.access_token
    assert works(box, system, following.access_token) == 200


def test_a_jwt_bearer_is_verified_by_the_apps_key_and_gives_no_refresh_token(
    box: Sandbox, key: rsa.RSAPrivateKey
) -> None:
    box.salesforce.gate.issuer.apps["client-1"] = App(public_key=public(key))
    given = client(box, "salesforce", secret="", private_key=private(key), user=USER)
    with closing(SalesforceSignIn(given)) as door:
        issued = door.asserted(now(box))
    assert works(box, "salesforce", issued.access_token) == 200
    assert (issued.refresh_token, issued.user) == ("", USER)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ("another key", "invalid assertion"),
        ("another user", "user hasn't approved this consumer"),
        ("an hour ago", "assertion has expired"),
        ("no key", "no RSA key"),
    ],
)
def test_a_wrong_assertion_is_refused_with_the_reason(
    box: Sandbox, key: rsa.RSAPrivateKey, change: str, said: str
) -> None:
    registered = rsa.generate_private_key(public_exponent=65_537, key_size=2_048) if change == "another key" else key
    box.salesforce.gate.issuer.apps["client-1"] = App(public_key=public(registered))
    given = client(
        box,
        "salesforce",
        secret="",
        private_key="nonsense" if change == "no key" else private(key),
        user="nobody@acme.example" if change == "another user" else USER,
    )
    with closing(SalesforceSignIn(given)) as door, pytest.raises(Unavailable, match=said) as caught:
        door.asserted(now(box) - (60 * MINUTE if change == "an hour ago" else 0))
    assert caught.value.receipt.verdict is Verdict.RELOGIN


def test_client_credentials_give_a_token_and_no_refresh_token(box: Sandbox, sales: SalesforceSignIn) -> None:
    issued = sales.credentialed()
    assert works(box, "salesforce", issued.access_token) == 200
    assert issued.refresh_token == ""


def test_hubspot_has_neither_jwt_nor_client_credentials(box: Sandbox) -> None:
    with closing(HubSpotSignIn(client(box, "hubspot"))) as door:
        for ask in (lambda: door.asserted(0), door.credentialed):
            with pytest.raises(Unavailable, match="HubSpot"):
                ask()


def test_a_vendor_tells_whose_a_token_is_without_the_token_in_the_address(
    box: Sandbox, system: str, door: SignIn
) -> None:
    plain = Issued(access_token="canary-token-3", instance_url="https://sandbox.my.salesforce.com")
    assert door.account(plain) == signed_in(door).account
    assert "canary-token-3" not in str([(entry.path, entry.query) for entry in gate(box, system).log.entries()])


@pytest.mark.parametrize(("kind", "verdict"), [("unauthorized", Verdict.RELOGIN), ("drop", Verdict.RETRY)])
def test_whose_a_token_is_cannot_be_told_of_one_that_is_refused(
    box: Sandbox, door: SignIn, kind: str, verdict: Verdict
) -> None:
    box.faults.add(Fault(kind=kind, times=0))  # type: ignore[arg-type]
    with pytest.raises(Unavailable) as caught:
        door.account(Issued(access_token="canary-token-3"))
    assert caught.value.receipt.verdict is verdict
    assert "canary" not in str(caught.value)


@pytest.mark.parametrize("how", ["revoked", "said", "wrong secret"])
def test_a_refusal_is_final_and_keeps_the_vendors_words(box: Sandbox, system: str, door: SignIn, how: str) -> None:
    issued = signed_in(door)
    if how == "revoked":
        gate(box, system).issuer.revoke()
    elif how == "said":
        gate(box, system).issuer.wish(refuse="invalid_grant", words="this app was removed")
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
    gate(box, system).issuer.wish(refuse="invalid_grant", words=words)
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
    box.salesforce.gate.issuer.wish(instance_url=instance)
    with pytest.raises(Unavailable, match="not one of its own"):
        sales.credentialed()


@pytest.mark.parametrize("instance", ["https://acme.my.salesforce.com", "https://acme--uat.sandbox.my.salesforce.com"])
def test_salesforces_own_instances_are_taken(box: Sandbox, sales: SalesforceSignIn, instance: str) -> None:
    box.salesforce.gate.issuer.wish(instance_url=instance)
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
    responses.post("https://api.hubapi.com/oauth/v1/token", body=body)
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
    gate(box, system).issuer.wish(refuse="invalid_grant")
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
        "https://api.hubapi.com/oauth/v1/token",
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
    assert set(parse_qs(page.query)) == {"client_id", "redirect_uri", "response_type", "scope", "state"}
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
