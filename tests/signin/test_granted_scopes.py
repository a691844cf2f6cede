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
from connectors.hubspot.setup.app_scopes import LEADS, NEW_LEADS, OPT_OUTS, SCOPES
from connectors.hubspot.setup.oauth import HubSpotSignIn
from integration.examining import doctor_connections
from integration.settings.environment import load
from integration.signin.keep_sign_in import Means
from integration.signin.public_sign_in import begin, offer
from integration.signin.sign_in import Walk, sign_in
from integration.signin.sign_in_request import SignInRequest
from integration.store.audit.sealing import Keyring
from integration.store.crm import connections
from integration.store.crm.connections import Details, Secrets
from integration.store.db.session import Store
from integration.wiring.provisioners import further_scopes
from mappings.language.mapping_files import shipped
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


def signed_in(box: Sandbox, scopes: tuple[str, ...] = ()) -> Issued:
    asking = Asking(redirect_uri=BACK, state="s" * 32, verifier="v" * 64, scopes=scopes)
    with closing(HubSpotSignIn(Client(id="a", secret="b", api_url=f"{box.url}/hubspot"))) as signing:
        page = requests.get(signing.address(asking), allow_redirects=False, timeout=10)
        code = parse_qs(urlsplit(page.headers["Location"]).query)["code"][0]
        return signing.exchanged(code, asking)


def line(store: Store, folder: Path, scopes: tuple[str, ...], mapping: str = "") -> Finding:
    given = {"COLDFRAME_SECRET_KEY": KEY, "COLDFRAME_DATA_DIR": str(folder)}
    settings = load(given | ({"COLDFRAME_HUBSPOT_MAPPING": mapping} if mapping else {}))
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


def with_leads(folder: Path, *, made: bool = True) -> str:
    """A file with the section of HubSpot's leads, which is shipped as a comment; `made`: one for each handover."""
    text = shipped("hubspot").text
    start = text.index("  # lead:")
    section = text[start:].replace("  # ", "  ")
    path = folder / "leads.yaml"
    path.write_text(text[:start] + (section if made else section.replace("      create:", "      # create:")))
    return str(path)


@pytest.mark.parametrize("made", [True, False])
def test_those_for_hubspots_leads_are_asked_for_where_the_mapping_has_them_and_only_then(
    tmp_path: Path, *, made: bool
) -> None:
    given = {"COLDFRAME_SECRET_KEY": KEY, "COLDFRAME_DATA_DIR": str(tmp_path)}
    assert further_scopes(load(given), None, System("hubspot"), "hubspot") == ()
    mapped = load(given | {"COLDFRAME_HUBSPOT_MAPPING": with_leads(tmp_path, made=made)})
    wanted = (*LEADS, *NEW_LEADS) if made else LEADS
    assert further_scopes(mapped, None, System("hubspot"), "hubspot") == wanted
    assert further_scopes(mapped, None, System("salesforce"), "salesforce") == ()


def test_a_token_without_those_for_leads_is_said_where_the_mapping_needs_them(
    sandbox: Sandbox, kept: Store, tmp_path: Path
) -> None:
    scopes = signed_in(sandbox).scopes
    assert line(kept, tmp_path, scopes).ok, "the shipped mapping has none"
    found = line(kept, tmp_path, scopes, with_leads(tmp_path))
    assert not found.ok
    assert "without the scopes crm.objects.leads.read, crm.schemas.leads.read" in found.detail
    assert "optional scopes" in found.remedy
    assert "coldframe connect hubspot" in found.remedy
    whole = signed_in(sandbox, (*LEADS, *NEW_LEADS)).scopes
    assert line(kept, tmp_path, whole, with_leads(tmp_path)).ok


class _SeenError(Exception):
    """The page's address was shown, which is all that is wanted."""


def test_both_ways_to_the_page_ask_for_them(sandbox: Sandbox, kept: Store, tmp_path: Path) -> None:
    given = {
        "COLDFRAME_SECRET_KEY": KEY,
        "COLDFRAME_DATA_DIR": str(tmp_path),
        "COLDFRAME_PUBLIC_URL": "https://coldframe.example",
        "COLDFRAME_HUBSPOT_MAPPING": with_leads(tmp_path),
    }
    means = Means(settings=load(given), store=kept, now=lambda: NOW, actor="test")
    request = SignInRequest(
        name=ConnectionName("hubspot"),
        system=System("hubspot"),
        grant="authorization_code",
        details=Details(client_id="a", api_url=f"{sandbox.url}/hubspot"),
        secrets=Secrets(client_secret="c" * 16),
    )
    seen: list[str] = []

    def show(address: str, _back: str) -> None:
        seen.append(address)
        raise _SeenError

    with pytest.raises(_SeenError):
        sign_in(request, Walk(show=show, port=0), means)
    seen.append(begin(System("hubspot"), offer(request, means).token, means).address)
    for address in seen:
        asked = parse_qs(urlsplit(address).query)
        assert asked["scope"] == [" ".join(SCOPES)]
        assert asked["optional_scope"] == [" ".join((OPT_OUTS, *LEADS, *NEW_LEADS))]
