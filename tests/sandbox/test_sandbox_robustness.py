"""Whatever is sent, the sandbox answers as a vendor would; and it keeps its promises under many callers at once."""

import json
import re
import socket
import threading
from collections.abc import Callable
from typing import Any

import pytest
import requests
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sandbox_calls import Api

from sandbox.server import Sandbox
from sandbox.shared.call_gate import Gate
from sandbox.shared.http_call import Call

NAMES = st.sampled_from(
    [
        "inputs",
        "id",
        "idProperty",
        "properties",
        "associations",
        "to",
        "types",
        "associationTypeId",
        "filterGroups",
        "filters",
        "propertyName",
        "operator",
        "value",
        "values",
        "sorts",
        "limit",
        "after",
        "records",
        "attributes",
        "type",
        "Id",
        "allOrNone",
        "Email",
        "LastName",
        "Coldframe_Key__c",
        "ids",
        "fields",
        "compositeRequest",
        "method",
        "url",
        "body",
        "referenceId",
        "name",
        "label",
        "options",
    ]
)
LEAVES = st.none() | st.booleans() | st.integers() | st.sampled_from(["", "x", "EQ", "IN", "Lead", "email", "9"])
BODIES = st.recursive(LEAVES, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=5))
ARGUMENTS = {"kind": "contacts", "version": "v66.0", "object_name": "Lead", "field": "Coldframe_Key__c", "to": "tasks"}


def together(count: int, act: Callable[[int], Any]) -> list[Any]:
    """What `act` returns in each of so many threads, started at one moment."""
    gate, answers = threading.Barrier(count), []

    def run(number: int) -> None:
        gate.wait()
        answers.append(act(number))

    threads = [threading.Thread(target=run, args=(number,)) for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return answers


@pytest.mark.parametrize("system", ["hubspot", "salesforce"])
def test_no_body_makes_an_endpoint_fail(box: Sandbox, system: str) -> None:
    gate: Gate = box.hubspot.gate if system == "hubspot" else box.salesforce.gate
    box.hubspot.limits.searches = 0
    routes = [
        (method, re.sub(r"<(?:path:)?(\w+)>", lambda found: ARGUMENTS.get(found[1], "9"), rule))
        for method, rule, _ in gate.routes()
    ]

    @settings(max_examples=400, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
    @given(st.sampled_from(routes), BODIES)
    def holds(route: tuple[str, str], body: Any) -> None:
        method, path = route
        headers = {"authorization": "Bearer token"}
        answer = gate.answer(
            Call(method=method, path=path, query="hapikey=k", headers=headers, body=json.dumps(body).encode())
        )
        assert answer.status in {200, 201, 204, 207, 300, 400, 404, 409}

    holds()


def test_of_many_callers_with_one_key_one_makes_the_task(box: Sandbox, api: Api) -> None:
    assert api
    headers = {"Authorization": "Bearer token"}
    wish = {"properties": {"hs_timestamp": "2026-03-03T09:00:00Z", "coldframe_key": "k1"}, "associations": []}
    row = {"attributes": {"type": "Task"}, "Coldframe_Key__c": "k1", "Subject": "Call"}

    def act(number: int) -> int:
        if number % 2:
            url = f"{box.url}/hubspot/crm/objects/2026-09/tasks"
            return requests.post(url, json=wish, headers=headers, timeout=10).status_code
        url = f"{box.url}/services/data/v66.0/composite/sobjects/Task/Coldframe_Key__c"
        return requests.patch(url, json={"records": [row]}, headers=headers, timeout=10).status_code

    answers = together(16, act)
    assert sorted(answers) == [200] * 8 + [201] + [400] * 7
    assert (box.hubspot.counts()["tasks"], box.salesforce.counts()["Task"]) == (1, 1)


def test_a_connection_is_kept_for_many_calls(api: Api) -> None:
    for _ in range(50):
        assert api.get("/hubspot/crm/owners/2026-09").status_code == 200
    assert [pool.num_connections for pool in api.get_adapter(api.url).poolmanager.pools._container.values()] == [1]  # noqa: SLF001


def test_stopping_ends_connections_that_callers_hold_open() -> None:
    box = Sandbox().start()
    with Api(box.url) as api:
        assert api.get("/hubspot/crm/owners/2026-09").status_code == 200
        done = threading.Event()
        stopper = threading.Thread(target=lambda: (box.stop(), done.set()))
        stopper.start()
        assert done.wait(5)
        stopper.join()
        with pytest.raises(requests.ConnectionError):
            api.get("/hubspot/crm/owners/2026-09")


def test_a_request_that_is_cut_off_in_its_body_is_none() -> None:
    """A worker that is killed while it sends has asked for nothing."""
    with Sandbox() as sandbox:
        host, _, port = sandbox.url.removeprefix("http://").partition(":")
        with socket.create_connection((host, int(port)), timeout=5) as client:
            client.sendall(
                b"POST /hubspot/crm/objects/2026-09/contacts HTTP/1.1\r\nHost: x\r\nContent-Length: 99\r\n\r\n{"
            )
            client.shutdown(socket.SHUT_WR)
            assert client.recv(1_000) == b""
        assert sandbox.hubspot.log.counts() == {}
