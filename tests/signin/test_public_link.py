"""`coldframe connect --public` as somebody runs it on a server without a browser."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import flows_signin
import pytest
import requests
from flask.testing import FlaskClient
from flows_connect import KEY, Run, store
from flows_senders import programs, until

from integration.settings.environment import load
from integration.web.app import INTAKE, create_app
from sandbox.both.both_systems import PORTAL_ID
from sandbox.server import Sandbox

HERE = "http://localhost:8000"
GIVEN = {
    "COLDFRAME_PUBLIC_URL": HERE,
    "HUBSPOT_CLIENT_SECRET": "canary-client-secret-31",
    "SALESFORCE_CLIENT_SECRET": "canary-client-secret-31",
}


def words(sandbox: Sandbox, system: str) -> tuple[str, ...]:
    return ("connect", system, "--client-id", "client-1", "--api-url", f"{sandbox.url}/{system}", "--public")


@pytest.fixture
def browser(folder: Path) -> Iterator[FlaskClient]:
    """A browser that reaches the web process of this installation."""
    folder.mkdir(mode=0o700)
    opened = store(folder)
    opened.migrate()
    settings = load({"COLDFRAME_SECRET_KEY": KEY, "COLDFRAME_PUBLIC_URL": HERE})
    app = create_app(settings, store=opened, wake=lambda _: None, queue=list)
    yield app.test_client()
    app.extensions[INTAKE].close()
    opened.dispose()


def signs_in(browser: FlaskClient, link: str) -> int:
    """Follow the link, say yes (or no) on the CRM's page, and come back; the last page's status."""
    assert link.startswith(HERE)
    started = browser.get(link.removeprefix(HERE), base_url=HERE)
    answer = requests.get(started.headers["Location"], timeout=10, allow_redirects=False)
    back = urlsplit(answer.headers["Location"])
    return browser.get(f"{back.path}?{back.query}", base_url=HERE).status_code


@pytest.mark.parametrize("system", ["hubspot", "salesforce"])
def test_the_link_is_printed_and_works_after_the_command_has_ended(
    run: Run, browser: FlaskClient, sandbox: Sandbox, system: str
) -> None:
    found = run(*words(sandbox, system), "--no-wait", **GIVEN)
    assert found.exit_code == 0, found.output
    assert f"registered: {HERE}/signin/{system}/callback" in found.output
    (link,) = re.findall(r"^  (http\S+)$", found.output, re.MULTILINE)
    assert signs_in(browser, link) == 200
    (row,) = map(json.loads, run("connect", "list", "--json").stdout.splitlines())
    assert (row["name"], row["grant"], row["state"]) == (system, "authorization-code", "live")


def test_the_command_waits_and_says_who_has_signed_in_or_why_nobody_has(
    tmp_path: Path, folder: Path, browser: FlaskClient, sandbox: Sandbox
) -> None:
    given = GIVEN | {"COLDFRAME_SECRET_KEY": KEY, "COLDFRAME_DATA_DIR": str(folder), "PYTHONUNBUFFERED": "1"}
    with programs(tmp_path) as start:
        script = start(["-m", "integration", *words(sandbox, "hubspot"), "--json"], **given)
        refused = start(["-m", "integration", *words(sandbox, "salesforce")], **given)
        until(lambda: "}" in script.text(), "the script is given the link")
        until(lambda: "Waiting for the browser" in refused.text(), "the person is given the link")
        assert signs_in(browser, json.loads(script.text())["open"]) == 200
        flows_signin.gate(sandbox, "salesforce").issuer.set_up(deny=True)
        (link,) = re.findall(r"^  (http\S+)$", refused.text(), re.MULTILINE)
        assert signs_in(browser, link) == 409
        assert (script.wait(), refused.wait()) == (0, 1)
    offered, done = map(json.loads, script.text().splitlines())
    assert offered["redirect_url"] == f"{HERE}/signin/hubspot/callback"
    assert (done["name"], done["account"], done["described"]) == ("hubspot", str(PORTAL_ID), "contact")
    assert "access_denied" in refused.text()
    assert "Traceback" not in refused.text()


@pytest.mark.parametrize(
    ("more", "given", "said"),
    [
        ((), {"COLDFRAME_PUBLIC_URL": ""}, "set COLDFRAME_PUBLIC_URL"),
        ((), {"COLDFRAME_PUBLIC_URL": "http://coldframe.example"}, "must begin with https"),
        (("--grant", "token"), {}, "--public is for a person's yes in a browser"),
    ],
)
def test_what_keeps_a_link_from_being_made_is_said(
    run: Run, sandbox: Sandbox, more: tuple[str, ...], given: dict[str, str], said: str
) -> None:
    found = run(*words(sandbox, "salesforce"), *more, **{**GIVEN, "HUBSPOT_CLIENT_SECRET": "", **given})
    assert found.exit_code != 0
    assert said in " ".join(found.output.split())


def test_not_waiting_is_for_a_link_alone(run: Run, sandbox: Sandbox) -> None:
    found = run(*words(sandbox, "hubspot")[:-1], "--no-wait", **GIVEN)
    assert (found.exit_code, "--no-wait goes with --public" in found.output) == (2, True)
