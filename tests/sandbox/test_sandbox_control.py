"""Everything the handles do, over HTTP, for tests whose sandbox runs in another process."""

import re
import signal
import subprocess
import sys
from typing import Any

import pytest
import requests
from sandbox_calls import Api

from sandbox.both.fill_systems import fill
from sandbox.invented.invented_people import companies, people
from sandbox.server import Sandbox

CONTROL = "/_sandbox"


def test_records_are_added_changed_linked_and_removed(api: Api) -> None:
    def make(system: str, kind: str, *records: dict[str, Any]) -> list[str]:
        answer = api.post(f"{CONTROL}/records", json={"system": system, "object": kind, "records": records})
        assert answer.status_code == 201
        made: list[str] = answer.json()["ids"]
        return made

    ana, bo = make("hubspot", "contacts", {"email": "a@acme.example", "hubspotscore": "9"}, {"email": "b@acme.example"})
    (task,) = make("hubspot", "tasks", {"hs_timestamp": "2026-03-03T09:00:00Z", "coldframe_key": "k1"})
    assert api.post(f"{CONTROL}/links", json={"object": "tasks", "id": task, "to": "contacts", "other": ana}).ok
    change = {"system": "hubspot", "object": "contacts", "id": ana, "values": {"city": "Lyon"}}
    assert api.patch(f"{CONTROL}/records", json=change).ok
    assert api.post(f"{CONTROL}/merge", json={"object": "contacts", "survivor": ana, "ended": bo}).ok
    (lead,) = make("salesforce", "Lead", {"LastName": "Silva", "Company": "Acme"})
    assert api.post(f"{CONTROL}/convert", json={"lead": lead}).json()["IsConverted"] is True
    state = api.get(f"{CONTROL}/state").json()
    assert [one["values"]["city"] for one in state["hubspot"]["contacts"]] == ["Lyon"]
    assert state["hubspot"]["tasks"][0]["links"] == {"contacts": [ana]}
    assert [one["LastName"] for one in state["salesforce"]["Contact"]] == ["Silva"]
    (listed,) = api.get(f"{CONTROL}/tasks").json()["tasks"]
    assert (listed["key"], listed["email"], listed["open"]) == ("k1", "a@acme.example", True)
    assert api.post(f"{CONTROL}/tasks/hubspot/{task}/close", json={"outcome": "connected"}).ok
    assert api.get(f"{CONTROL}/tasks").json()["tasks"][0]["open"] is False
    assert api.delete(f"{CONTROL}/records", json={"system": "hubspot", "object": "contacts", "id": ana}).ok
    assert api.get(f"{CONTROL}/counts").json()["records"]["hubspot"]["contacts"] == 0


def test_faults_rules_and_limits_are_set_and_taken_away(box: Sandbox, api: Api) -> None:
    wish = {"kind": "unavailable", "system": "hubspot", "path": "/crm/owners/2026-09*", "times": 0}
    assert api.post(f"{CONTROL}/faults", json=wish).status_code == 201
    assert api.get("/crm/owners/2026-09").status_code == 503
    assert [one["hits"] for one in api.get(f"{CONTROL}/faults").json()["faults"]] == [1]
    assert api.delete(f"{CONTROL}/faults").ok
    assert api.get("/crm/owners/2026-09").status_code == 200
    rule = {"object": "Lead", "field": "City", "pattern": "Lyon", "message": "Not in Lyon."}
    assert api.post(f"{CONTROL}/rules", json={"system": "salesforce", **rule}).status_code == 201
    assert api.get(f"{CONTROL}/rules").json()["salesforce"] == [rule]
    assert api.delete(f"{CONTROL}/rules").ok
    api.post(f"{CONTROL}/limits", json={"hubspot": {"ten_secondly": 1}, "salesforce": {"daily": 5}})
    assert [api.get("/crm/owners/2026-09").status_code for _ in range(2)] == [200, 429]
    assert box.salesforce.gate.daily == 5


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        ("faults", {"kind": "earthquake"}, 400),
        ("faults", {}, 400),
        ("records", {"system": "hubspot", "object": "contacts", "records": [{"nothing": "1"}]}, 400),
        ("records", {"system": "salesforce", "object": "Lead", "records": [{"LastName": "x"}]}, 400),
        ("records", {"system": "pipedrive"}, 404),
        ("tasks/hubspot/404/close", {"outcome": "connected"}, 404),
        ("tasks/hubspot/404/close", {"outcome": "sold"}, 400),
        ("convert", {"lead": "nonsense"}, 400),
    ],
)
def test_wrong_wishes_are_told_what_is_wrong(api: Api, path: str, body: dict[str, Any], status: int) -> None:
    answer = api.post(f"{CONTROL}/{path}", json=body)
    assert answer.status_code == status
    assert answer.json()["error"]


def test_the_log_is_told_with_its_bodies(api: Api) -> None:
    api.post("/hubspot/crm/objects/2026-09/contacts", json={"properties": {"email": "a@acme.example"}})
    (entry,) = api.get(f"{CONTROL}/log?system=hubspot&method=POST&path=contacts").json()["log"]
    assert (entry["body"], entry["status"]) == ({"properties": {"email": "a@acme.example"}}, 201)
    calls = api.get(f"{CONTROL}/counts").json()["calls"]
    assert calls == {"hubspot": {"POST /crm/objects/2026-09/contacts": 1}, "salesforce": {}}
    assert api.delete(f"{CONTROL}/log").ok
    assert api.get(f"{CONTROL}/log").json()["log"] == []


def test_a_reset_forgets_records_faults_and_calls(box: Sandbox, api: Api) -> None:
    api.post(f"{CONTROL}/fill", json={"leads": 20, "seed": 1})
    api.post(f"{CONTROL}/faults", json={"kind": "unavailable"})
    assert api.post(f"{CONTROL}/reset").ok
    counts = api.get(f"{CONTROL}/counts").json()
    assert set(counts["records"]["hubspot"].values()) == {0}
    assert counts["calls"] == {"hubspot": {}, "salesforce": {}}
    assert box.faults.waiting() == []
    assert api.get("/crm/owners/2026-09").status_code == 200


def test_invented_people_are_the_same_for_the_same_seed_and_all_of_them_invented() -> None:
    first, again, other = people(300, seed=7), people(300, seed=7), people(300, seed=8)
    assert first == again
    assert first != other
    assert len({one.email for one in first}) == 300
    assert all(one.email.endswith(".example") and one.email.isascii() for one in first)
    assert {one.home for one in first} == {"hubspot", "salesforce", "both"}
    sizes = [one.employees for one in companies(120, seed=7)]
    assert min(sizes) < 10
    assert max(sizes) > 1_000
    assert len({one.source for one in first}) == 9


def test_people_in_both_systems_know_each_others_ids(box: Sandbox) -> None:
    filled = fill(box.hubspot, box.salesforce, leads=200, seed=7)
    both = [one for one in filled.people if one.hubspot and one.salesforce]
    assert 30 < len(both) < 80
    crossed = {"Lead": "hs_salesforceleadid", "Contact": "hs_salesforcecontactid"}
    for one in both:
        assert box.hubspot.values("contacts", one.hubspot)[crossed[one.object]] == one.salesforce
        assert box.salesforce.record(one.object, one.salesforce)["Email"] == one.email
    assert {one.object for one in both} == {"Lead", "Contact"}
    assert filled.hubspot["contacts"] == sum(bool(one.hubspot) for one in filled.people)
    linked = [one for one in box.hubspot.records("contacts") if one.values.get("associatedcompanyid")]
    assert len(linked) == filled.hubspot["contacts"]


def test_a_switch_starts_without_coldframes_fields() -> None:
    with Sandbox(coldframe_fields=False) as box, Api(box.url) as api:
        assert api.get("/crm/properties/2026-09/contacts/coldframe_fit").status_code == 404
        named = {one["name"] for one in api.get("/services/data/v66.0/sobjects/Task/describe").json()["fields"]}
        assert "Coldframe_Key__c" not in named
        assert "Subject" in named


def test_the_command_serves_until_it_is_told_to_stop() -> None:
    command = [sys.executable, "-u", "-m", "integration", "sandbox", "--port", "0", "--leads", "12"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as run:
        assert run.stdout is not None
        first = run.stdout.readline()
        try:
            match = re.search(r"http://127\.0\.0\.1:\d+", first)
            assert match, first
            counts = requests.get(f"{match[0]}/_sandbox/counts", timeout=5).json()["records"]
            assert counts["hubspot"]["contacts"] + counts["salesforce"]["Lead"] >= 12 - counts["salesforce"]["Contact"]
        finally:
            run.send_signal(signal.SIGTERM)
        assert run.wait(10) == 0
