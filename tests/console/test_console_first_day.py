"""The first day in the console: from a CRM that is connected to one that is written to, each step seen and stored."""

import html
import re
from collections.abc import Iterator

import pytest
from console_browser import ConsoleGround, Grounds
from flows_crms import person
from flows_run import Watch, activity, drain_all, receive
from test_console_connections import PUBLIC

from integration.store.audit import audit_trail
from integration.store.console import long_works
from integration.store.db.session import Store
from integration.store.progress import write_permission
from integration.wiring.whole_service import Service
from mappings.values.instant import HOUR, MINUTE
from sandbox.server import Sandbox

ANA = "ana@acme.example"
PATH = "/console/first-day/"


@pytest.fixture
def sandbox(at: Watch) -> Iterator[Sandbox]:
    """Both CRMs before Coldframe: none of its fields."""
    with Sandbox(now=lambda: at() // 1_000, coldframe_fields=False) as box:
        box.hubspot.limits.searches = 0
        yield box


@pytest.fixture(autouse=True)
def unwritten(store: Store) -> None:
    """Nobody has gone live yet."""
    with store.write() as conn:
        write_permission.take_back(conn)


@pytest.fixture
def beginning(grounds: Grounds, sandbox: Sandbox, service: Service, at: Watch) -> ConsoleGround:
    """A HubSpot that has one person, who has looked at prices; nothing was read, nothing may be written."""
    person(sandbox, "hubspot", ANA)
    receive(service, *(activity(n, ANA, "page_view", at() - n * HOUR, page="pricing") for n in range(2)))
    return grounds(
        COLDFRAME_PUBLIC_URL=PUBLIC,
        HUBSPOT_ACCESS_TOKEN="sandbox-hubspot-token",
        HUBSPOT_CLIENT_SECRET="sandbox-hubspot-client-secret",
        HUBSPOT_API_URL=f"{sandbox.url}/hubspot",
    )


def text(page: str) -> str:
    return html.unescape(re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page)))


def states(page: str) -> list[str]:
    return re.findall(r'class="path-step (\w+)"', page)


def test_without_a_crm_connecting_is_next(ground: ConsoleGround) -> None:
    page = ground.signed_in("viewer").get(PATH).text
    assert states(page) == ["next", *["waits"] * 5]
    assert "Sign in to" not in page, "that is an admin's"


def test_the_first_day_from_the_fields_to_going_live(beginning: ConsoleGround, service: Service, at: Watch) -> None:
    admin = beginning.signed_in("admin")
    assert states(admin.get(PATH).text)[:2] == ["done", "next"]

    plan = admin.post(f"{PATH}provision/hubspot/begin", {"act": "no"}).headers["Location"]
    assert "Nothing has been changed yet" in admin.get(plan).text
    assert states(admin.get(PATH).text)[1] == "next"
    admin.post(f"{PATH}provision/hubspot/begin", {"act": "yes"})
    assert "The CRM has every field that Coldframe needs" in admin.get(plan).text

    seen = text(admin.get(f"{PATH}preview/hubspot?record={ANA}").text)
    assert "Points of fit" in seen
    assert "coldframe_stage" in seen
    assert admin.get(f"{PATH}preview/hubspot?record=nobody@nowhere.example").status_code == 404
    assert "names no record" in text(admin.get(f"{PATH}preview/hubspot?record=contact:x").text)

    read = admin.get(admin.post(f"{PATH}sync/begin").headers["Location"]).text
    assert "leads were decided about" in read
    early = admin.post(f"{PATH}live/begin", {"tasks_per_hour": "5"})
    assert early.status_code == 409, "nobody has looked at what would be written"
    at.forward(MINUTE)
    drain_all(service)
    report = text(admin.get(admin.post(f"{PATH}report/begin").headers["Location"]).text)
    assert "records would change" in report
    assert states(admin.get(PATH).text) == [*["done"] * 5, "next"]

    assert admin.post(f"{PATH}live/begin", {"tasks_per_hour": "many"}).status_code == 400
    went = admin.post(f"{PATH}live/begin", {"tasks_per_hour": "5", "records_per_minute": ""}).headers["Location"]
    assert "Coldframe writes to the CRMs from now on" in admin.get(went).text
    with service.store.read() as conn:
        permission = write_permission.given(conn)
        lines = [(each.actor, each.action) for each in audit_trail.recent(conn, 20)]
    assert permission is not None
    assert (permission.tasks_per_hour, permission.writes_per_minute) == (5, None)
    assert {
        ("ana@acme.example", action) for action in ("first day: provision", "first day: sync", "first day: live")
    } <= set(lines)
    assert "Everything is done" in admin.get(PATH).text
    admin.post(f"{PATH}shadow")
    with service.store.read() as conn:
        assert write_permission.given(conn) is None


def test_a_work_whose_process_is_gone_can_be_begun_again_and_one_under_way_is_not_begun_twice(
    beginning: ConsoleGround, service: Service, at: Watch
) -> None:
    admin = beginning.signed_in("admin")
    began = long_works.Work(
        kind="sync", connection=long_works.SERVICE, actor="bo@acme.example", began_at=at(), moved_at=at()
    )
    with service.store.write() as conn:
        long_works.put(conn, began)
    where = admin.post(f"{PATH}sync/begin").headers["Location"]
    assert "The CRMs are read" in admin.get(where).text, "bo's goes on"
    at.forward(6 * MINUTE)
    assert "It has not moved for a while" in admin.get(where).text
    admin.post(f"{PATH}sync/begin")
    assert "leads were decided about" in admin.get(where).text


def test_why_a_work_failed_is_on_its_page(grounds: Grounds) -> None:
    away = {"HUBSPOT_ACCESS_TOKEN": "sandbox-hubspot-token", "HUBSPOT_API_URL": "http://127.0.0.1:9/hubspot"}
    admin = grounds(COLDFRAME_PUBLIC_URL=PUBLIC, HUBSPOT_CLIENT_SECRET="x" * 16, **away).signed_in("admin")
    where = admin.post(f"{PATH}provision/hubspot/begin", {"act": "no"}).headers["Location"]
    page = text(admin.get(where).text)
    assert "Begin it again" in page
    assert "A CRM does not answer as it should: NO_REPLY" in page
