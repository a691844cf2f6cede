"""The first day: from two CRMs as empty as new ones to a task that sales answers, by the commands of the README."""

import base64
import contextlib
import json
import threading
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import requests
from click.testing import CliRunner, Result
from flows_crms import SYSTEMS, engagement, person, tasks, writes
from flows_run import activity, drain_all, lead
from flows_senders import free_port
from served_apps import served
from standardwebhooks import Webhook

from integration.cli import main
from integration.commands.connecting import connect_here as connecting
from integration.flows.reading import reconcile
from integration.rig.stage.signed_delivery import PATH, signed
from integration.web.app import INTAKE, create_app
from integration.wiring import build, clock
from integration.wiring.whole_service import Service
from sandbox.desk import sales_desk
from sandbox.server import Sandbox

PEOPLE = {"hubspot": "ana@acme.example", "salesforce": "bo@globex.example"}
SECRET = "whsec_" + base64.b64encode(b"w" * 32).decode()
PUBLIC = "https://coldframe.example"
"""Where the service is reached from outside: a proxy with TLS stands there."""
HUBSPOT_SECRET = "hubspot-client-secret-of-the-first-day"
ANSWERS: Mapping[str, Mapping[str, str]] = {
    "hubspot": {"hs_task_status": "COMPLETED", "task_outcome": "accepted"},
    "salesforce": {"Status": "Completed", "Coldframe_Outcome__c": "accepted"},
}
_OF_STORE = (build._parts, build._store, build._started, build._service, build._learned)  # noqa: SLF001 - as below
KEPT = (build.settings, build.wakeups, *_OF_STORE)  # what a process keeps


@pytest.fixture
def empty() -> Iterator[Sandbox]:
    """A new portal and a new org: nobody is in them, and nothing of ours."""
    with Sandbox(coldframe_fields=False) as box:
        box.hubspot.limits.searches = 0
        yield box


@pytest.fixture
def port() -> int:
    return free_port()


@pytest.fixture
def installation(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The environment of a new installation, and a browser in which a person says yes."""
    for each in KEPT:
        each.cache_clear()
    given = {
        "COLDFRAME_DATA_DIR": str(tmp_path / "data"),
        "COLDFRAME_SECRET_KEY": "k" * 32,
        "COLDFRAME_PUBLIC_URL": PUBLIC,
        "COLDFRAME_ACTIVITY_SECRET": SECRET,
        "COLDFRAME_LINGER_SECONDS": "0",
        "HUBSPOT_CLIENT_SECRET": HUBSPOT_SECRET,
        "SALESFORCE_CLIENT_SECRET": "salesforce-client-secret-of-the-first-day",
        "COLUMNS": "200",
    }
    for name, value in given.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(connecting, "_graphical", lambda: True)
    monkeypatch.setattr(connecting.webbrowser, "open", _says_yes)
    yield
    build.service().store.dispose()
    for each in KEPT:
        each.cache_clear()


def _says_yes(address: str) -> None:
    threading.Thread(target=requests.get, args=(address,), kwargs={"timeout": 10}).start()


def run(*words: str) -> Result:
    return CliRunner().invoke(main, list(words), catch_exceptions=False)


def done(*words: str) -> str:
    """The output of a command that must succeed."""
    result = run(*words)
    assert result.exit_code == 0, result.output
    return result.stdout


def lines(*words: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in run(*words).stdout.splitlines()]


def amiss() -> set[str]:
    return {line["subject"] for line in lines("doctor", "--json") if not line["ok"]}


@contextlib.contextmanager
def receiving(empty: Sandbox, port: int, service: Service) -> Iterator[str]:
    """The service's own web server, to which HubSpot sends its webhooks; its address."""
    app = create_app(build.settings(), store=service.store, wake=lambda _lane: None, queue=list, now=clock.now)
    path = "/webhooks/hubspot"
    with served(app, port) as address:
        empty.send_webhooks(f"{address}{path}", HUBSPOT_SECRET, sign_url=f"{PUBLIC}{path}")
        yield address
        empty.send_webhooks("")
    app.extensions[INTAKE].close()


def project_written(folder: Path) -> None:
    """The app of HubSpot's developer platform, which the admin uploads with HubSpot's own tool before they sign in."""
    done("provision", "hubspot", "--project", str(folder), "--oauth")
    files = {each.name: json.loads(each.read_text()) for each in folder.rglob("*.json")}
    assert {"hsproject.json", "app-hsmeta.json", "webhooks-hsmeta.json"} <= set(files)
    assert files["webhooks-hsmeta.json"]["config"]["settings"]["targetUrl"] == f"{PUBLIC}/webhooks/hubspot"


def connected_and_provisioned(empty: Sandbox) -> None:
    """Both CRMs are signed in to, and have what the service needs."""
    for system in SYSTEMS:
        address = ("--api-url", f"{empty.url}/{system}", "--port", str(free_port()), "--redirect-host", "127.0.0.1")
        assert "One call worked" in done("connect", system, "--client-id", "client-1", *address)
    missing = amiss()
    assert {"hubspot: task.task_outcome", "salesforce: Task.Coldframe_Outcome__c"} <= missing
    for system in SYSTEMS:
        done("provision", system)
    assert amiss() <= {"Redis"}
    assert "2 fine" in done("mapping", "check")


def demo_requests(door: str) -> None:
    """Both people ask for a demo, by the API of activities."""
    asked = [activity(system, email, "demo_request", clock.now()) for system, email in PEOPLE.items()]
    body, headers = signed(Webhook(SECRET), asked, "the-first-delivery")
    assert requests.post(f"{door}{PATH}", data=body, headers=headers, timeout=10).status_code == 202


def in_shadow(empty: Sandbox, service: Service, door: str) -> None:
    """Everything is read and decided, and nothing written, until somebody goes live."""
    before = writes(empty)
    assert requests.get(f"{door}/readyz", timeout=5).json()["writing"].startswith("shadow: nothing is written")
    done("sync", "--json")
    demo_requests(door)
    drain_all(service)
    *_, summary = [json.loads(line) for line in done("shadow", "report", "--json").splitlines()]
    assert summary["shadow"] is True
    assert {"hubspot task", "salesforce task"} <= set(summary["tasks"])
    assert run("live").exit_code == 2, "nobody can be asked"
    assert json.loads(done("live", "--dry-run", "--json"))["live"] is False
    drain_all(service)
    assert writes(empty) == before


def answered(empty: Sandbox, service: Service, system: str, record: str) -> None:
    """Sales accepts in the task of this person; HubSpot sends a webhook, Salesforce is polled."""
    (task,) = [each for each in sales_desk.tasks(empty) if each.system == system and each.lead_id == record]
    assert "When you close this task, set" in sales_desk.plain(task.body)
    if system == "hubspot":
        empty.hubspot.set("tasks", task.id, dict(ANSWERS[system]))
        assert empty.drain()
    else:
        empty.salesforce.set("Task", task.id, dict(ANSWERS[system]))
        for _ in service.connections[system].mapping.objects:
            reconcile.poll(service, service.connections[system].name)
    drain_all(service)
    assert lead(service, PEOPLE[system]).stage == "sal"
    assert "accepted" in done("explain", PEOPLE[system])


@pytest.mark.usefixtures("installation")
def test_the_first_day_from_empty_crms_to_an_answer_in_both(empty: Sandbox, port: int, tmp_path: Path) -> None:
    project_written(tmp_path / "app")
    connected_and_provisioned(empty)
    records = {system: person(empty, system, email) for system, email in PEOPLE.items()}
    service = build.service()
    with receiving(empty, port, service) as door:
        in_shadow(empty, service, door)
        assert json.loads(done("live", "--yes", "--json"))["live"] is True
        drain_all(service)
        for system in SYSTEMS:
            assert engagement(empty, system, records[system]) is not None
            assert len(tasks(empty, system)) == 1
            answered(empty, service, system, records[system])
