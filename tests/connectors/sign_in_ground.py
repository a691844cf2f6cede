"""Signing in as a person does, and whether a token works."""

from urllib.parse import parse_qs, urlsplit

import requests

from connectors.base.sign_in_port import Asking, Client, Issued, SignIn
from sandbox.server import Sandbox
from sandbox.shared.call_gate import Gate

SYSTEMS = ("hubspot", "salesforce")

SECRET = "canary-client-secret-7"

BACK = "http://localhost:8723/connected"

ASKING = Asking(redirect_uri=BACK, state="state-1", verifier="v" * 48)


def gate(box: Sandbox, system: str) -> Gate:
    return box.hubspot.gate if system == "hubspot" else box.salesforce.gate


def client(box: Sandbox, system: str, **more: str) -> Client:
    given = {"id": "client-1", "secret": SECRET, "api_url": f"{box.url}/{system}"} | more
    return Client(**given)


def said_yes(door: SignIn, asking: Asking = ASKING) -> dict[str, str]:
    """What the vendor's page sends back."""
    answer = requests.get(door.address(asking), allow_redirects=False, timeout=5)
    assert answer.status_code == 302, answer.text
    back = urlsplit(answer.headers["Location"])
    assert f"{back.scheme}://{back.netloc}{back.path}" == BACK
    return {name: values[-1] for name, values in parse_qs(back.query).items()}


def signed_in(door: SignIn) -> Issued:
    return door.exchanged(said_yes(door)["code"], ASKING)
