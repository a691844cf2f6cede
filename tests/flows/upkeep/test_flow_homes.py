"""Whose portal a token of the environment is: asked once, kept for that token, and nobody waits for the answer."""

from dataclasses import replace

import pytest
from sqlalchemy import select

from integration.flows.base.connection_of_system import of_account
from integration.flows.upkeep.find_homes import learn
from integration.settings.environment import Settings, load
from integration.store.crm import homes
from integration.store.schema.tables import homes as table
from integration.wiring import build, connection_names
from integration.wiring.whole_service import Service
from sandbox.server import Sandbox
from sandbox.shared.requested_faults import Fault


@pytest.fixture
def settings(sandbox: Sandbox) -> Settings:
    return load(
        {
            "COLDFRAME_SECRET_KEY": "k" * 32,
            "COLDFRAME_PUBLIC_URL": "https://crm.example.com",
            "HUBSPOT_ACCESS_TOKEN": "token-one",
            "HUBSPOT_CLIENT_SECRET": "c" * 32,
            "HUBSPOT_API_URL": f"{sandbox.url}/hubspot",
            "SALESFORCE_INSTANCE_URL": "https://sandbox.my.salesforce.com",
            "SALESFORCE_ACCESS_TOKEN": "s",
            "SALESFORCE_API_URL": f"{sandbox.url}/salesforce",
        }
    )


@pytest.fixture
def wired(service: Service, settings: Settings) -> Service:
    """The service as the environment connects it."""
    return replace(service, connections=build.connections(settings, service.store))


def asked(sandbox: Sandbox) -> int:
    return sum("account-info" in entry.path for entry in sandbox.hubspot.log.entries())


def test_the_portal_of_a_token_is_asked_once_and_known_from_then_on(
    wired: Service, settings: Settings, sandbox: Sandbox
) -> None:
    portal = str(sandbox.hubspot.portal.portal_id)
    assert wired.connections["hubspot"].account == ""
    for _ in range(3):
        learn(wired, "hubspot")
    learn(wired, "salesforce")
    assert asked(sandbox) == 1
    with wired.store.read() as conn:
        assert {name: home.account for name, home in homes.every(conn).items()} == {"hubspot": portal}
        assert "token-one" not in str(conn.execute(select(table)).all())
    again = build.connections(settings, wired.store)
    assert again["hubspot"].account == portal
    assert of_account(again, "hubspot", portal) is again["hubspot"]
    assert of_account(again, "hubspot", "999999") is None


def test_another_token_is_asked_about_anew(wired: Service, settings: Settings, sandbox: Sandbox) -> None:
    learn(wired, "hubspot")
    other = settings.model_copy(update={"hubspot_access_token": type(settings.secret_key)("token-two")})
    (hubspot,) = (each for each in connection_names.known(other, wired.store) if each.system == "hubspot")
    assert hubspot.account == ""
    learn(replace(wired, connections=build.connections(other, wired.store)), "hubspot")
    assert asked(sandbox) == 2


def test_a_crm_that_does_not_say_stops_nothing_and_is_asked_again(wired: Service, sandbox: Sandbox) -> None:
    sandbox.faults.add(Fault(kind="status", status=503, system="hubspot", path="/account-info*"))
    learn(wired, "hubspot")
    with wired.store.read() as conn:
        assert homes.every(conn) == {}
    learn(wired, "hubspot")
    with wired.store.read() as conn:
        assert len(homes.every(conn)) == 1
