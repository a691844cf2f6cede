"""The scopes that HubSpot gave when somebody signed in: `coldframe doctor` says which of ours are lacking."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
from flows_signin import KEY

from connectors.base.port import Finding
from connectors.base.sign_in_port import Asking, Client, Issued
from connectors.hubspot.setup.app_scopes import OPT_OUTS, SCOPES
from connectors.hubspot.setup.oauth import HubSpotSignIn
from integration.examining import doctor_connections
from integration.settings.environment import load
from integration.store.audit.sealing import Keyring
from integration.store.crm import connections
from integration.store.crm.connections import Details, Secrets
from integration.store.db.session import Store
from mappings.values.identifiers import ConnectionName, System
from mappings.values.instant import parse
from sandbox.server import Sandbox

NOW = parse("2026-03-02T09:00:00Z")
BACK = "http://localhost:8723/connected"


@pytest.fixture
def kept(tmp_path: Path) -> Iterator[Store]:
    store = Store.open(f"sqlite:///{tmp_path}/coldframe.db")
    store.migrate()
    yield store
    store.dispose()


def signed_in(box: Sandbox) -> Issued:
    asking = Asking(redirect_uri=BACK, state="s" * 32, verifier="v" * 64)
    with closing(HubSpotSignIn(Client(id="a", secret="b", api_url=f"{box.url}/hubspot"))) as signing:
        page = requests.get(signing.address(asking), allow_redirects=False, timeout=10)
        code = parse_qs(urlsplit(page.headers["Location"]).query)["code"][0]
        return signing.exchanged(code, asking)


def line(store: Store, folder: Path, scopes: tuple[str, ...]) -> Finding:
    settings = load({"COLDFRAME_SECRET_KEY": KEY, "COLDFRAME_DATA_DIR": str(folder)})
    with store.write() as conn:
        connections.put(
            conn,
            ConnectionName("hubspot"),
            system=System("hubspot"),
            grant="authorization_code",
            details=Details(client_id="a", account="7", scopes=scopes),
            secrets=Secrets(access_token="t", refresh_token="r", client_secret="c" * 16),
            expires_at=None,
            keyring=Keyring.of(KEY),
            now=NOW,
        )
    return next(each for each in doctor_connections.examined(settings, store) if each.subject == "connection hubspot")


def test_all_of_ours_are_asked_for_and_that_for_opt_outs_may_be_refused(sandbox: Sandbox) -> None:
    assert signed_in(sandbox).scopes == (*SCOPES, OPT_OUTS)
    sandbox.hubspot.gate.issuer.set_up(withhold=OPT_OUTS)
    assert signed_in(sandbox).scopes == SCOPES


def test_a_scope_that_was_not_granted_is_said_with_what_to_do(sandbox: Sandbox, kept: Store, tmp_path: Path) -> None:
    assert line(kept, tmp_path, signed_in(sandbox).scopes).ok
    sandbox.hubspot.gate.issuer.set_up(withhold="crm.objects.owners.read")
    found = line(kept, tmp_path, signed_in(sandbox).scopes)
    assert not found.ok
    assert found.detail.endswith("without the scopes crm.objects.owners.read")
    assert "coldframe connect hubspot" in found.remedy


def test_a_token_that_says_nothing_of_scopes_is_not_judged_by_them(kept: Store, tmp_path: Path) -> None:
    assert line(kept, tmp_path, ()).ok
