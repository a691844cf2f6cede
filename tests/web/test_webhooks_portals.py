"""Several HubSpot portals: each app signs for its own, with the secret that its connection was signed in with."""

from collections.abc import Iterator

import pytest
import webhooks_senders as senders
from flask.testing import FlaskClient
from webhooks_senders import Kept

from integration.settings.environment import load
from integration.store.audit.sealing import Keyring
from integration.store.crm import connections
from integration.store.crm.connections import Details, Secrets
from integration.store.db.session import Store
from integration.web.app import INTAKE, create_app

KEY = "k" * 32
OURS, EMEA, APP = "secret-of-the-app-of-ours", "secret-of-the-app-of-emea", "secret-of-one-app-for-two"
PORTALS = {"hubspot": ("1", OURS), "hubspot-emea": ("2", EMEA), "asia": ("3", APP), "africa": ("4", APP)}


@pytest.fixture
def given() -> dict[str, str]:
    """The environment: no secret of HubSpot's."""
    return {"COLDFRAME_SECRET_KEY": KEY, "COLDFRAME_PUBLIC_URL": senders.URL}


@pytest.fixture
def client(store: Store, given: dict[str, str]) -> Iterator[FlaskClient]:
    with store.write() as conn:
        for name, (portal, secret) in PORTALS.items():
            connections.put(
                conn,
                name,
                system="hubspot",
                grant="token",
                details=Details(account=portal),
                secrets=Secrets(access_token="t", client_secret=secret),
                expires_at=None,
                keyring=Keyring.of(KEY),
                now=senders.NOW,
            )
    app = create_app(load(given), store=store, wake=lambda _lane: None, queue=list, now=lambda: senders.NOW)
    yield app.test_client()
    app.extensions[INTAKE].close()


def send(client: FlaskClient, secret: str, *portals: int) -> int:
    body = senders.events(*(senders.event(number, portalId=portal) for number, portal in enumerate(portals)))
    headers = senders.hubspot(body, secret=secret)
    return client.post("/webhooks/hubspot", data=body, headers=headers).status_code


def test_each_connections_own_secret_lets_its_webhooks_in(client: FlaskClient, kept: Kept) -> None:
    assert [send(client, secret, int(portal)) for portal, secret in PORTALS.values()] == [200] * 4
    assert len(kept()) == 4


def test_one_app_in_two_portals_signs_for_both(client: FlaskClient) -> None:
    assert send(client, APP, 3, 4) == 200


@pytest.mark.parametrize(
    ("secret", "portals"), [(EMEA, (1,)), (OURS, (2,)), (EMEA, (2, 1)), (APP, (3, 1)), (OURS, (4,))]
)
def test_nobody_signs_for_a_portal_whose_app_has_another_secret(
    client: FlaskClient, kept: Kept, secret: str, portals: tuple[int, ...]
) -> None:
    assert send(client, secret, *portals) == 401
    assert kept() == []


def test_a_portal_that_is_not_connected_is_refused_and_beside_ours_left_out_later(
    client: FlaskClient, kept: Kept
) -> None:
    assert send(client, OURS, 77) == 403
    assert kept() == []
    assert send(client, OURS, 77, 1) == 200


def test_a_secret_that_no_connection_has_lets_nothing_in(client: FlaskClient, kept: Kept) -> None:
    assert send(client, "secret-of-nobody-at-all", 1) == 401
    assert kept() == []


class TestTheEnvironmentsSecret:
    @pytest.fixture
    def given(self) -> dict[str, str]:
        return {
            "COLDFRAME_SECRET_KEY": KEY,
            "COLDFRAME_PUBLIC_URL": senders.URL,
            "HUBSPOT_CLIENT_SECRET": senders.HUBSPOT_SECRET,
        }

    def test_it_signs_for_every_portal_beside_those_of_connections(self, client: FlaskClient) -> None:
        assert send(client, senders.HUBSPOT_SECRET, 1, 2, 3) == 200
        assert send(client, EMEA, 2) == 200
