"""Properties that an administrator has made required: whoever writes by API meets them, whichever way they write."""

from typing import Any

import pytest
from sandbox_calls import Api

from sandbox.server import Sandbox

TASKS = "/hubspot/crm/objects/2026-09/tasks"
SUBJECT = {"hs_task_subject": "Call"}
MADE = {**SUBJECT, "hs_timestamp": "2026-03-03T09:00:00Z"}
KEYED: dict[str, Any] = {"idProperty": "coldframe_key"}
WAYS: dict[str, tuple[str, str, Any]] = {
    "create": ("POST", TASKS, {"properties": MADE, "associations": []}),
    "update": ("PATCH", TASKS + "/{task}", {"properties": SUBJECT}),
    "batch/create": ("POST", f"{TASKS}/batch/create", {"inputs": [{"properties": MADE, "associations": []}]}),
    "batch/update": ("POST", f"{TASKS}/batch/update", {"inputs": [{"id": "{task}", "properties": SUBJECT}]}),
    "batch/upsert, there": ("POST", f"{TASKS}/batch/upsert", {"inputs": [KEYED | {"id": "k1", "properties": SUBJECT}]}),
    "batch/upsert, new": ("POST", f"{TASKS}/batch/upsert", {"inputs": [KEYED | {"id": "k2", "properties": MADE}]}),
}  # fmt: skip


def sent(api: Api, way: str, task: str) -> Any:
    method, path, body = WAYS[way]
    if way == "batch/update":
        body = {"inputs": [body["inputs"][0] | {"id": task}]}
    return api.request(method, path.format(task=task), json=body)


@pytest.mark.parametrize("way", WAYS)
def test_what_another_value_requires_is_required_however_it_is_written(box: Sandbox, api: Api, way: str) -> None:
    task = box.hubspot.add("tasks", {"hs_timestamp": "2026-03-03T09:00:00Z", "coldframe_key": "k1"})
    rule = {"object": "tasks", "field": "hubspot_owner_id", "when": "hs_task_subject", "value": "Call"}
    assert api.post("/_sandbox/required", json=rule).status_code == 201
    assert api.get("/_sandbox/rules").json()["hubspot"] == [rule]
    refused = sent(api, way, task)
    (error,) = refused.json()["errors"]
    assert (refused.status_code, error["code"]) == (400, "MISSING_CONDITIONAL_REQUIRED_PROPERTY")
    assert error["context"] == {"propertyName": ["hubspot_owner_id"]}
    assert api.delete("/_sandbox/rules").ok
    assert sent(api, way, task).ok


@pytest.mark.parametrize("way", WAYS)
def test_what_every_new_record_needs_is_asked_of_new_ones_alone(box: Sandbox, api: Api, way: str) -> None:
    task = box.hubspot.add("tasks", {"hs_timestamp": "2026-03-03T09:00:00Z", "coldframe_key": "k1"})
    box.hubspot.require(object="tasks", field="hubspot_owner_id")
    answer = sent(api, way, task)
    if way in {"create", "batch/create", "batch/upsert, new"}:
        assert (answer.status_code, answer.json()["errors"][0]["code"]) == (400, "MISSING_REQUIRED_PROPERTY")
    else:
        assert answer.ok


def test_what_the_record_has_already_need_not_be_sent_again_and_other_values_ask_for_nothing(
    box: Sandbox, api: Api
) -> None:
    owner = str(box.hubspot.portal.owners[0]["id"])
    task = box.hubspot.add("tasks", {"hs_timestamp": "2026-03-03T09:00:00Z", "hubspot_owner_id": owner})
    bare = box.hubspot.add("tasks", {"hs_timestamp": "2026-03-03T09:00:00Z"})
    box.hubspot.require(object="tasks", field="hubspot_owner_id", when="hs_task_subject", value="Call")
    assert sent(api, "update", task).ok
    assert api.patch(f"{TASKS}/{bare}", json={"properties": {"hs_task_subject": "Mail"}}).ok
    assert api.patch(f"{TASKS}/{bare}", json={"properties": {"hs_task_priority": "HIGH"}}).ok
