"""Connections in the console: how they are, and signing in to a CRM in the browser."""

import html
import re

import pytest
from console_browser import ConsoleGround, Grounds
from flows_run import Watch

from integration.store.audit import audit_trail
from integration.store.crm import call_usage, connection_pauses, connections
from integration.store.progress import drift_looks
from integration.store.progress.drift_looks import Look, Trouble
from integration.wiring.whole_service import Service
from mappings.values.identifiers import ConnectionName
from mappings.values.instant import HOUR, MINUTE
from sandbox.server import Sandbox

HUBSPOT = ConnectionName("hubspot")
PUBLIC = "http://127.0.0.1:8000"


@pytest.fixture
def connected(grounds: Grounds, sandbox: Sandbox) -> ConsoleGround:
    """Both CRMs are connected by the environment's tokens, as the service of the tests has them."""
    return grounds(
        COLDFRAME_PUBLIC_URL=PUBLIC,
        HUBSPOT_ACCESS_TOKEN="sandbox-hubspot-token",
        HUBSPOT_CLIENT_SECRET="sandbox-hubspot-client-secret",
        HUBSPOT_API_URL=f"{sandbox.url}/hubspot",
    )


def text(page: str) -> str:
    return html.unescape(re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page)))


def test_without_a_crm_the_page_says_what_to_do(ground: ConsoleGround) -> None:
    assert "No CRM is connected yet" in ground.signed_in("viewer").get("/console/connections/").text


def test_each_connection_says_how_it_is(connected: ConsoleGround, service: Service, at: Watch) -> None:
    browser = connected.signed_in("viewer")
    assert "works" in text(browser.get("/console/connections/").text)
    trouble = Trouble(subject="contacts.score", text="is not there any more", remedy="Run coldframe provision hubspot.")
    with service.store.write() as conn:
        connection_pauses.pause(conn, HUBSPOT, at() + HOUR, "HubSpot asks for a pause", now=at() - MINUTE)
        drift_looks.put(conn, HUBSPOT, Look(at=at() - 5 * MINUTE, troubles=(trouble,)))
        tally = call_usage.get(conn, HUBSPOT)
        call_usage.put(conn, HUBSPOT, "", tally, at())
    page = text(browser.get("/console/connections/").text)
    for said in (
        "waits",
        "HubSpot asks for a pause",
        "1 minute ago",
        "1 differ from the mapping, seen 5 minutes ago",
        "contacts.score : is not there any more Run coldframe provision hubspot.",
        "the CRM has not said",
    ):
        assert said in page, said


def test_a_connection_that_is_none_is_said_so(connected: ConsoleGround) -> None:
    assert connected.signed_in("admin").get("/console/connections/new/sap").status_code == 404


def test_signing_in_to_hubspot_in_the_browser_from_the_form_to_the_connection(
    connected: ConsoleGround, service: Service
) -> None:
    browser = connected.signed_in("admin")
    page = browser.get("/console/connections/new/hubspot").text
    assert f"{PUBLIC}/signin/hubspot/callback" in page
    wrong = browser.post("/console/connections/new/hubspot", {"client_id": "", "client_secret": ""})
    assert wrong.status_code == 400
    assert "The client id is missing" in text(wrong.text), text(wrong.text)
    assert "--" not in text(wrong.text.partition("<main")[2])
    given = {"client_id": "app-1", "client_secret": "s3cret-of-the-app"}
    page = browser.post("/console/connections/new/hubspot", given).text
    found = re.search(rf'href="({PUBLIC}/signin/hubspot/start\?link=[^"]+)"', page)
    assert found is not None
    assert "s3cret-of-the-app" not in page
    started = browser.get(found[1].removeprefix(PUBLIC))
    assert started.status_code == 303
    assert "client_id=app-1" in started.headers["Location"]
    with service.store.read() as conn:
        assert connections.get(conn, HUBSPOT) is None
        (line,) = [each for each in audit_trail.recent(conn, 5) if each.action == "sign-in link"]
    assert (line.actor, line.subject) == ("ana@acme.example", "hubspot")
