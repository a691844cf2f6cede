"""Signing in to both CRMs over HTTP: every grant, every refusal, and what a token endpoint may not be made to do."""

from contextlib import closing
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from sign_in_ground import ASKING, BACK, client, gate, said_yes, signed_in

from connectors.base.port import Unavailable, Verdict
from connectors.base.sign_in_port import Asking, Issued, SignIn
from connectors.hubspot.setup.oauth import HubSpotSignIn
from connectors.salesforce.setup.oauth import SalesforceSignIn
from mappings.values.instant import MINUTE, Instant
from sandbox.server import Sandbox
from sandbox.shared.issued_tokens import App
from sandbox.shared.requested_faults import Fault

USER = "integration.coldframe@fernhill-systems.example"


@pytest.fixture(scope="module")
def key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65_537, key_size=2_048)


def private(key: rsa.RSAPrivateKey) -> str:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


def public(key: rsa.RSAPrivateKey) -> str:
    return key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()


def works(box: Sandbox, system: str, token: str) -> int:
    path = "/crm/owners/2026-09" if system == "hubspot" else "/services/data/v66.0/sobjects"
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
