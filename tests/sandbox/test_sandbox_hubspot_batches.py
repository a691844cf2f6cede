from typing import Any

import pytest
from sandbox_calls import Api, Watch

from sandbox.server import Sandbox
from sandbox.shared.requested_faults import Fault

CONTACTS = "/hubspot/crm/objects/2026-09/contacts"


def people(box: Sandbox, count: int) -> list[str]:
    return [box.hubspot.add("contacts", {"email": f"p{number}@acme.example"}) for number in range(count)]


def inputs(ids: list[str], **properties: str) -> dict[str, Any]:
    return {"inputs": [{"id": id_, "properties": properties} for id_ in ids]}


def test_a_batch_is_answered_in_another_order_than_it_was_asked(box: Sandbox, api: Api) -> None:
    ids = people(box, 100)
    answer = api.post(f"{CONTACTS}/batch/update", json=inputs(ids, coldframe_score="70"))
    assert answer.status_code == 200
    told = [one["id"] for one in answer.json()["results"]]
    assert told != ids
    assert sorted(told) == sorted(ids)
    assert all(box.hubspot.values("contacts", id_)["coldframe_score"] == "70" for id_ in ids)


def test_a_batch_of_more_than_100_is_refused_whole(box: Sandbox, api: Api) -> None:
    ids = people(box, 101)
    answer = api.post(f"{CONTACTS}/batch/update", json=inputs(ids, coldframe_score="70"))
    assert (answer.status_code, answer.json()["category"]) == (400, "VALIDATION_ERROR")
    assert "coldframe_score" not in box.hubspot.values("contacts", ids[0])


@pytest.mark.parametrize(
    ("properties", "code"),
    [
        ({"coldframe_scoer": "70"}, "PROPERTY_DOESNT_EXIST"),
        ({"coldframe_score": "seventy"}, "INVALID_NUMBER"),
        ({"coldframe_score": 70}, "INVALID_STRING"),
        ({"coldframe_band": "tepid"}, "INVALID_OPTION"),
        ({"coldframe_scored_at": "yesterday"}, "INVALID_DATE"),
        ({"email": "not an address"}, "INVALID_EMAIL"),
        ({"hubspotscore": "70"}, "READ_ONLY_VALUE"),
        ({"hubspot_owner_id": "17"}, "INVALID_OWNER_ID"),
    ],
)
def test_one_wrong_value_refuses_the_whole_batch_in_hubspots_words(
    box: Sandbox, api: Api, properties: dict[str, Any], code: str
) -> None:
    good, bad = people(box, 2)
    body = {"inputs": [{"id": good, "properties": {"city": "Lyon"}}, {"id": bad, "properties": properties}]}
    answer = api.post(f"{CONTACTS}/batch/update", json=body)
    told = answer.json()
    assert answer.status_code == 400
    assert told["status"] == "error"
    assert told["message"].startswith("Property values were not valid: [{")
    assert [one["code"] for one in told["errors"]] == [code]
    assert told["errors"][0]["context"] == {"propertyName": list(properties)}
    assert "city" not in box.hubspot.values("contacts", good)


def test_with_trace_ids_the_good_are_written_and_a_207_names_the_bad(box: Sandbox, api: Api) -> None:
    good, bad = people(box, 2)
    body = {
        "inputs": [
            {"id": good, "objectWriteTraceId": "t1", "properties": {"city": "Lyon"}},
            {"id": bad, "objectWriteTraceId": "t2", "properties": {"coldframe_band": "tepid"}},
        ]
    }
    answer = api.post(f"{CONTACTS}/batch/update", json=body)
    told = answer.json()
    assert (answer.status_code, told["status"], told["numErrors"]) == (207, "COMPLETE", 1)
    assert told["errors"][0]["context"] == {"objectWriteTraceId": ["t2"], "id": [bad]}
    assert [one["id"] for one in told["results"]] == [good]
    assert box.hubspot.values("contacts", good)["city"] == "Lyon"


def test_ids_that_are_not_there_are_a_207_with_all_of_them_in_one_error(box: Sandbox, api: Api) -> None:
    (known,) = people(box, 1)
    answer = api.post(f"{CONTACTS}/batch/update", json=inputs([known, "4444", "5555"], city="Lyon"))
    told = answer.json()
    assert (answer.status_code, told["numErrors"]) == (207, 1)
    assert told["errors"][0]["category"] == "OBJECT_NOT_FOUND"
    assert sorted(told["errors"][0]["context"]["ids"]) == ["4444", "5555"]
    assert (told["errors"][0]["links"], told["errors"][0]["errors"]) == ({}, [])


def test_records_are_read_by_id_or_by_a_unique_property(box: Sandbox, api: Api) -> None:
    first, second = people(box, 2)
    wish = {"properties": ["email", "coldframe_score"], "propertiesWithHistory": []}
    by_id = api.post(f"{CONTACTS}/batch/read", json={**wish, "inputs": [{"id": first}, {"id": "99"}]})
    assert by_id.status_code == 207
    assert by_id.json()["results"][0]["properties"]["coldframe_score"] is None
    by_email = api.post(
        f"{CONTACTS}/batch/read", json={**wish, "idProperty": "email", "inputs": [{"id": "P1@acme.example"}]}
    )
    assert [one["id"] for one in by_email.json()["results"]] == [second]
    by_city = api.post(f"{CONTACTS}/batch/read", json={**wish, "idProperty": "city", "inputs": [{"id": "Lyon"}]})
    assert by_city.status_code == 400


def test_a_second_contact_with_one_email_is_a_conflict(box: Sandbox, api: Api) -> None:
    (known,) = people(box, 1)
    wish = {"properties": {"email": "P0@ACME.example", "lastname": "Silva"}, "associations": []}
    for answer in (api.post(CONTACTS, json=wish), api.post(f"{CONTACTS}/batch/create", json={"inputs": [wish]})):
        assert answer.status_code == 409
        assert answer.json()["message"] == f"Contact already exists. Existing ID: {known}"
        assert answer.json()["category"] == "CONFLICT"


def test_upsert_wants_a_unique_property_and_not_the_email(api: Api) -> None:
    task = {"hs_timestamp": "2026-03-03T09:00:00Z", "hs_task_subject": "Call"}
    url = "/hubspot/crm/objects/2026-09/tasks/batch/upsert"
    wish = {"inputs": [{"id": "k1", "idProperty": "coldframe_key", "properties": task}]}
    made, again = api.post(url, json=wish).json(), api.post(url, json=wish).json()
    assert (made["results"][0]["new"], again["results"][0]["new"]) == (True, False)
    assert made["results"][0]["id"] == again["results"][0]["id"]
    by_email = {"inputs": [{"id": "a@acme.example", "idProperty": "email", "properties": {"city": "Lyon"}}]}
    assert api.post(f"{CONTACTS}/batch/upsert", json=by_email).status_code == 400
    by_city = {"inputs": [{"id": "Lyon", "idProperty": "city", "properties": {"city": "Lyon"}}]}
    assert api.post(f"{CONTACTS}/batch/upsert", json=by_city).status_code == 400


def test_the_task_key_stands_once_in_the_portal(box: Sandbox, api: Api) -> None:
    url = "/hubspot/crm/objects/2026-09/tasks/batch/create"
    wish = {"properties": {"hs_timestamp": "2026-03-03T09:00:00Z", "coldframe_key": "k1"}, "associations": []}
    assert api.post(url, json={"inputs": [wish]}).status_code == 201
    answer = api.post(url, json={"inputs": [wish]})
    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (400, "CONFLICTING_UNIQUE_VALUE")
    twice = {"inputs": [{**wish, "properties": {**wish["properties"], "coldframe_key": "k2"}}] * 2}
    assert api.post(url, json=twice).status_code == 207
    assert box.hubspot.counts()["tasks"] == 2


def test_a_fault_refuses_the_record_it_names_and_no_other(box: Sandbox, api: Api) -> None:
    ids = people(box, 3)
    box.faults.add(Fault(kind="record_error", system="hubspot", record=ids[1], code="VALIDATION_ERROR", message="No."))
    told = api.post(f"{CONTACTS}/batch/update", json=inputs(ids, city="Lyon")).json()
    assert told["numErrors"] == 1
    assert told["errors"][0]["message"] == "No."
    assert sorted(one["id"] for one in told["results"]) == sorted([ids[0], ids[2]])
    assert api.post(f"{CONTACTS}/batch/update", json=inputs(ids, city="Lyon")).status_code == 200


def test_an_administrators_rule_is_a_400_for_every_writer(box: Sandbox, api: Api) -> None:
    (known,) = people(box, 1)
    box.hubspot.rule(object="contacts", field="coldframe_score", pattern="9.", message="Nobody scores that high.")
    answer = api.post(f"{CONTACTS}/batch/update", json=inputs([known], coldframe_score="95"))
    assert answer.status_code == 400
    assert "Nobody scores that high." in answer.json()["message"]
    assert api.post(f"{CONTACTS}/batch/update", json=inputs([known], coldframe_score="59")).status_code == 200


def test_the_same_id_twice_in_a_batch_is_refused(box: Sandbox, api: Api) -> None:
    (known,) = people(box, 1)
    answer = api.post(f"{CONTACTS}/batch/update", json=inputs([known, known], city="Lyon"))
    assert answer.status_code == 400
    assert "Duplicate IDs" in answer.json()["message"]


@pytest.mark.parametrize(
    "body", [b"{", b"[]", b"{}", b'{"inputs": []}', b'{"inputs": [3]}', b'{"inputs": [{"id": 3}]}']
)
def test_a_body_of_another_shape_is_a_400_and_never_a_500(api: Api, body: bytes) -> None:
    for verb in ("read", "update", "upsert", "archive"):
        answer = api.post(f"{CONTACTS}/batch/{verb}", data=body)
        assert (answer.status_code, answer.json()["category"]) == (400, "VALIDATION_ERROR")


def test_a_write_that_changes_nothing_leaves_the_record_as_old_as_it_was(box: Sandbox, api: Api, watch: Watch) -> None:
    (known,) = people(box, 1)
    api.post(f"{CONTACTS}/batch/update", json=inputs([known], city="Lyon"))
    before = box.hubspot.values("contacts", known)["lastmodifieddate"]
    watch.forward(60)
    api.post(f"{CONTACTS}/batch/update", json=inputs([known], city="Lyon"))
    assert box.hubspot.values("contacts", known)["lastmodifieddate"] == before
    api.post(f"{CONTACTS}/batch/update", json=inputs([known], city="Lille"))
    assert box.hubspot.values("contacts", known)["lastmodifieddate"] > before


def test_one_email_for_two_contacts_of_a_batch_is_given_to_one(box: Sandbox, api: Api) -> None:
    ids = people(box, 2)
    answer = api.post(f"{CONTACTS}/batch/update", json=inputs(ids, email="one@acme.example"))
    assert (answer.status_code, answer.json()["numErrors"]) == (207, 1)
    assert len(box.hubspot.find("contacts", email="one@acme.example")) == 1


def test_listings_go_from_id_to_id_and_want_numbers(box: Sandbox, api: Api) -> None:
    ids = people(box, 5)
    first = api.get(f"{CONTACTS}?limit=3").json()
    assert [one["id"] for one in first["results"]] == ids[:3]
    assert [
        one["id"] for one in api.get(f"{CONTACTS}?after={first['paging']['next']['after']}").json()["results"]
    ] == ids[3:]
    assert [api.get(f"{CONTACTS}?limit={limit}").status_code for limit in ("101", "0", "ten")] == [400, 400, 400]
