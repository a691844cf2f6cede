"""A CRM that accepts and never answers: every call there is gives it up in its own time.

The calls are found by looking at the classes, so that a new one cannot be forgotten.
"""

import ast
import inspect
import socket
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing
from typing import Any, get_type_hints

import pytest
from connector_ground import DUE, HASTE, TOKEN
from places import ROOT

from connectors.answers.replies import Lost
from connectors.base.credentials import Credential
from connectors.base.port import Connector, FieldWrite, TaskWrite, Unavailable, Verdict
from connectors.hubspot.api_session import HubSpotSession
from connectors.hubspot.connector import HubSpotConnector
from connectors.hubspot.setup.property_definitions import Definitions as HubSpotDefinitions
from connectors.hubspot.setup.provisioner import HubSpotProvisioner
from connectors.hubspot.setup.public_app import App, AppSession
from connectors.salesforce.api_session import SalesforceSession
from connectors.salesforce.connector import SalesforceConnector
from connectors.salesforce.setup.field_definitions import Definitions as SalesforceDefinitions
from connectors.salesforce.setup.provisioner import SalesforceProvisioner
from mappings.model.task_text import of_plain
from mappings.translate.translation import load_mapping
from sandbox.server import Sandbox
from sandbox.shared.requested_faults import Fault

CONNECTORS = ROOT / "connectors"
INSTANCE = "https://sandbox.my.salesforce.example"
APART = {"auth", "close", "purse", "usage"}
"""What is no call."""
SOON = (1.0, 0.1)
"""Seconds to connect and to be answered, where nobody will answer."""
NEVER = 120.0
"""Seconds; far more than the tests as a whole would stand."""


def hubspot(box: Sandbox) -> Credential:
    return Credential(token=TOKEN, api_url=f"{box.url}/hubspot")


def salesforce(box: Sandbox) -> Credential:
    return Credential(token=TOKEN, api_url=f"{box.url}/salesforce", instance_url=INSTANCE)


SESSIONS: Mapping[str, Callable[[Sandbox], Any]] = {
    "hubspot": lambda box: HubSpotSession(hubspot(box), SOON),
    "hubspot definitions": lambda box: HubSpotDefinitions(hubspot(box), SOON),
    "hubspot app": lambda box: AppSession(App(number="7", key="k" * 20), f"{box.url}/hubspot", SOON),
    "salesforce": lambda box: SalesforceSession(salesforce(box), SOON),
    "salesforce definitions": lambda box: SalesforceDefinitions(salesforce(box), SOON),
}
CLASSES: Mapping[str, type[Any]] = {
    "hubspot": HubSpotSession,
    "hubspot definitions": HubSpotDefinitions,
    "hubspot app": AppSession,
    "salesforce": SalesforceSession,
    "salesforce definitions": SalesforceDefinitions,
}
ARGUMENTS: Mapping[Any, Any] = {
    "kind": "contacts",
    "to": "tasks",
    "event": "contact.creation",
    "url": "https://coldframe.example",
    "path": "sobjects",
    "soql": "SELECT Id FROM Lead",
    "field_id": "00N000000000001",
    "bin_too": False,
    "tooling": False,
}


def calls(session: type[Any]) -> list[str]:
    """The public methods of a session class, its own and those it inherits."""
    found = {name for name, _ in inspect.getmembers(session, callable) if not name.startswith("_")}
    return sorted(found - APART)


EVERY = [(name, call) for name, session in CLASSES.items() for call in calls(session)]


@pytest.fixture(scope="module")
def dead() -> Iterator[Sandbox]:
    """Both CRMs accept and never answer."""
    with Sandbox(seed=7) as box:
        box.faults.add(Fault(kind="hang", times=0, seconds=NEVER))
        yield box


def arguments(method: Callable[..., Any]) -> dict[str, Any]:
    """Something for every parameter."""
    hints = get_type_hints(method)
    given: dict[str, Any] = {}
    for name in inspect.signature(method).parameters:
        given[name] = ARGUMENTS.get(name, "x" if hints[name] is str else {})
    return given


@pytest.mark.parametrize(("session", "call"), EVERY)
def test_every_call_of_a_session_gives_up_a_crm_that_never_answers(dead: Sandbox, session: str, call: str) -> None:
    with closing(SESSIONS[session](dead)) as held:
        method = getattr(held, call)
        try:
            outcome = method(**arguments(method))
        except Unavailable as away:
            assert (away.receipt.code, away.receipt.outage) == ("NO_REPLY", True)  # noqa: PT017 -- readers raise
            return
    if call == "user":
        assert outcome == ("", "")
        return
    assert isinstance(outcome, Lost), outcome
    assert (outcome.sent, "Timeout" in outcome.reason) == (True, True), outcome


def test_the_calls_are_really_found() -> None:
    assert len(EVERY) >= 30
    assert {("hubspot", "search"), ("salesforce", "patch"), ("hubspot app", "aim"), ("hubspot", "owners")} <= set(EVERY)


def everything_of(connector: Connector, person: str, one: str) -> Iterator[tuple[str, Callable[[], Any]]]:
    """Every method of the port."""
    write = FieldWrite(key="f", object=person, id=one, fields={"coldframe_fit": "1"})
    task = TaskWrite(key="t", object=person, id=one, subject="s", body=of_plain("b"), due_at=DUE)
    given: Mapping[str, Sequence[Any]] = {
        "read": (person, [one], ["email"]),
        "find": (["ana@acme.example"], {person: ["Email"]}),
        "apply": ([write, task],),
        "objects": (),
        "count": (person,),
        "everything": (person, ["email"]),
        "describe": (person,),
        "examine": ({person: ["email"]},),
        "users": (),
        "own_user": (),
        "task_words": (),
    }
    for name in calls(Connector):
        if name == "changes":
            yield name, lambda: connector.changes(person, ["email"], since=0)
        elif name == "link":
            yield name, lambda: connector.link(person, one, account="17")
        elif name not in {"limits", "system"}:
            method, some = getattr(connector, name), given[name]
            yield name, lambda method=method, some=some: method(*some)  # type: ignore[misc]


@pytest.mark.parametrize("system", ["hubspot", "salesforce"])
def test_every_method_of_the_port_comes_back_from_a_crm_that_never_answers(dead: Sandbox, system: str) -> None:
    connector: Any = (
        HubSpotConnector(hubspot(dead), timeout=SOON)
        if system == "hubspot"
        else SalesforceConnector(salesforce(dead), timeout=SOON)
    )
    person, one = ("contact", "101") if system == "hubspot" else ("Lead", "00Q7Q0000000APTUA2")
    with closing(connector):
        for name, call in everything_of(connector, person, one):
            try:
                said = call()
            except Unavailable as away:
                assert away.receipt.code == "NO_REPLY", name  # noqa: PT017 -- reads raise, others answer
                continue
            if name == "apply":
                assert [receipt.verdict for receipt in said] == [Verdict.RETRY, Verdict.UNCLEAR]
            elif name == "examine":
                assert said
                assert not any(finding.ok for finding in said)
            else:
                assert name == "link" or (name, system) in {("objects", "hubspot"), ("own_user", "hubspot")}, (
                    "asks nobody"
                )


@pytest.mark.parametrize("system", ["hubspot", "salesforce"])
def test_provisioning_gives_up_too(dead: Sandbox, system: str) -> None:
    provisioner: Any = (
        HubSpotProvisioner(hubspot(dead), timeout=SOON)
        if system == "hubspot"
        else SalesforceProvisioner(salesforce(dead), timeout=SOON)
    )
    mapping, _ = load_mapping(system)
    assert mapping is not None
    with closing(provisioner):
        for ask in (provisioner.plan, provisioner.removal):
            with pytest.raises(Unavailable) as caught:
                ask(mapping)
            assert caught.value.receipt.code == "NO_REPLY"


def test_a_crm_that_stops_in_the_middle_of_an_answer_is_given_up() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        held: list[socket.socket] = []

        def begin() -> None:
            for _ in range(2):
                connection, _address = server.accept()
                connection.recv(65_536)
                connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 50\r\n\r\n{")
                held.append(connection)

        thread = threading.Thread(target=begin, daemon=True)
        thread.start()
        url = f"http://127.0.0.1:{server.getsockname()[1]}"
        for session in (
            HubSpotSession(Credential(token=TOKEN, api_url=url), HASTE),
            SalesforceSession(Credential(token=TOKEN, api_url=url, instance_url=INSTANCE), HASTE),
        ):
            with closing(session):
                outcome = session.owners("") if isinstance(session, HubSpotSession) else session.get("sobjects")
            assert isinstance(outcome, Lost)
            assert outcome.sent
        thread.join()
        for connection in held:
            connection.close()


LIBRARIES = {"Client", "Salesforce", "requests", "urllib3", "HTTPAdapter"}


def test_clients_are_made_in_the_sessions_alone_where_every_call_brings_its_timeout() -> None:
    """Nothing else under connectors/ touches a library that could call without one."""
    makers = set()
    for path in sorted(CONNECTORS.rglob("*.py")):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        for node in ast.walk(tree):
            ours = isinstance(node, ast.ImportFrom) and (node.module or "").startswith("connectors.")
            imported = node.names if isinstance(node, ast.Import | ast.ImportFrom) and not ours else []
            if {alias.name.split(".")[0] for alias in imported} & LIBRARIES:
                makers.add(path.relative_to(CONNECTORS).as_posix())
    doors = {"shared/oauth_flow.py", "hubspot/setup/oauth.py", "salesforce/setup/oauth.py"}
    sessions = {"hubspot/api_session.py", "salesforce/api_session.py"}
    assert makers == sessions | {"shared/oauth_flow.py"}
    for path in sorted(makers | doors):
        text = (CONNECTORS / path).read_text(encoding="utf-8")
        if path.endswith("session.py"):
            assert "timeout=self._timeout" in text, path
        if path in doors:
            assert "timeout=timeout" in text, path
