"""Webhooks that HubSpot signs for somebody else's portal: refused once it is known whose our tokens are."""

from collections.abc import Callable, Iterator

import pytest
import webhooks_senders as senders
from flask.testing import FlaskClient
from webhooks_senders import Kept, Wall

from integration.settings.environment import Settings
from integration.store.crm import homes
from integration.store.crm.homes import Home
from integration.store.db.session import Store
from integration.web.app import INTAKE, create_app
from integration.wiring import connection_names
from integration.wiring.connected_accounts import ConnectedAccounts

OURS, THEIRS = 4242, 9999
Send = Callable[..., int]


def learn(settings: Settings, store: Store, *, token: str = "") -> None:
    credential = connection_names.environments(settings).get("hubspot")
    assert credential is not None
    with store.write() as conn:
        homes.learn(conn, "hubspot", Home(mark=token or connection_names.mark(credential), account=str(OURS)), 1)


@pytest.fixture
def send(settings: Settings, store: Store, wall: Wall) -> Iterator[Send]:
    apps = []

    def post(*portals: int | None) -> int:
        app = create_app(settings, store=store, wake=print, queue=list, now=wall)
        apps.append(app)
        events = [senders.event(number, portalId=portal) for number, portal in enumerate(portals)]
        for event in events:
            if event["portalId"] is None:
                del event["portalId"]
        body = senders.events(*events)
        client: FlaskClient = app.test_client()
        return client.post("/webhooks/hubspot", data=body, headers=senders.hubspot(body)).status_code

    yield post
    for app in apps:
        app.extensions[INTAKE].close()


def test_a_batch_of_other_portals_is_refused_and_not_kept(
    send: Send, settings: Settings, store: Store, kept: Kept
) -> None:
    learn(settings, store)
    assert send(THEIRS) == 403
    assert send(THEIRS, THEIRS + 1) == 403
    assert kept() == []


def test_a_batch_with_something_of_ours_is_taken(send: Send, settings: Settings, store: Store, kept: Kept) -> None:
    learn(settings, store)
    assert send(OURS) == 200
    assert send(THEIRS, OURS) == 200
    assert send(None) == 200
    assert len(kept()) == 3


def test_where_nobody_knows_whose_the_token_is_every_signed_batch_is_taken(
    send: Send, settings: Settings, store: Store
) -> None:
    assert send(THEIRS) == 200
    learn(settings, store, token="another token")
    assert send(OURS, THEIRS + 1) == 200


def test_what_is_learned_later_counts_and_what_was_known_stays_when_the_store_is_away(
    settings: Settings, store: Store
) -> None:
    at = [0.0]
    portals = ConnectedAccounts(settings, store, "hubspot", lambda: at[0])
    assert set(portals()) == set()
    learn(settings, store)
    assert set(portals()) == set(), "asked half a minute later"
    at[0] = 31
    assert set(portals()) == {str(OURS)}
    lost = ConnectedAccounts(settings, store, "hubspot", lambda: at[0])
    assert set(lost()) == {str(OURS)}
