from typing import Any

import pytest
from sandbox_calls import Api, Watch

from sandbox.server import Sandbox

URL = "/hubspot/crm/objects/2026-09/contacts/search"


def wish(*filters: dict[str, Any], **more: Any) -> dict[str, Any]:
    whole = {"filterGroups": [{"filters": list(filters)}] if filters else [], "sorts": [], "properties": ["email"]}
    return {**whole, "limit": 100, "after": "0", **more}


def found(api: Api, *filters: dict[str, Any], **more: Any) -> list[str]:
    answer = api.post(URL, json=wish(*filters, **more))
    assert answer.status_code == 200, answer.text
    return [one["properties"]["email"][0] for one in answer.json()["results"]]


@pytest.fixture(autouse=True)
def people(box: Sandbox, watch: Watch) -> None:
    box.hubspot.limits.searches = 0
    for name, score in (("a", "9"), ("b", "10"), ("c", "70"), ("d", "")):
        values = {"email": f"{name}@acme.example", "coldframe_score": score, "jobtitle": f"VP {name}"}
        box.hubspot.add("contacts", {key: value for key, value in values.items() if value})
        watch.forward(60)


@pytest.mark.parametrize(
    ("operator", "more", "names"),
    [
        ("EQ", {"value": "10"}, "b"),
        ("NEQ", {"value": "10"}, "ac"),
        ("GT", {"value": "9"}, "bc"),
        ("GTE", {"value": "9"}, "abc"),
        ("LT", {"value": "10.5"}, "ab"),
        ("LTE", {"value": "9"}, "a"),
        ("BETWEEN", {"value": "9", "highValue": "10"}, "ab"),
        ("IN", {"values": ["9", "70"]}, "ac"),
        ("NOT_IN", {"values": ["9", "70"]}, "b"),
        ("HAS_PROPERTY", {}, "abc"),
        ("NOT_HAS_PROPERTY", {}, "d"),
    ],
)
def test_every_operator_compares_numbers_as_numbers(api: Api, operator: str, more: dict[str, Any], names: str) -> None:
    assert found(api, {"propertyName": "coldframe_score", "operator": operator, **more}) == list(names)


def test_emails_and_keys_are_found_by_value_whatever_their_case(box: Sandbox, api: Api) -> None:
    assert found(api, {"propertyName": "email", "operator": "IN", "values": ["A@acme.example", "x@y.example"]}) == ["a"]
    task = box.hubspot.add("tasks", {"hs_timestamp": "2026-03-03T09:00:00Z", "coldframe_key": "k1"})
    filters = [{"propertyName": "coldframe_key", "operator": "EQ", "value": "k1"}]
    told = api.post("/hubspot/crm/objects/2026-09/tasks/search", json=wish(*filters)).json()
    assert [one["id"] for one in told["results"]] == [task]


def test_words_are_found_as_tokens(api: Api) -> None:
    assert found(api, {"propertyName": "jobtitle", "operator": "CONTAINS_TOKEN", "value": "vp"}) == list("abcd")
    assert found(api, {"propertyName": "jobtitle", "operator": "CONTAINS_TOKEN", "value": "v"}) == []
    assert found(api, {"propertyName": "email", "operator": "CONTAINS_TOKEN", "value": "*@acme.example"}) == list(
        "abcd"
    )


def test_groups_are_alternatives_and_filters_hold_together(api: Api) -> None:
    low = {"propertyName": "coldframe_score", "operator": "LT", "value": "10"}
    none = {"propertyName": "coldframe_score", "operator": "NOT_HAS_PROPERTY"}
    groups = [{"filters": [low]}, {"filters": [none]}]
    assert found(api, filterGroups=groups) == ["a", "d"]
    assert found(api, low, none) == []


def test_what_changed_since_a_time_is_found_by_milliseconds(box: Sandbox, api: Api, watch: Watch) -> None:
    since = {"propertyName": "lastmodifieddate", "operator": "GTE", "value": str(watch.at - 120_000)}
    assert found(api, since) == ["c", "d"]
    box.hubspot.set("contacts", box.hubspot.records("contacts")[0].id, {"city": "Lyon"})
    assert found(api, since) == ["c", "d", "a"]


def test_pages_go_by_object_id_beyond_the_window(api: Api) -> None:
    first = api.post(URL, json=wish(limit=2, sorts=[{"propertyName": "hs_object_id", "direction": "ASCENDING"}])).json()
    assert (first["total"], first["paging"]["next"]["after"]) == (4, "2")
    behind = {"propertyName": "hs_object_id", "operator": "GT", "value": first["results"][-1]["id"]}
    assert found(api, behind, limit=2, sorts=["hs_object_id"]) == ["c", "d"]
    assert found(api, sorts=["-hs_object_id"]) == list("dcba")
    assert found(api, after="2", limit=2, sorts=["hs_object_id"]) == ["c", "d"]


@pytest.mark.parametrize(
    "more",
    [
        {"limit": 201},
        {"after": "9950", "limit": 100},
        {"sorts": ["email", "lastname"]},
        {"filterGroups": [{"filters": []}] * 6},
        {"filterGroups": [{"filters": [{"propertyName": "nothing", "operator": "EQ", "value": "1"}]}]},
        {"filterGroups": [{"filters": [{"propertyName": "email", "operator": "LIKE", "value": "1"}]}]},
        {"filterGroups": [{"filters": [{"propertyName": "email", "operator": "EQ"}]}]},
        {"filterGroups": [{"filters": [{"propertyName": "email", "operator": "IN", "value": "a"}]}]},
        {"filterGroups": ["email"]},
        {"filterGroups": [{"filters": ["email"]}]},
        {"sorts": "email"},
        {"limit": "ten"},
    ],
)
def test_what_the_real_search_refuses_is_a_400(api: Api, more: dict[str, Any]) -> None:
    assert api.post(URL, json=wish(**more)).status_code == 400


def test_five_searches_a_second_and_no_more(box: Sandbox, api: Api, watch: Watch) -> None:
    box.hubspot.limits.searches = 5
    answers = [api.post(URL, json=wish()) for _ in range(6)]
    assert [one.status_code for one in answers] == [200] * 5 + [429]
    assert answers[-1].json()["policyName"] == "SECONDLY"
    assert answers[-1].json()["message"] == "You have reached your secondly limit."
    assert "X-HubSpot-RateLimit-Max" not in answers[0].headers
    watch.forward(1.001)
    assert api.post(URL, json=wish()).status_code == 200


def test_the_index_may_lag_behind(box: Sandbox, api: Api, watch: Watch) -> None:
    box.hubspot.gate.search.delay = 5_000
    box.hubspot.add("contacts", {"email": "e@acme.example"})
    assert "e" not in found(api)
    watch.forward(5)
    assert "e" in found(api)
