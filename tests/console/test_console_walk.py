"""The first day, walked in a real browser against the sandbox, with no command line but `coldframe up`."""

import html
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeVar

import pytest
from console_screen import Screen, browser
from edited_texts import edited_text
from flows_crms import person, writes
from playwright.sync_api import Browser, Page

from integration.processes.local_stack import environment
from sandbox.server import Sandbox

T = TypeVar("T")

_LINK = re.compile(r"http://\S+/console/enter\?link=\S+")
_PATIENCE = 120_000
ANA = "ana@acme.example"
_PASTE = """(text) => {
    const clipboardData = new DataTransfer();
    clipboardData.setData("text/plain", text);
    const pasted = new ClipboardEvent("paste", {clipboardData, bubbles: true, cancelable: true});
    document.querySelector(".cm-content").dispatchEvent(pasted);
}"""
ROUTING = """pools:
  everybody: {members: [nadia@acme.example, sam@acme.example]}
routes:
  - {otherwise: everybody}
"""


@pytest.fixture(scope="module")
def chrome() -> Iterator[Browser]:
    with browser() as found:
        yield found


@pytest.fixture
def crm() -> Iterator[Sandbox]:
    with Sandbox() as box:
        for name in ("ana", "bo", "cy"):
            contact = person(box, "hubspot", f"{name}@acme.example")
            box.hubspot.set("contacts", contact, {"hs_role": "Director of Sales", "numemployees": "50-100"})
        yield box


@pytest.fixture
def screen(chrome: Browser, tmp_path: Path) -> Iterator[Screen]:
    """A browser that has followed the link which `coldframe up` printed; no CRM is named anywhere."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port: int = taken.getsockname()[1]
    log = tmp_path / "up.log"
    given = {name: value for name, value in environment().items() if not name.startswith(("HUBSPOT", "SALESFORCE"))}
    address = f"http://127.0.0.1:{port}"
    own = {"COLDFRAME_DATA_DIR": str(tmp_path / "data"), "PORT": str(port), "COLDFRAME_PUBLIC_URL": address}
    with log.open("wb") as out:
        command = [sys.executable, "-m", "integration", "up"]
        process = subprocess.Popen(command, env={**given, **own}, stdout=out, stderr=subprocess.STDOUT)
    try:
        link = wait(lambda: _LINK.search(log.read_text()), "a link")[0]
        context = chrome.new_context(timezone_id="Europe/Berlin", reduced_motion="reduce")
        found = Screen(context, address)
        found.page.set_default_timeout(_PATIENCE)
        found.page.on("dialog", lambda asked: asked.accept())
        wait(lambda: found.page.request.get(f"{address}/healthz", fail_on_status_code=True), "the web process")
        found.enter(link)
        yield found
        context.close()
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(30)


def wait(ask: Callable[[], T | None], what: str) -> T:
    """What somebody answers, once they do."""
    until = time.monotonic() + _PATIENCE / 1_000
    while time.monotonic() < until:
        try:
            if found := ask():
                return found
        except Exception:  # noqa: BLE001, S110 - it is not there yet
            pass
        time.sleep(0.3)
    msg = f"{what} did not come"
    raise AssertionError(msg)


def in_force(page: Page, base: str, subject: str) -> str:
    """The text of a rule file, as its page has it."""
    answer = page.request.get(f"{base}/console/rules/edit/{subject}")
    found = re.search(r"<textarea[^>]*>(.*?)</textarea>", answer.text(), re.DOTALL)
    assert found is not None
    return html.unescape(found[1]).lstrip("\n")


def edit(screen: Screen, subject: str, text: str, reason: str) -> Page:
    """Put a text into the editor, and ask what it would do."""
    page: Page = screen.open(f"/console/rules/edit/{subject}")
    page.locator(".cm-content").click()
    page.keyboard.press("Control+A")
    page.evaluate(_PASTE, text)
    page.get_by_label("Why you change it").fill(reason)
    page.get_by_role("button", name="See what it would do").click()
    return page


def publish(screen: Screen, subject: str, text: str, reason: str) -> None:
    edit(screen, subject, text, reason)
    publish_draft(screen.page)


def publish_changes(screen: Screen, reason: str) -> None:
    """Make a draft of what was changed in the table of fields, and publish it."""
    page = screen.open("/console/mappings/hubspot/changes")
    page.get_by_label("Why you change it").fill(reason)
    page.get_by_role("button", name="See what it would do").click()
    publish_draft(page)


def publish_draft(page: Page) -> None:
    page.locator("#found").wait_for()
    page.get_by_role("button", name="Publish as version").click()
    page.wait_for_url(re.compile("/console/rules/$"))


def mend_mapping(screen: Screen) -> None:
    """The mapping names a field that HubSpot has no more: mend it in the table, with a look at a record before."""
    page = screen.open("/console/first-day/")
    page.get_by_role("link", name="Field mapping of HubSpot").click()
    page.get_by_text("1 mapped field does not fit the CRM").wait_for()
    for ours in ("Title", "Seniority"):
        screen.open("/console/mappings/hubspot?show=trouble").get_by_role("link", name=ours, exact=True).click()
        page.wait_for_url(
            re.compile(r"/mappings/hubspot/field\?")
        )  # with its scripts: what is typed before is not checked
        field = page.get_by_label("Field of HubSpot")
        field.fill("hs_rol")
        page.get_by_text("did you mean 'hs_role'?").wait_for()
        field.fill("hs_role")
        page.get_by_text("Employment role, string").wait_for()
        page.get_by_role("button", name="Keep this change").press("Enter")
        page.get_by_text(f"{ours} is changed in your changes").wait_for()
    page.get_by_role("link", name="Preview on a record").click()
    page.get_by_label("E-mail address").fill(ANA)
    page.get_by_role("button", name="Preview").click()
    page.get_by_text("What would be written").wait_for()
    assert page.get_by_role("row", name=re.compile("hs_role.*Title.*Director of Sales.*changes")).count() == 1
    publish_changes(screen, "HubSpot calls it otherwise now")


def add_own_field(screen: Screen) -> None:
    """A field of HubSpot becomes one of our own, and the playbook scores it."""
    page = screen.open("/console/mappings/hubspot?q=numemployees")
    page.get_by_role("link", name="Map Employees").click()
    page.get_by_label("Name in the playbook").fill("headcount")
    page.get_by_role("button", name="Add the field").click()
    page.get_by_text("headcount: a field of our own").wait_for()
    publish_changes(screen, "how many people they say they are")
    score = "    headcount:\n      headcount = v_50_100: 7\n    industry:\n"
    before = in_force(page, screen.base, "playbook")
    publish(screen, "playbook", edited_text(before, ("    industry:\n", score)), "headcount counts")
    screen.open(f"/console/mappings/hubspot/preview?record={ANA}")
    assert page.get_by_role("row", name="headcount +7").count() == 1


@pytest.mark.timeout(600)  # its processes share the machine with everything else
def test_the_first_day_is_walked_without_the_command_line(screen: Screen, crm: Sandbox) -> None:
    page, path = screen.page, "/console/first-day/"
    # connect
    screen.open(path).get_by_role("link", name="Sign in to HubSpot").click()
    page.get_by_label("Client id").fill("client-1")
    page.get_by_label("Client secret").fill("a secret of the sandbox")
    page.get_by_text("For a sandbox on this machine").click()
    page.get_by_label("Address of the API").fill(f"{crm.url}/hubspot")
    page.get_by_role("button", name="Go on").click()
    page.get_by_role("link", name="To HubSpot").click()
    page.get_by_role("link", name="Go on in the console").click()
    wait(lambda: "works" in screen.open("/console/connections/").content(), "the new connection")
    # provision
    screen.open(path).get_by_role("button", name="See what HubSpot needs").click()
    page.locator("#found").wait_for()
    assert "every field that Coldframe needs" in page.content()
    # a broken mapping is refused at its line; one that the CRM has broken is mended and previewed on a real record
    mapping = in_force(page, screen.base, "mapping:hubspot")
    edit(screen, "mapping:hubspot", edited_text(mapping, ("jobtitle", "jobtitel")), "a mistake")
    wait(lambda: "did you mean" in page.content(), "the mistake")
    crm.hubspot.portal.remove_property("contacts", "jobtitle")
    mend_mapping(screen)
    add_own_field(screen)
    # read everything, edit a threshold, see its impact, publish, put back
    screen.open(path).get_by_role("button", name="Read everything").click()
    page.locator("#found").wait_for()
    before = in_force(page, screen.base, "playbook")
    publish(screen, "playbook", edited_text(before, ("pricing: 15", "pricing: 9")), "prices count for less")
    assert "pricing: 9" in in_force(page, screen.base, "playbook")
    screen.open("/console/rules/").get_by_role("button", name=re.compile("Put back")).first.click()
    page.locator("#found").wait_for()
    page.get_by_role("button", name="Publish as version").click()
    page.wait_for_url(re.compile("/console/rules/$"))
    assert in_force(page, screen.base, "playbook") == before
    # a lead
    screen.open(f"/console/leads?q={ANA}").get_by_role("link", name=re.compile("ana", re.IGNORECASE)).first.click()
    page.wait_for_url(re.compile(r"/console/leads/\S+"))
    assert ANA in page.content()
    # somebody is away
    publish(screen, "routing", ROUTING, "everybody takes turns")
    screen.open("/console/people/").get_by_label("Person").select_option("nadia@acme.example")
    page.get_by_label("First day").fill("2026-12-21")
    page.get_by_role("button", name="Report away").click()
    assert "2026-12-21" in page.content()
    # look at what would be written, and go live
    screen.open(path).get_by_role("button", name="Compare with the CRMs").click()
    page.locator("#found").wait_for()
    page.get_by_label("New tasks of a CRM in an hour").fill("20")
    page.get_by_role("button", name="Go live").click()
    page.locator("#found").wait_for()
    assert "Everything is done" in screen.open(path).content()
    wait(lambda: [each for each in writes(crm) if "contacts/batch/update" in each], "scores in the CRM")
    refused = "status of 400"  # the mapping with a mistake
    assert [each for each in screen.complaints if refused not in each] == []
    assert screen.hosts == {screen.base.split("/")[2], crm.url.split("/")[2]}
