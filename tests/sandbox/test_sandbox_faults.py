import time

import pytest
import requests
from sandbox_calls import Api, Watch

from sandbox.server import Sandbox
from sandbox.shared.requested_faults import Fault

TASKS = "/hubspot/crm/objects/2026-09/tasks"
TASK = {"properties": {"hs_timestamp": "2026-03-03T09:00:00Z", "hs_task_subject": "Call"}, "associations": []}
LEADS = "/salesforce/services/data/v66.0/sobjects/Lead"
LEAD = {"LastName": "Silva", "Company": "Acme"}


def test_an_applied_call_can_lose_its_answer(box: Sandbox, api: Api) -> None:
    box.faults.add(Fault(kind="apply_then_drop", system="hubspot", method="POST", path="*/tasks"))
    with pytest.raises(requests.ConnectionError):
        api.post(TASKS, json=TASK)
    assert box.hubspot.counts()["tasks"] == 1
    assert api.post(TASKS, json=TASK).status_code == 201
    entries = box.hubspot.log.entries(path="/tasks")
    assert [(one.status, one.applied, one.fault) for one in entries] == [(0, True, "apply_then_drop"), (201, True, "")]


def test_a_call_can_be_dropped_before_it_is_applied(box: Sandbox, api: Api) -> None:
    box.faults.add(Fault(kind="drop", system="salesforce", path="*/sobjects/Lead"))
    with pytest.raises(requests.ConnectionError):
        api.post(LEADS, json=LEAD)
    assert box.salesforce.counts()["Lead"] == 0
    assert box.salesforce.log.entries()[0].applied is False
    assert api.post(LEADS, json=LEAD).status_code == 201


def test_hubspot_says_429_with_and_without_retry_after(box: Sandbox, api: Api) -> None:
    box.faults.add(Fault(kind="rate_limited", system="hubspot", retry_after=7))
    box.faults.add(Fault(kind="rate_limited", system="hubspot", policy="DAILY"))
    first, second = api.get("/hubspot/crm/owners/2026-09"), api.get("/hubspot/crm/owners/2026-09")
    assert (first.status_code, first.headers["Retry-After"], first.json()["policyName"]) == (
        429,
        "7",
        "TEN_SECONDLY_ROLLING",
    )
    assert (second.status_code, second.json()["policyName"]) == (429, "DAILY")
    assert "Retry-After" not in second.headers
    assert api.get("/hubspot/crm/owners/2026-09").status_code == 200


@pytest.mark.parametrize(
    ("kind", "status", "code"),
    [
        ("rate_limited", 403, "REQUEST_LIMIT_EXCEEDED"),
        ("unavailable", 503, "SERVER_UNAVAILABLE"),
        ("unauthorized", 401, "INVALID_SESSION_ID"),
    ],
)
def test_salesforce_says_it_in_its_own_words(box: Sandbox, api: Api, kind: str, status: int, code: str) -> None:
    box.faults.add_from({"kind": kind, "system": "salesforce"})
    answer = api.post(LEADS, json=LEAD)
    assert (answer.status_code, answer.json()[0]["errorCode"]) == (status, code)
    assert box.salesforce.counts()["Lead"] == 0


def test_a_fault_strikes_as_often_as_told_and_only_where_told(box: Sandbox, api: Api) -> None:
    box.faults.add(Fault(kind="unavailable", system="hubspot", method="POST", path="*/tasks", times=2, skip=1))
    statuses = [api.post(TASKS, json=TASK).status_code for _ in range(4)]
    assert statuses == [201, 503, 503, 201]
    box.faults.add(Fault(kind="unavailable", system="hubspot", times=0))
    assert [api.get("/hubspot/crm/owners/2026-09").status_code for _ in range(3)] == [503] * 3
    assert api.post(LEADS, json=LEAD).status_code == 201
    box.faults.clear()
    assert api.get("/hubspot/crm/owners/2026-09").status_code == 200


def test_a_hanging_call_outlasts_its_caller_and_is_applied(box: Sandbox, api: Api) -> None:
    box.faults.add(Fault(kind="hang", system="hubspot", seconds=1))
    begun = time.monotonic()
    with pytest.raises(requests.ReadTimeout):
        api.post(TASKS, json=TASK, timeout=0.1)
    assert time.monotonic() - begun < 1
    until = time.monotonic() + 5
    while not box.hubspot.counts()["tasks"] and time.monotonic() < until:
        time.sleep(0.02)
    assert box.hubspot.counts()["tasks"] == 1


def test_without_a_token_nothing_is_told(box: Sandbox) -> None:
    hubspot = requests.get(f"{box.url}/hubspot/crm/owners/2026-09", timeout=5)
    assert (hubspot.status_code, hubspot.json()["category"]) == (401, "INVALID_AUTHENTICATION")
    salesforce = requests.get(f"{box.url}/salesforce/services/data/v66.0/limits", timeout=5)
    assert (salesforce.status_code, salesforce.json()) == (
        401,
        [{"message": "Session expired or invalid", "errorCode": "INVALID_SESSION_ID"}],
    )


def test_only_known_tokens_are_accepted_where_some_are_named() -> None:
    with Sandbox(tokens=("right",)) as box:
        for token, status in (("right", 200), ("wrong", 401)):
            header = {"Authorization": f"Bearer {token}"}
            assert (
                requests.get(f"{box.url}/hubspot/crm/owners/2026-09", headers=header, timeout=5).status_code == status
            )
            limits = requests.get(f"{box.url}/services/data/v66.0/limits", headers=header, timeout=5)
            assert limits.status_code == status


def test_hubspots_ten_second_and_daily_limits_are_told_and_held(box: Sandbox, api: Api, watch: Watch) -> None:
    box.hubspot.limits.ten_secondly = 3
    answers = [api.get("/hubspot/crm/owners/2026-09") for _ in range(4)]
    assert [one.status_code for one in answers] == [200, 200, 200, 429]
    assert [one.headers["X-HubSpot-RateLimit-Remaining"] for one in answers[:3]] == ["2", "1", "0"]
    assert answers[0].headers["X-HubSpot-RateLimit-Interval-Milliseconds"] == "10000"
    told = {api.get("/hubspot/crm/owners/2026-09").headers.get("Retry-After") for _ in range(20)}
    assert told == {None, "10"}
    watch.forward(10)
    box.hubspot.limits.daily = 4
    answers = [api.get("/hubspot/crm/owners/2026-09") for _ in range(2)]
    assert [one.status_code for one in answers] == [200, 429]
    assert answers[1].json()["policyName"] == "DAILY"
    watch.forward(86_400)
    assert api.get("/hubspot/crm/owners/2026-09").status_code == 200


def test_salesforce_counts_the_day_in_a_header(box: Sandbox, api: Api) -> None:
    box.salesforce.gate.daily = 2
    answers = [api.get("/salesforce/services/data/v66.0/limits") for _ in range(3)]
    assert [one.headers.get("Sforce-Limit-Info") for one in answers[:2]] == ["api-usage=1/2", "api-usage=2/2"]
    assert (answers[2].status_code, answers[2].json()[0]["errorCode"]) == (403, "REQUEST_LIMIT_EXCEEDED")
    assert answers[1].json()["DailyApiRequests"] == {"Max": 2, "Remaining": 0}


def test_paths_that_are_not_there_are_refused_in_each_vendors_shape(api: Api) -> None:
    hubspot = api.get("/hubspot/crm/2026-09/nothing")
    assert (hubspot.status_code, hubspot.json()["status"]) == (404, "error")
    assert api.get("/hubspot/crm/objects/2026-09/unicorns/1").status_code == 400
    salesforce = api.get("/salesforce/services/data/v66.0/nothing/at/all")
    assert salesforce.json() == [{"message": "The requested resource does not exist", "errorCode": "NOT_FOUND"}]
    assert api.get("/salesforce/services/data/v12.0/limits").status_code == 404
    assert api.delete("/salesforce/services/data/v66.0/query").status_code == 405


def test_the_log_counts_calls_by_shape(box: Sandbox, api: Api) -> None:
    ids = [box.hubspot.add("contacts", {"email": f"p{number}@acme.example"}) for number in range(3)]
    for id_ in ids:
        api.get(f"/hubspot/crm/objects/2026-09/contacts/{id_}")
    api.post(LEADS, json=LEAD)
    lead = box.salesforce.records("Lead")[0]["Id"]
    api.get(f"{LEADS}/{lead}")
    assert box.hubspot.log.counts() == {"GET /crm/objects/2026-09/contacts/{id}": 3}
    assert box.salesforce.log.counts() == {
        "POST /services/data/v66.0/sobjects/Lead": 1,
        "GET /services/data/v66.0/sobjects/Lead/{id}": 1,
    }
    assert box.salesforce.log.entries(method="POST")[0].body == LEAD
